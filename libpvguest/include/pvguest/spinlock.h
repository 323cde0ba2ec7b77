/* SPDX-License-Identifier: MIT
 *
 * Spinlocks between vCPUs, for a few instructions at a time. One that finds the
 * lock taken spins a little and then gives its host CPU to the holder: the host
 * may have fewer CPUs than the VM, and have interrupted just that one.
 *
 * A lock is taken with one pair of functions, always the same. What a handler of
 * an upcall takes too, everybody takes with the _masked pair.
 * The plain pair leaves preemption to the caller: a thread that is switched
 * away while it holds a lock keeps others spinning.
 */
#ifndef PVGUEST_SPINLOCK_H
#define PVGUEST_SPINLOCK_H

#include <pvguest/upcall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All zero is a lock nobody holds. */
struct pvg_spinlock {
	uint32_t holder; /* number of its vCPU + 1, 0: free */
};

/* Wait for the lock and take it: the slow half of pvg_spin_lock. */
void pvg_spin_wait(struct pvg_spinlock *lock);

/* Take it if it is free. */
static inline bool pvg_spin_trylock(struct pvg_spinlock *lock)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&lock->holder, &free,
					   pvg_vcpu_number() + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Locking it twice on one vCPU is a panic where no scheduler could help, and never
 * ends otherwise. Cost: one locked instruction; while it is taken, an exit for every
 * few microseconds. */
static inline void pvg_spin_lock(struct pvg_spinlock *lock)
{
	if (__builtin_expect(!pvg_spin_trylock(lock), 0))
		pvg_spin_wait(lock);
}

static inline void pvg_spin_unlock(struct pvg_spinlock *lock)
{
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

/* Mask upcalls and take the lock; answers what the unlocking needs. In a VM of
 * one vCPU masking alone does it, and the locked instruction is spared. */
static inline bool pvg_spin_lock_masked(struct pvg_spinlock *lock)
{
	bool was_masked = pvg_mask_save();

	if (pvg_vcpus() > 1)
		pvg_spin_lock(lock);
	return was_masked;
}

static inline void pvg_spin_unlock_masked(struct pvg_spinlock *lock,
					  bool was_masked)
{
	pvg_spin_unlock(lock);
	pvg_mask_restore(was_masked);
}

#ifdef __cplusplus
}
#endif
#endif
