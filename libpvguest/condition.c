/* SPDX-License-Identifier: MIT
 *
 * Condition variables. Read first <pvguest/sync.h>. A thread is in the list before
 * the mutex is free: who locks that next and signals looks at the list without the
 * scheduler's lock, and finds it.
 */
#include "thread-list.h"

int pvg_condition_wait_until(struct pvg_condition *condition,
			     struct pvg_mutex *mutex, uint64_t deadline_ns)
{
	bool was_masked = pvg_sched_lock();
	struct pvg_thread *self = pvg_thread_self();
	int error;

	if (self) /* if not, waiting is a panic */
		thread_list_append(&condition->waiters, self);
	pvg_mutex_unlock_locked(mutex);
	error = pvg_sched_wait(NULL, deadline_ns);
	if (error) /* perhaps at once */
		thread_list_remove(self);
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
