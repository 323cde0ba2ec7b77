/* SPDX-License-Identifier: MIT
 *
 * Traps: from the entry (entry.S) to the handler of the vector.
 */
#include <pvguest/ops.h>
#include <pvguest/panic.h>
#include <pvguest/trap.h>

#include "internal.h"

/* Those that a program at its level can raise. All of them enter here, handled or
 * not, so that a handler set later counts on every vCPU. */
#define VECTORS                                                               \
	(1u << PVG_VECTOR_DE | 1u << PVG_VECTOR_DB | 1u << PVG_VECTOR_BP |    \
	 1u << PVG_VECTOR_OF | 1u << PVG_VECTOR_UD | 1u << PVG_VECTOR_NP |    \
	 1u << PVG_VECTOR_SS | 1u << PVG_VECTOR_GP | 1u << PVG_VECTOR_PF |    \
	 1u << PVG_VECTOR_MF | 1u << PVG_VECTOR_AC | 1u << PVG_VECTOR_XM)

static pvg_trap_fn *handlers[PV_VECTORS];

static int take_vectors(uint32_t vectors)
{
	return (int)pvg_op_set_traps((void *)(uintptr_t)pvg_trap_entry,
				     vectors);
}

/* Nobody handles it. A fault is let happen again, now without us, since the
 * hypervisor's report tells more. INT3 and its like are past by now. */
static void stop_the_guest(const struct pvg_trap *trap)
{
	uint64_t vector = trap->frame.vector;

	if (vector == PVG_VECTOR_BP || vector == PVG_VECTOR_OF)
		pvg_panic("trap %lu before %#lx, which nobody handles",
			  (unsigned long)vector,
			  (unsigned long)trap->frame.rip);
	take_vectors(VECTORS & ~(1u << vector));
}

void pvg_trap_deliver(struct pvg_trap *trap)
{
	pvg_trap_fn *fn = __atomic_load_n(
		&handlers[trap->frame.vector % PV_VECTORS], __ATOMIC_ACQUIRE);

	if (fn)
		fn(trap);
	else
		stop_the_guest(trap);
}

int pvg_trap_handle(unsigned vector, pvg_trap_fn *fn)
{
	if (vector >= PV_VECTORS || !(VECTORS >> vector & 1))
		return -PV_EINVAL;
	__atomic_store_n(&handlers[vector], fn, __ATOMIC_RELEASE);
	return 0;
}

int pvg_traps_start(void)
{
	int error;

	pvg_entry_prepare();
	error = take_vectors(VECTORS);
	if (!error)
		pvg_percpu()->traps = true;
	return error;
}
