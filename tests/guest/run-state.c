/* SPDX-License-Identifier: MIT
 *
 * The record of where a vCPU's time goes.
 *
 * Clauses: S6, S7, S8.
 */
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)

static unsigned go_on;

static void wait_here(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&go_on, __ATOMIC_ACQUIRE))
		pvg_op_yield();
}

static void wait_for(unsigned vcpu, enum pv_run_state state)
{
	while (pvg_vcpu_run(vcpu).state != state)
		pvg_op_yield();
}

/* The own record as it is now: its times may be a millisecond old. */
static struct pv_run renewed(void)
{
	uint64_t now = pvg_clock_ns();

	while (pvg_vcpu_run(0).renewed_ns < now)
		pvg_op_nop();
	return pvg_vcpu_run(0);
}

/* What a busy host does with the vCPU is in none of what always holds. It may come late
 * to its BLOCK: that matters the less the longer it sleeps. */
static void sleep_blocked(void)
{
	uint64_t ns = 10 * MILLISECOND, blocked;
	unsigned wrong = 0, asleep = 0;
	struct pv_run before, after;

	pvg_sleep_ns(ns); /* what follows comes on top of it */
	for (;;) {
		before = renewed();
		pvg_sleep_ns(ns);
		asleep += pvg_vcpu_run(0).state != PV_RUN_RUNNING;
		after = renewed();
		blocked = after.blocked_ns - before.blocked_ns;
		wrong += blocked > after.renewed_ns - before.renewed_ns;
		if (blocked >= ns - ns / 4 || ns > 3000 * MILLISECOND)
			break;
		ns *= 2;
	}
	tap_ok(blocked >= ns - ns / 4, "sleeping is time blocked");
	tap_equal(wrong, 0, "and no more than what passed");
	tap_equal(asleep, 0, "who has slept is running");
	tap_ok(after.since_ns >= before.renewed_ns + blocked,
	       "since the sleep has ended");
	tap_ok(after.renewed_ns >= after.since_ns, "as of a moment after that");
}

static void own_record(void)
{
	const uint64_t compute = 30 * MILLISECOND, up = pvg_vcpu_run(0).since_ns;
	uint64_t start, counted;
	struct pv_run before, after;

	tap_equal(pvg_vcpu_run(0).state, PV_RUN_RUNNING, "who looks is running");
	sleep_blocked();

	before = renewed();
	start = pvg_clock_ns();
	while (pvg_clock_ns() < start + compute)
		;
	pvg_op_nop();
	after = pvg_vcpu_run(0);
	counted = after.running_ns + after.blocked_ns + after.stolen_ns;
	tap_ok(after.renewed_ns >= start + compute - MILLISECOND,
	       "an operation renews what is older than a millisecond");
	tap_ok(after.running_ns > before.running_ns, "computing is time running");
	tap_equal((int64_t)(after.blocked_ns - before.blocked_ns), 0,
		  "and not blocked");
	tap_ok(counted >= after.renewed_ns - up, "all that passed is counted");
	tap_ok(counted <= pvg_clock_ns() - up + MILLISECOND, "and nothing twice");
}

static void of_another(void)
{
	tap_equal(pvg_vcpu_run(1).state, PV_RUN_DOWN, "another is down at first");
	pvg_vcpu_up(1, wait_here, NULL, 0);
	wait_for(1, PV_RUN_RUNNING);
	tap_ok(true, "then up and running");
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	wait_for(1, PV_RUN_DOWN);
	tap_ok(true, "then down again");
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_SMP))
		return tap_done();
	own_record();
	of_another();
	return tap_done();
}
