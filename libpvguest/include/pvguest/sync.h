/* SPDX-License-Identifier: MIT
 *
 * How threads wait for each other: mutexes, semaphores and conditions. As long
 * as nobody has to wait, each is an atomic instruction and no call; who waits
 * gives its vCPU to another thread, and is woken in the order of coming.
 *
 *	pvg_mutex_lock(&queue.mutex);
 *	while (queue.empty)
 *		pvg_condition_wait(&queue.filled, &queue.mutex);
 *	...
 *	pvg_mutex_unlock(&queue.mutex);
 *
 * All zero is each one's beginning, and nothing need be done at its end. The
 * _until functions wait until the monotonic clock reaches the deadline (see
 * pvg_deadline_in) and answer 0 or -PV_ETIMEDOUT; one that has passed only
 * looks. Waiting needs the scheduler (<pvguest/thread.h>); without it, and in a
 * handler of an upcall, it is a panic.
 */
#ifndef PVGUEST_SYNC_H
#define PVGUEST_SYNC_H

#include <pvguest/thread.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Threads that wait, the first to be woken first. */
struct pvg_waiters {
	struct pvg_thread *first, *last;
};

/* Mutual exclusion: one thread at a time. Only who locked it may unlock it, which
 * is checked, as is locking it twice. */
struct pvg_mutex {
	uintptr_t state; /* the holder's address | PVG_MUTEX_HELD, or 0 */
	struct pvg_waiters waiters;
};
#define PVG_MUTEX_WAITED 1u /* unlocking has somebody to wake */
#define PVG_MUTEX_HELD 2u
#define PVG_MUTEX_INIT { 0, { 0, 0 } }

int pvg_mutex_lock_slowly(struct pvg_mutex *mutex, uint64_t deadline_ns);
void pvg_mutex_unlock_slowly(struct pvg_mutex *mutex);

static inline bool pvg_mutex_trylock(struct pvg_mutex *mutex)
{
	uintptr_t state = 0;

	return __atomic_compare_exchange_n(
		&mutex->state, &state,
		(uintptr_t)pvg_thread_self() | PVG_MUTEX_HELD, false,
		__ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Cost: one locked instruction if it is free. Spins for a moment while the holder
 * runs, then waits. A thread that was passed over once gets it next. */
static inline void pvg_mutex_lock(struct pvg_mutex *mutex)
{
	if (__builtin_expect(!pvg_mutex_trylock(mutex), 0))
		pvg_mutex_lock_slowly(mutex, PV_FOREVER);
}

static inline int pvg_mutex_lock_until(struct pvg_mutex *mutex,
				       uint64_t deadline_ns)
{
	if (__builtin_expect(pvg_mutex_trylock(mutex), 1))
		return 0;
	return pvg_mutex_lock_slowly(mutex, deadline_ns);
}

/* Cost: one locked instruction if nobody waits; an exit if a vCPU that sleeps is
 * woken to run who does. */
static inline void pvg_mutex_unlock(struct pvg_mutex *mutex)
{
	uintptr_t state = (uintptr_t)pvg_thread_self() | PVG_MUTEX_HELD;

	if (__builtin_expect(!__atomic_compare_exchange_n(
				     &mutex->state, &state, 0, false,
				     __ATOMIC_RELEASE, __ATOMIC_RELAXED), 0))
		pvg_mutex_unlock_slowly(mutex);
}

/* A number of things to be taken, up to 2^31 - 1; also by handlers of upcalls to
 * wake a thread. */
struct pvg_semaphore {
	uint32_t state; /* the number * 2, + 1 if somebody may be waiting */
	struct pvg_waiters waiters;
};
#define PVG_SEMAPHORE_WAITED 1u /* posting has somebody to wake */
#define PVG_SEMAPHORE_INIT(number) { (uint32_t)(number) << 1, { 0, 0 } }

int pvg_semaphore_wait_slowly(struct pvg_semaphore *semaphore,
			      uint64_t deadline_ns);
void pvg_semaphore_post_slowly(struct pvg_semaphore *semaphore);

static inline bool pvg_semaphore_trywait(struct pvg_semaphore *semaphore)
{
	uint32_t state = __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);

	while (state >= 2)
		if (__atomic_compare_exchange_n(&semaphore->state, &state,
						state - 2, true,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

/* Take one, or wait for one to be posted. */
static inline void pvg_semaphore_wait(struct pvg_semaphore *semaphore)
{
	if (!pvg_semaphore_trywait(semaphore))
		pvg_semaphore_wait_slowly(semaphore, PV_FOREVER);
}

static inline int pvg_semaphore_wait_until(struct pvg_semaphore *semaphore,
					   uint64_t deadline_ns)
{
	if (pvg_semaphore_trywait(semaphore))
		return 0;
	return pvg_semaphore_wait_slowly(semaphore, deadline_ns);
}

/* Add one, or hand it to the first who waits. Fine in handlers of upcalls. */
static inline void pvg_semaphore_post(struct pvg_semaphore *semaphore)
{
	uint32_t state = __atomic_load_n(&semaphore->state, __ATOMIC_RELAXED);

	while (!(state & PVG_SEMAPHORE_WAITED))
		if (__atomic_compare_exchange_n(&semaphore->state, &state,
						state + 2, true,
						__ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return;
	pvg_semaphore_post_slowly(semaphore);
}

/* Something that threads wait for, told under a mutex. */
struct pvg_condition {
	struct pvg_waiters waiters;
};
#define PVG_CONDITION_INIT { { 0, 0 } }

/* Unlock the mutex and wait to be woken, as one step; lock it again. Look at what
 * was waited for once more: another may have been quicker. */
void pvg_condition_wait(struct pvg_condition *condition,
			struct pvg_mutex *mutex);
int pvg_condition_wait_until(struct pvg_condition *condition,
			     struct pvg_mutex *mutex, uint64_t deadline_ns);

/* Wake the first who waits, or everybody. Nothing is kept for who comes later.
 * What is waited for has been changed under the mutex, which may be unlocked by
 * now. Cost as pvg_mutex_unlock; a load if nobody waits. */
void pvg_condition_signal_slowly(struct pvg_condition *condition);
void pvg_condition_broadcast_slowly(struct pvg_condition *condition);

static inline void pvg_condition_signal(struct pvg_condition *condition)
{
	if (__atomic_load_n(&condition->waiters.first, __ATOMIC_RELAXED))
		pvg_condition_signal_slowly(condition);
}

static inline void pvg_condition_broadcast(struct pvg_condition *condition)
{
	if (__atomic_load_n(&condition->waiters.first, __ATOMIC_RELAXED))
		pvg_condition_broadcast_slowly(condition);
}

#ifdef __cplusplus
}
#endif
#endif
