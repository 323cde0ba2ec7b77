/* SPDX-License-Identifier: MIT
 *
 * CLOCK: the time-stamp counter, scaled. A hypervisor tells the scale; here it is
 * measured once against the 8254, whose rate all PCs have in common (Intel 8254 data
 * sheet: mode 2, and the latch command), and that of the local APIC's timer as well.
 * Wall time comes from the real-time clock (wall-clock.c).
 */
#include <pvguest/clock.h>
#include <pvguest/libc.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "apic.h"

#define PIT_HZ 1193182u
#define PIT_CHANNEL 0x40
#define PIT_COMMAND 0x43
#define PIT_RATE 0x34  /* channel 0, both bytes, mode 2 */
#define PIT_LATCH 0x00 /* channel 0 */

#define WINDOW_TICKS (PIT_HZ / 100)
#define WINDOWS_MAX 8
#define AGREE 512 /* two windows differ by less than one in so many */
#define SAMPLES 3
#define NS_PER_S UINT64_C(1000000000)

struct sample {
	uint64_t tsc;
	uint32_t apic;
	uint16_t pit; /* counts down */
};

struct rates {
	uint64_t tsc_hz, apic_hz;
};

static struct sample sample_once(uint64_t *ret_took)
{
	struct sample sample;
	uint64_t before = pvg_rdtsc();

	pvg_outb(PIT_COMMAND, PIT_LATCH);
	sample.apic = pvg_apic_read(APIC_TIMER_NOW);
	sample.tsc = pvg_rdtsc();
	*ret_took = sample.tsc - before;
	sample.pit = pvg_inb(PIT_CHANNEL);
	sample.pit |= (uint16_t)(pvg_inb(PIT_CHANNEL) << 8);
	return sample;
}

/* The best of some: an interruption between the readings spoils one. */
static struct sample sample_well(void)
{
	uint64_t least = UINT64_MAX, took;
	struct sample best = { 0 };

	for (int i = 0; i < SAMPLES; i++) {
		struct sample sample = sample_once(&took);

		if (took < least) {
			least = took;
			best = sample;
		}
	}
	return best;
}

static struct rates measure(void)
{
	struct sample first = sample_well(), last;
	uint16_t ticks;

	for (int i = 0;; i++) {
		last = sample_well();
		ticks = (uint16_t)(first.pit - last.pit);
		if (ticks >= WINDOW_TICKS)
			break;
		if (ticks == 0 && i == 100000)
			pvg_panic("the timer at port 0x40 stands still: there "
				  "is nothing to measure time by");
	}
	return (struct rates){ (last.tsc - first.tsc) * PIT_HZ / ticks,
			       (uint64_t)(first.apic - last.apic) * PIT_HZ /
				       ticks };
}

static bool agree(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= b / AGREE;
}

/* Somebody who takes the host's CPU away for long makes a window wrong. */
static struct rates measure_until_sure(void)
{
	struct rates rates = measure(), before;
	int windows = 1;

	do {
		before = rates;
		rates = measure();
	} while (++windows < WINDOWS_MAX &&
		 !(agree(rates.tsc_hz, before.tsc_hz) &&
		   agree(rates.apic_hz, before.apic_hz)));
	return rates;
}

void pvg_clock_calibrate(void)
{
	struct pv_clock clock = { .mono_ns = 1 };
	uint64_t wall_ns;
	struct rates rates;

	pvg_outb(PIT_COMMAND, PIT_RATE);
	pvg_outb(PIT_CHANNEL, 0);
	pvg_outb(PIT_CHANNEL, 0);
	pvg_apic_write(APIC_TIMER_COUNT, UINT32_MAX);
	rates = measure_until_sure();
	pvg_apic_write(APIC_TIMER_COUNT, 0);
	if (!rates.tsc_hz || !rates.apic_hz)
		pvg_panic("the time-stamp counter or the local APIC's timer "
			  "stands still");
	pvg_apic_timer_hz = rates.apic_hz;
	wall_ns = pvg_wall_clock_read();
	clock.tsc = pvg_rdtsc();
	clock.mult = (NS_PER_S << 32) / rates.tsc_hz;
	clock.wall_offset_ns = (int64_t)(wall_ns - clock.mono_ns);
	for (unsigned n = 0; n < pvg_vcpus(); n++)
		pvg_vcpu_page(n)->clock = clock;
	pvg_clock_record = &pvg_vcpu_page(0)->clock;
}

int64_t pvg_op_clock(enum pv_clock_id which)
{
	if (which == PV_CLOCK_MONOTONIC)
		return (int64_t)pvg_clock_ns();
	if (which == PV_CLOCK_WALL)
		return (int64_t)pvg_clock_wall_ns();
	return -PV_EINVAL;
}
