/* SPDX-License-Identifier: MIT
 *
 * The scheduler's heart: the lock, who is next, switching, waiting and waking.
 * Read first scheduler.h.
 */
#include <pvguest/clock.h>
#include <pvguest/panic.h>
#include <pvguest/timer.h>

#include "thread-list.h"

struct pvg_sched pvg_sched = { .slice_ns = PVG_SLICE_NS };
struct pvg_sched_vcpu pvg_sched_vcpus[PV_VCPUS_MAX];

bool pvg_sched_lock(void)
{
	return pvg_spin_lock_masked(&pvg_sched.lock);
}

/* What exits or takes other locks, with this one free but still on this vCPU. */
__attribute__((noinline)) static void tell(struct pvg_sched_vcpu *here,
					   struct pvg_thread *gone,
					   uint64_t calls, uint64_t timer_ns)
{
	if (gone)
		pvg_thread_free(gone);
	if (calls)
		pvg_sched_send_calls(here, calls);
	if (timer_ns)
		pvg_timer_set(timer_ns);
}

void pvg_sched_unlock(bool was_masked)
{
	struct pvg_sched_vcpu *here = sched_here();
	struct pvg_thread *gone = here->gone;
	uint64_t calls = here->calls, timer_ns = 0;

	here->gone = NULL;
	here->calls = 0;
	if (here->look_at_timer)
		timer_ns = pvg_sched_timer_due(here);
	pvg_spin_unlock(&pvg_sched.lock);
	if (PVG_UNLIKELY(gone || calls || timer_ns))
		tell(here, gone, calls, timer_ns);
	pvg_mask_restore(was_masked);
}

static void switch_to(struct pvg_sched_vcpu *here, struct pvg_thread *next)
{
	struct pvg_thread *self = pvg_thread_self();
	uint64_t *own = pvg_vcpu()->own;

	pvg_thread_check_stack(self);
	here->stats.switches++;
	next->vcpu = here->number;
	own[PVG_OWN_THREAD] = (uint64_t)(uintptr_t)next;
	own[PVG_OWN_PREEMPT] = 0;
	pvg_sched_slice_begins(here);
	/* Whatever is read from here on may be another vCPU's. */
	pvg_thread_switch(&self->sp, next->sp, next);
}

void pvg_sched_leave(void)
{
	struct pvg_sched_vcpu *here = sched_here();
	struct pvg_thread *next = thread_list_take(&pvg_sched.ready,
						   here->number);

	switch_to(here, next ? next : here->idle);
}

bool pvg_sched_leave_idle(void)
{
	struct pvg_sched_vcpu *here = sched_here();
	struct pvg_thread *next = thread_list_take(&pvg_sched.ready,
						   here->number);

	if (next)
		switch_to(here, next);
	return next;
}

void pvg_sched_ready(struct pvg_thread *thread)
{
	thread_list_append(&pvg_sched.ready, thread);
	pvg_sched_call(sched_here(), thread);
}

void pvg_sched_yield(bool preempted)
{
	struct pvg_sched_vcpu *here = sched_here();
	struct pvg_thread *next;

	if (pvg_percpu()->handling || sched_is_idle(here))
		return;
	pvg_vcpu()->own[PVG_OWN_PREEMPT] &= ~SWITCH_DUE;
	next = thread_list_take(&pvg_sched.ready, here->number);
	if (next) {
		here->stats.preemptions += preempted;
		pvg_sched_ready(pvg_thread_self());
		switch_to(here, next);
	} else {
		pvg_sched_slice_begins(here);
	}
}

void pvg_sched_wake(struct pvg_thread *thread)
{
	thread_list_remove(thread);
	pvg_sleep_remove(&thread->sleep);
	thread->timed_out = false;
	pvg_sched_ready(thread);
}

struct pvg_thread *pvg_sched_wake_first(struct pvg_waiters *list)
{
	struct pvg_thread *first = list->first;

	if (first)
		pvg_sched_wake(first);
	return first;
}

static void check_may_wait(const struct pvg_sched_vcpu *here)
{
	if (!here->idle)
		pvg_panic("waiting where no threads run: the scheduler was not "
			  "started here (pvg_sched_start)");
	if (pvg_percpu()->handling || sched_is_idle(here))
		pvg_panic("a handler of an upcall waits");
	if ((uint32_t)pvg_vcpu()->own[PVG_OWN_PREEMPT])
		pvg_panic("thread \"%s\" waits with preemption off",
			  pvg_thread_name(pvg_thread_self()));
}

int pvg_sched_wait(struct pvg_waiters *list, uint64_t deadline_ns)
{
	struct pvg_sched_vcpu *here = sched_here();
	struct pvg_thread *self = pvg_thread_self();

	check_may_wait(here);
	if (deadline_ns != PV_FOREVER) {
		if (deadline_ns <= pvg_clock_ns())
			return -PV_ETIMEDOUT;
		pvg_sleep_add(&here->sleepers, &self->sleep, deadline_ns);
		here->look_at_timer = true;
	}
	if (list)
		thread_list_append(list, self);
	pvg_sched_leave();
	return self->timed_out ? -PV_ETIMEDOUT : 0;
}
