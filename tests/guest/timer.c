/* SPDX-License-Identifier: MIT
 *
 * The timer of a vCPU: once, in order, never early, replaced and taken back.
 *
 * Clauses: S1, S2, S3, S5, O16.
 */
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)

static void polled(void)
{
	uint64_t start = pvg_clock_ns();

	pvg_timer_set(start + 20 * MILLISECOND);
	tap_equal(pvg_port_wait(PV_PORT_TIMER, PV_FOREVER), 0,
		  "its port can be waited for");
	tap_ok(pvg_clock_ns() >= start + 20 * MILLISECOND, "until its time");
	tap_equal(pvg_port_wait(PV_PORT_TIMER, pvg_clock_ns() + 5 * MILLISECOND),
		  -PV_ETIMEDOUT, "it fires once");
	pvg_timer_set(pvg_clock_ns() - 1);
	tap_ok(pvg_port_clear(PV_PORT_TIMER),
	       "a deadline in the past fires at once");
	pvg_timer_set(0);
	tap_ok(pvg_port_clear(PV_PORT_TIMER), "however far");
	pvg_timer_set(pvg_clock_ns() + 5 * MILLISECOND);
	pvg_timer_set(PV_FOREVER);
	tap_equal(pvg_port_wait(PV_PORT_TIMER,
				pvg_clock_ns() + 20 * MILLISECOND),
		  -PV_ETIMEDOUT, "it can be taken back");
}

static void replaced(void)
{
	uint64_t start = pvg_clock_ns();

	pvg_timer_set(start + 5 * MILLISECOND);
	pvg_timer_set(start + 40 * MILLISECOND);
	pvg_port_wait(PV_PORT_TIMER, PV_FOREVER);
	tap_ok(pvg_clock_ns() >= start + 40 * MILLISECOND,
	       "a later deadline replaces an earlier one");
	start = pvg_clock_ns();
	pvg_timer_set(start + 3600000 * MILLISECOND);
	pvg_timer_set(start + 10 * MILLISECOND);
	pvg_port_wait(PV_PORT_TIMER, PV_FOREVER);
	tap_ok(pvg_clock_ns() < start + 3000000 * MILLISECOND,
	       "an earlier one a later");
}

static uint64_t due_ns;
static volatile unsigned fired, early;

static void tick(unsigned port, void *arg)
{
	(void)arg;
	if (port != PV_PORT_TIMER || pvg_clock_ns() < due_ns)
		early++;
	fired++;
}

/* From tens of microseconds to milliseconds: by whichever means the hypervisor has
 * for them. */
static void interrupting(void)
{
	bool all_fired = true;

	pvg_port_handle(PV_PORT_TIMER, tick, NULL);
	pvg_upcalls_start();
	for (unsigned i = 0; i < 60; i++) {
		due_ns = pvg_clock_ns() + (UINT64_C(10000) << i % 10);
		pvg_timer_set(due_ns);
		while (fired <= i && pvg_clock_ns() < due_ns + 5000 * MILLISECOND)
			__builtin_ia32_pause();
		all_fired &= fired == i + 1;
	}
	tap_ok(all_fired, "it interrupts a program that computes");
	tap_equal(early, 0, "never early");
}

static void without_exits(void)
{
	volatile uint64_t spins = 0;
	unsigned before = fired;

	due_ns = pvg_clock_ns() + 20 * MILLISECOND;
	pvg_timer_set(due_ns);
	while (fired == before)
		spins++;
	tap_ok(spins > 0, "also one that never exits");
}

static void while_masked(void)
{
	unsigned before = fired;

	pvg_mask();
	due_ns = pvg_clock_ns() + 5 * MILLISECOND;
	pvg_timer_set(due_ns);
	while (pvg_clock_ns() < due_ns + 5 * MILLISECOND)
		__builtin_ia32_pause();
	tap_equal(fired, before, "masked, it interrupts nobody");
	pvg_unmask();
	while (fired == before)
		__builtin_ia32_pause();
	tap_equal(fired, before + 1, "before it is unmasked");
}

static void at_the_end_of_block(void)
{
	unsigned wrong = 0, before;
	int64_t answer;

	for (unsigned i = 0; i < 100; i++) {
		before = fired;
		due_ns = pvg_clock_ns() + i * 20000;
		pvg_timer_set(due_ns);
		answer = pvg_op_block(due_ns);
		wrong += pvg_clock_ns() < due_ns ||
			 (answer && answer != -PV_ETIMEDOUT);
		while (fired == before)
			pvg_op_block(due_ns + 10000 * MILLISECOND);
		wrong += fired != before + 1;
	}
	tap_equal(wrong, 0, "at the very end of BLOCK it fires as well");
}

static void while_blocked(void)
{
	unsigned before = fired;

	due_ns = pvg_clock_ns() + 10 * MILLISECOND;
	pvg_timer_set(due_ns);
	pvg_op_block(due_ns + 2000 * MILLISECOND);
	tap_equal(fired, before + 1, "it ends BLOCK");
	due_ns = pvg_clock_ns() + 50 * MILLISECOND;
	pvg_timer_set(due_ns);
	tap_equal(pvg_op_block(pvg_clock_ns() + 5 * MILLISECOND), -PV_ETIMEDOUT,
		  "which has a deadline of its own");
	pvg_sleep_until(due_ns + 20 * MILLISECOND);
	tap_equal(fired, before + 2, "and leaves the timer alone");
	tap_equal(early, 0, "never early there either");
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_UPCALLS | PV_FEATURE_TIMER))
		return tap_done();
	polled();
	replaced();
	interrupting();
	without_exits();
	while_masked();
	at_the_end_of_block();
	while_blocked();
	return tap_done();
}
