/* SPDX-License-Identifier: MIT
 *
 * The semaphore when somebody has to wait. Read first <pvguest/sync.h>. What is
 * posted while somebody waits is handed over: the number stays 0.
 */
#include "scheduler.h"

/* Take one if there is one, else see to it that posting takes the slow way. */
static bool taken_or_marked(struct pvg_semaphore *semaphore)
{
	uint32_t state = __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);
	uint32_t wanted;

	do {
		wanted = state >= 2 ? state - 2 : state | PVG_SEMAPHORE_WAITED;
	} while (!__atomic_compare_exchange_n(&semaphore->state, &state, wanted,
					      false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return state >= 2;
}

int pvg_semaphore_wait_slowly(struct pvg_semaphore *semaphore,
			      uint64_t deadline_ns)
{
	bool was_masked = pvg_sched_lock();
	int error = 0;

	if (!taken_or_marked(semaphore))
		error = pvg_sched_wait(&semaphore->waiters, deadline_ns);
	pvg_sched_unlock(was_masked);
	return error;
}

void pvg_semaphore_post_slowly(struct pvg_semaphore *semaphore)
{
	bool was_masked = pvg_sched_lock();

	if (!pvg_sched_wake_first(&semaphore->waiters))
		__atomic_fetch_add(&semaphore->state, 2, __ATOMIC_RELEASE);
	if (!semaphore->waiters.first)
		__atomic_fetch_and(&semaphore->state, ~PVG_SEMAPHORE_WAITED,
				   __ATOMIC_RELAXED);
	pvg_sched_unlock(was_masked);
}
