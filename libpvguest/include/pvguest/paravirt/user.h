/* SPDX-License-Identifier: MIT
 *
 * User mode, paravirtual. Beside it stands libpvguest/native/user.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_USER_H
#define PVGUEST_PARAVIRT_USER_H

#include <pvguest/paravirt/ops.h>

/* Destroys the vector registers, and leaves user mode's there: see
 * pvg_user_run. */
static inline int64_t pvg_op_user_run(struct pv_user *user)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_USER_RUN))(pvg_gpa(user));
}

#endif
