/* SPDX-License-Identifier: MIT
 *
 * SET_TIMER: the local APIC's timer, one-shot (SDM volume 3, 11.5.4). One serves both
 * SET_TIMER and BLOCK: it is set for the earlier of their deadlines, and what comes too
 * early is set again.
 */
#include <pvguest/clock.h>
#include <pvguest/upcall.h>

#include "../internal.h"
#include "apic.h"

#define NS_PER_S UINT64_C(1000000000)

uint64_t pvg_apic_timer_hz;

void pvg_timer_arm(uint64_t deadline_ns)
{
	uint64_t now = pvg_clock_ns(), ticks = 1;

	if (deadline_ns >= pvg_cpu()->armed_ns)
		return;
	pvg_cpu()->armed_ns = deadline_ns;
	if (deadline_ns > now) {
		uint64_t ns = deadline_ns - now;

		/* A second is far within its 32 bits, at any rate there is. */
		if (ns > NS_PER_S)
			ns = NS_PER_S;
		ticks += ns * (pvg_apic_timer_hz / 1000) / (NS_PER_S / 1000);
	}
	if (ticks > UINT32_MAX)
		ticks = UINT32_MAX;
	pvg_apic_write(APIC_TIMER_COUNT, (uint32_t)ticks);
}

static void look_at_deadline(struct pvg_cpu *cpu)
{
	if (cpu->timer_ns == PV_FOREVER)
		return;
	if (cpu->timer_ns <= pvg_clock_ns()) {
		cpu->timer_ns = PV_FOREVER;
		pvg_native_port_raise(cpu->number, PV_PORT_TIMER);
	} else {
		pvg_timer_arm(cpu->timer_ns);
	}
}

void pvg_timer_fired(void)
{
	struct pvg_cpu *cpu = pvg_cpu();

	cpu->armed_ns = PV_FOREVER;
	look_at_deadline(cpu);
}

int64_t pvg_op_set_timer(uint64_t deadline_ns)
{
	bool was_masked = pvg_mask_save();
	struct pvg_cpu *cpu = pvg_cpu();

	cpu->timer_ns = deadline_ns;
	look_at_deadline(cpu);
	pvg_native_unmask(was_masked);
	return 0;
}
