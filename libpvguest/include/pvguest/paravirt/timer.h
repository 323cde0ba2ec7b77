/* SPDX-License-Identifier: MIT
 *
 * The timer, paravirtual. Beside it stands libpvguest/native/timer.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_TIMER_H
#define PVGUEST_PARAVIRT_TIMER_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_set_timer(uint64_t deadline_ns)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_SET_TIMER))(deadline_ns);
}

#endif
