/* SPDX-License-Identifier: MIT
 *
 * The mutex when somebody has to wait. Read first <pvguest/sync.h>.
 *
 * It goes to whoever comes first after the unlocking, who may be running while
 * the woken one is still on its way: that is what makes short sections fast. A
 * thread that was passed over so is handed the mutex the next time.
 *
 * PVG_MUTEX_WAITED changes under the scheduler's lock only. A free mutex may carry
 * it, when one of several who wait was woken: locking then leads here too.
 */
#include <pvguest/panic.h>

#include "scheduler.h"

/* Some microseconds: what waking a thread elsewhere would take. */
#define SPINS 50

static uintptr_t mine(void)
{
	return (uintptr_t)pvg_thread_self() | PVG_MUTEX_HELD;
}

static bool locked_while_spinning(struct pvg_mutex *mutex)
{
	if (pvg_sched.vcpus < 2)
		return false;
	for (int i = 0; i < SPINS; i++) {
		uintptr_t state = __atomic_load_n(&mutex->state,
						  __ATOMIC_RELAXED);

		if (state & PVG_MUTEX_WAITED)
			return false;
		if (state == 0 && pvg_mutex_trylock(mutex))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

/* Lock it if it is free, else see to it that unlocking takes the slow way. */
static bool locked_or_marked(struct pvg_mutex *mutex)
{
	uintptr_t state = __atomic_load_n(&mutex->state, __ATOMIC_RELAXED);
	uintptr_t wanted;

	do {
		bool free = !(state & PVG_MUTEX_HELD);

		wanted = free ? state | mine() : state | PVG_MUTEX_WAITED;
	} while (!__atomic_compare_exchange_n(&mutex->state, &state, wanted,
					      false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return !(state & PVG_MUTEX_HELD);
}

static bool is_mine(const struct pvg_mutex *mutex)
{
	uintptr_t state = __atomic_load_n(&mutex->state, __ATOMIC_ACQUIRE);

	return (state & ~(uintptr_t)PVG_MUTEX_WAITED) == mine();
}

int pvg_mutex_lock_slowly(struct pvg_mutex *mutex, uint64_t deadline_ns)
{
	struct pvg_thread *self = pvg_thread_self();
	bool was_masked;
	int error = 0;

	if (is_mine(mutex))
		pvg_panic("thread \"%s\" locks a mutex that it has locked (%p)",
			  pvg_thread_name(self), (void *)mutex);
	if (locked_while_spinning(mutex))
		return 0;
	was_masked = pvg_sched_lock();
	while (!locked_or_marked(mutex)) {
		error = pvg_sched_wait(&mutex->waiters, deadline_ns);
		if (error || is_mine(mutex))
			break;
		self->passed_over = true;
	}
	if (self)
		self->passed_over = false;
	pvg_sched_unlock(was_masked);
	return error;
}

void pvg_mutex_unlock_locked(struct pvg_mutex *mutex)
{
	struct pvg_thread *first = mutex->waiters.first;
	uintptr_t state = 0;

	if (!is_mine(mutex))
		pvg_panic("thread \"%s\" unlocks a mutex that it has not locked "
			  "(%p)", pvg_thread_name(pvg_thread_self()),
			  (void *)mutex);
	if (first) {
		if (first->passed_over)
			state = (uintptr_t)first | PVG_MUTEX_HELD;
		if (first->next)
			state |= PVG_MUTEX_WAITED;
	}
	__atomic_store_n(&mutex->state, state, __ATOMIC_RELEASE);
	if (first)
		pvg_sched_wake(first);
}

void pvg_mutex_unlock_slowly(struct pvg_mutex *mutex)
{
	bool was_masked = pvg_sched_lock();

	pvg_mutex_unlock_locked(mutex);
	pvg_sched_unlock(was_masked);
}
