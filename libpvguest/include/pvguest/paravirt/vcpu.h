/* SPDX-License-Identifier: MIT
 *
 * vCPUs up and down, paravirtual. Beside it stands libpvguest/native/vcpu.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_VCPU_H
#define PVGUEST_PARAVIRT_VCPU_H

#include <pvguest/paravirt/ops.h>

/* See pvg_vcpu_up. */
static inline int64_t pvg_op_vcpu_up(uint64_t vcpu, uint64_t entry,
				     uint64_t stack, uint64_t arg)
{
	return ((pvg_op4 *)pvg_op_entry(PV_OP_VCPU_UP))(vcpu, entry, stack,
							arg);
}

/* Returns only when it was refused. */
static inline int64_t pvg_op_vcpu_down(void)
{
	return ((pvg_op0 *)pvg_op_entry(PV_OP_VCPU_DOWN))();
}

#endif
