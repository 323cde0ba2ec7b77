/* SPDX-License-Identifier: MIT
 *
 * The clock where its counter cannot be read, paravirtual. Beside it stands libpvguest/native/clock.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_CLOCK_H
#define PVGUEST_PARAVIRT_CLOCK_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_clock(enum pv_clock_id which)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_CLOCK))((uint64_t)which);
}

#endif
