/* SPDX-License-Identifier: MIT
 *
 * Waiting for a spinlock. Who comes first is not served first: under contention
 * that would make all wait for one whose host CPU is taken away.
 */
#include <pvguest/panic.h>
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

/* Whoever has it was here before, and cannot come back while we wait, unless a
 * scheduler runs it: this library's; one of the kernel's own, by the hook; or one
 * behind an upcall entry of the kernel's own, where the library's is not in use. */
static bool is_forever(void)
{
	return !pvg_ports_wait_hook && !pvg_upcall_exit_hook &&
	       (pvg_percpu()->upcalls || pvg_percpu()->handling);
}

void pvg_spin_wait(struct pvg_spinlock *lock)
{
	while (!spin(lock)) {
		uint32_t holder = __atomic_load_n(&lock->holder,
						  __ATOMIC_RELAXED);

		if (holder == pvg_vcpu_number() + 1 && is_forever())
			pvg_panic("vCPU %u locks a spinlock that it has locked "
				  "(%p)", pvg_vcpu_number(), (void *)lock);
		if (holder == pvg_vcpu_number() + 1)
			pvg_op_yield(); /* a thread that was here before */
		else if (holder)
			pvg_vcpu_yield_to(holder - 1);
	}
}
