/* SPDX-License-Identifier: MIT
 *
 * Condition variables. Read first <pvguest/sync.h>. Under the scheduler's lock a
 * thread is in the list before the mutex is free, so that who locks that next
 * and signals finds it.
 */
#include "scheduler.h"

int pvg_condition_wait_until(struct pvg_condition *condition,
			     struct pvg_mutex *mutex, uint64_t deadline_ns)
{
	bool was_masked = pvg_sched_lock();
	int error;

	pvg_mutex_unlock_locked(mutex);
	error = pvg_sched_wait(&condition->waiters, deadline_ns);
	pvg_sched_unlock(was_masked);
	pvg_mutex_lock(mutex);
	return error;
}

void pvg_condition_wait(struct pvg_condition *condition,
			struct pvg_mutex *mutex)
{
	pvg_condition_wait_until(condition, mutex, PV_FOREVER);
}

void pvg_condition_signal_slowly(struct pvg_condition *condition)
{
	bool was_masked = pvg_sched_lock();

	pvg_sched_wake_first(&condition->waiters);
	pvg_sched_unlock(was_masked);
}

void pvg_condition_broadcast_slowly(struct pvg_condition *condition)
{
	bool was_masked = pvg_sched_lock();

	while (pvg_sched_wake_first(&condition->waiters))
		;
	pvg_sched_unlock(was_masked);
}
