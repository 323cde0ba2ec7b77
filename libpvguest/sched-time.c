/* SPDX-License-Identifier: MIT
 *
 * The scheduler's times: ends of slices and of sleeps, each vCPU's own, and one
 * timer of the hypervisor's for both. Read first scheduler.h.
 *
 * Setting the timer is an exit. So it is set only to something earlier than what
 * it is set to, and found to be early when it fires: waits with a deadline that
 * are seldom reached cost an exit now and then, not one each. A slice, once
 * begun, is left running when its thread waits, and is then the next one's; which
 * gets a full one when it ends: between one and two slices in a row, but at most
 * one exit each.
 */
#include <pvguest/clock.h>

#include "thread-list.h"

void pvg_sched_slice(uint64_t ns)
{
	pvg_sched.slice_ns = ns;
}

/* What the running thread has before it, now that it or the list of those ready
 * has changed. */
void pvg_sched_slice_begins(struct pvg_sched_vcpu *here)
{
	uint64_t bit = UINT64_C(1) << here->number;

	pvg_sched.unsliced &= ~bit;
	here->slice_is_older = true;
	if (here->slice_end_ns != PV_FOREVER || sched_is_idle(here))
		return;
	if (!pvg_sched.ready.first) {
		pvg_sched.unsliced |= bit;
		return;
	}
	here->slice_is_older = false;
	here->slice_end_ns = pvg_deadline_in(pvg_sched.slice_ns);
	here->look_at_timer = true;
}

void pvg_sched_wake_sleepers(struct pvg_sched_vcpu *here)
{
	uint64_t now;

	if (!here->sleepers.first)
		return;
	now = pvg_clock_ns();
	while (sleep_first_deadline(&here->sleepers) <= now) {
		struct pvg_thread *thread = (struct pvg_thread *)(void *)(
			(char *)here->sleepers.first -
			offsetof(struct pvg_thread, sleep));

		pvg_sched_wake(thread);
		thread->timed_out = true;
	}
}

uint64_t pvg_sched_timer_due(struct pvg_sched_vcpu *here)
{
	uint64_t due_ns = sleep_first_deadline(&here->sleepers);

	/* An idle vCPU tells PV_OP_BLOCK, and a thread that is about to be
	 * switched away leaves it to the next one, whose slice may be earlier. */
	if (sched_is_idle(here) ||
	    pvg_vcpu()->own[PVG_OWN_PREEMPT] == SWITCH_DUE)
		return 0;
	here->look_at_timer = false;
	if (due_ns > here->slice_end_ns)
		due_ns = here->slice_end_ns;
	if (due_ns >= here->timer_ns)
		return 0;
	here->timer_ns = due_ns;
	return due_ns;
}

static void slice_ended(struct pvg_sched_vcpu *here)
{
	bool others_turn = !here->slice_is_older && pvg_sched.ready.first &&
			   !sched_is_idle(here);

	here->slice_end_ns = PV_FOREVER;
	if (others_turn)
		pvg_vcpu()->own[PVG_OWN_PREEMPT] |= SWITCH_DUE;
	else
		pvg_sched_slice_begins(here);
}

void pvg_sched_timer_fired(unsigned port, void *arg)
{
	bool was_masked = pvg_sched_lock();
	struct pvg_sched_vcpu *here = sched_here();

	(void)port, (void)arg;
	here->timer_ns = PV_FOREVER;
	here->look_at_timer = true;
	pvg_sched_wake_sleepers(here);
	if (here->slice_end_ns <= pvg_clock_ns())
		slice_ended(here);
	pvg_sched_unlock(was_masked);
}
