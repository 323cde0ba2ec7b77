/* SPDX-License-Identifier: MIT
 *
 * The end, paravirtual. Beside it stand libpvguest/native/exit.c, panic.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_EXIT_H
#define PVGUEST_PARAVIRT_EXIT_H

#include <pvguest/paravirt/ops.h>

/* Ends the VM at once: no handlers, no flush. See pvg_exit. */
__attribute__((noreturn)) static inline void pvg_op_exit(uint64_t status)
{
	((pvg_op1 *)pvg_op_entry(PV_OP_EXIT))(status);
	__builtin_trap();
}

/* Ends the VM with a report. See pvg_panic. */
__attribute__((noreturn)) static inline void
pvg_op_crash(const char *message, uint64_t len_bytes)
{
	((pvg_op2 *)pvg_op_entry(PV_OP_CRASH))(pvg_gpa(message), len_bytes);
	__builtin_trap();
}

#endif
