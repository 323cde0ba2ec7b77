/* SPDX-License-Identifier: MIT
 *
 * Time, without an exit: the time-stamp counter, scaled by a record the
 * hypervisor keeps in the vCPU page (<pvabi/vcpu.h> has the protocol).
 */
#ifndef PVGUEST_CLOCK_H
#define PVGUEST_CLOCK_H

#include <pvguest/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint64_t pvg_rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* NULL where the time-stamp counter cannot be used: PV_FEATURE_CLOCK was not
 * granted. Set before main. */
extern const struct pv_clock *pvg_clock_record;

__extension__ typedef unsigned __int128 pvg_u128;

/* One consistent reading of the record. The counter is not serialised: it may
 * be read a few instructions early, never outside the caller's data flow. */
static inline uint64_t pvg_clock_read(const struct pv_clock *clock,
				      int64_t *ret_wall_offset_ns)
{
	uint32_t seq;
	uint64_t ns;

	do {
		uint64_t start, tsc, ticks;

		seq = __atomic_load_n(&clock->seq, __ATOMIC_ACQUIRE);
		tsc = pvg_rdtsc();
		start = __atomic_load_n(&clock->tsc, __ATOMIC_RELAXED);
		ticks = tsc > start ? tsc - start : 0;
		ns = __atomic_load_n(&clock->mono_ns, __ATOMIC_RELAXED);
		ns += (uint64_t)(((pvg_u128)ticks *
				  __atomic_load_n(&clock->mult,
						  __ATOMIC_RELAXED)) >> 32);
		*ret_wall_offset_ns = __atomic_load_n(&clock->wall_offset_ns,
						      __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__builtin_expect(
		(seq & 1) |
		(seq != __atomic_load_n(&clock->seq, __ATOMIC_RELAXED)), 0));
	return ns;
}

/* Nanoseconds since some moment before the guest started; never goes back. No
 * exit (1 without PV_FEATURE_CLOCK). */
static inline uint64_t pvg_clock_ns(void)
{
	const struct pv_clock *clock = pvg_clock_record;
	int64_t unused;

	if (__builtin_expect(clock == NULL, 0))
		return (uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC);
	return pvg_clock_read(clock, &unused);
}

/* Nanoseconds since 1970-01-01 00:00 UTC, as the host has it; may step. No exit
 * (1 without PV_FEATURE_CLOCK). */
static inline uint64_t pvg_clock_wall_ns(void)
{
	const struct pv_clock *clock = pvg_clock_record;
	int64_t offset_ns;
	uint64_t ns;

	if (__builtin_expect(clock == NULL, 0))
		return (uint64_t)pvg_op_clock(PV_CLOCK_WALL);
	ns = pvg_clock_read(clock, &offset_ns);
	return ns + (uint64_t)offset_ns;
}

/* The monotonic moment ns from now, PV_FOREVER if that is past counting. */
static inline uint64_t pvg_deadline_in(uint64_t ns)
{
	uint64_t now = pvg_clock_ns();

	return ns > PV_FOREVER - now ? PV_FOREVER : now + ns;
}

/* Wait at least this long. Shorter than pvg_boot.poll_ns spins, since an exit
 * would not be back in time; else 1 exit. With the scheduler running it is the
 * thread that waits, and it does not spin while another is ready. */
void pvg_sleep_ns(uint64_t ns);
/* Wait until the monotonic clock has reached the deadline. */
void pvg_sleep_until(uint64_t deadline_ns);

#ifdef __cplusplus
}
#endif
#endif
