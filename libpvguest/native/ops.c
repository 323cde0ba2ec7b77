/* SPDX-License-Identifier: MIT
 *
 * Operations that are about calling a hypervisor, natively plain functions.
 */
#include <pvguest/ops.h>
#include <pvguest/upcall.h>

#include "../internal.h"

/* Renews the record of the vCPU's time, as each operation of a hypervisor does that
 * exits. */
int64_t pvg_op_nop(void)
{
	bool was_masked = pvg_mask_save();

	pvg_run_state_renew();
	pvg_mask_restore(was_masked);
	return 0;
}

uint64_t pvg_op_features(void)
{
	return pvg_boot.features;
}

static int64_t serve(const struct pv_call *call)
{
	const uint64_t *arg = call->arg;

	if (call->reserved)
		return -PV_EINVAL;
	switch (call->op) {
	case PV_OP_NOP:
		return pvg_op_nop();
	case PV_OP_CLOCK:
		return pvg_op_clock((enum pv_clock_id)arg[0]);
	case PV_OP_SEND_EVENT:
		return pvg_op_send_event(arg[0], arg[1]);
	case PV_OP_SET_TIMER:
		return pvg_op_set_timer(arg[0]);
	case PV_OP_MMU_FLUSH:
		return pvg_op_mmu_flush(arg[0], arg[1], arg[2]);
	case PV_OP_YIELD_TO:
		return pvg_op_yield_to(arg[0]);
	default:
		return -PV_EINVAL;
	}
}

int64_t pvg_op_multicall(struct pv_call *calls, uint64_t count)
{
	if (count > PV_CALLS_MAX)
		return -PV_E2BIG;
	if (pvg_gpa(calls) % 8)
		return -PV_EINVAL;
	if (!pvg_memory_is_ram(pvg_gpa(calls), count * sizeof(*calls)))
		return -PV_EFAULT;
	for (uint64_t i = 0; i < count; i++)
		calls[i].status = serve(&calls[i]);
	return (int64_t)count;
}
