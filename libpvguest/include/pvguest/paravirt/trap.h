/* SPDX-License-Identifier: MIT
 *
 * Exceptions, paravirtual. Beside it stands libpvguest/native/trap.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_TRAP_H
#define PVGUEST_PARAVIRT_TRAP_H

#include <pvguest/paravirt/ops.h>

/* See pvg_traps_start. */
static inline int64_t pvg_op_set_traps(const volatile void *entry,
				       uint64_t vectors)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_SET_TRAPS))(
		(uint64_t)(uintptr_t)entry, vectors);
}

#endif
