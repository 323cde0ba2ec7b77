/* SPDX-License-Identifier: MIT
 *
 * Random numbers, paravirtual. Beside it stands libpvguest/native/random.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_RANDOM_H
#define PVGUEST_PARAVIRT_RANDOM_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_random(void *ret_bytes, uint64_t len_bytes)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_RANDOM))(pvg_gpa(ret_bytes),
						       len_bytes);
}

#endif
