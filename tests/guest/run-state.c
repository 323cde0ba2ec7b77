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

static void own_record(void)
{
	uint64_t start = pvg_clock_ns();
	struct pv_run before = pvg_vcpu_run(0), after;

	tap_equal(before.state, PV_RUN_RUNNING, "who looks is running");
	pvg_sleep_ns(30 * MILLISECOND);
	pvg_op_nop();
	after = pvg_vcpu_run(0);
	tap_ok(after.blocked_ns - before.blocked_ns >= 25 * MILLISECOND,
	       "sleeping is time blocked");
	tap_ok(after.since_ns >= start + 25 * MILLISECOND,
	       "which has ended when it did");
	tap_ok(after.renewed_ns >= after.since_ns, "as of a moment after that");

	start = pvg_clock_ns();
	before = pvg_vcpu_run(0);
	while (pvg_clock_ns() < start + 30 * MILLISECOND)
		;
	pvg_op_nop();
	after = pvg_vcpu_run(0);
	tap_ok(after.running_ns + after.stolen_ns - before.running_ns -
			       before.stolen_ns >= 20 * MILLISECOND,
	       "computing is time running, or stolen");
	tap_ok(after.blocked_ns - before.blocked_ns < 10 * MILLISECOND,
	       "and not blocked");
	tap_ok(after.running_ns + after.blocked_ns + after.stolen_ns <=
		       pvg_clock_ns(), "all of it is less than all there was");
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
