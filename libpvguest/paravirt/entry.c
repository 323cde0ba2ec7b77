/* SPDX-License-Identifier: MIT
 *
 * What entry.S needs: the operations that it jumps to at its end.
 */
#include <pvguest/ops.h>

#include "../internal.h"

uintptr_t pvg_upcall_return, pvg_trap_return;

/* Two vCPUs may both do this: they write the same. */
void pvg_entry_prepare(void)
{
	pvg_upcall_return = pvg_op_entry(PV_OP_UPCALL_RETURN);
	pvg_trap_return = pvg_op_entry(PV_OP_TRAP_RETURN);
	pvg_xstate_prepare();
}
