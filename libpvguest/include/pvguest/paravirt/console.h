/* SPDX-License-Identifier: MIT
 *
 * The console, paravirtual. Beside it stands libpvguest/native/console.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_CONSOLE_H
#define PVGUEST_PARAVIRT_CONSOLE_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_console_write(const void *bytes,
					   uint64_t len_bytes)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_CONSOLE_WRITE))(pvg_gpa(bytes),
							      len_bytes);
}

static inline int64_t pvg_op_console_read(void *ret_bytes, uint64_t len_bytes)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_CONSOLE_READ))(
		pvg_gpa(ret_bytes), len_bytes);
}

#endif
