/* SPDX-License-Identifier: MIT
 *
 * Into user mode: USER_RUN, with the vector registers changed on both sides of it by
 * entry.S.
 */
#include <pvguest/user.h>

#include "../internal.h"

int pvg_user_run(struct pv_user *user, void *xstate)
{
	pvg_entry_prepare();
	return (int)pvg_user_enter(user, xstate, pvg_op_entry(PV_OP_USER_RUN));
}
