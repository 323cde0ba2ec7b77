/* SPDX-License-Identifier: MIT
 *
 * Waiting for a spinlock. Who comes first is not served first: under contention
 * that would make all wait for one whose host CPU is taken away.
 */
#include <pvguest/spinlock.h>

#include "internal.h"

/* Some microseconds: what an exit costs, which is what spinning can save. */
#define SPINS 100

static bool spin(struct pvg_spinlock *lock)
{
	/* With one host CPU the holder does not run while we do. */
	int spins = pvg_boot.poll_ns ? SPINS : 1;

	while (spins-- > 0) {
		/* A look before the attempt: looking leaves the line shared. */
		if (!__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) &&
		    pvg_spin_trylock(lock))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

void pvg_spin_wait(struct pvg_spinlock *lock)
{
	while (!spin(lock)) {
		uint32_t holder = __atomic_load_n(&lock->holder,
						  __ATOMIC_RELAXED);

		if (holder == pvg_vcpu_number() + 1)
			pvg_op_yield(); /* a thread that was here before */
		else if (holder)
			pvg_vcpu_yield_to(holder - 1);
	}
}
