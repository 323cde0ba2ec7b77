/* SPDX-License-Identifier: MIT
 *
 * Events and waiting for them, paravirtual. Beside it stands libpvguest/native/event.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_EVENT_H
#define PVGUEST_PARAVIRT_EVENT_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_block(uint64_t deadline_ns)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_BLOCK))(deadline_ns);
}

static inline int64_t pvg_op_yield(void)
{
	return ((pvg_op0 *)pvg_op_entry(PV_OP_YIELD))();
}

static inline int64_t pvg_op_yield_to(uint64_t vcpu)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_YIELD_TO))(vcpu);
}

static inline int64_t pvg_op_send_event(uint64_t vcpu, uint64_t port)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_SEND_EVENT))(vcpu, port);
}

/* See pvg_upcalls_start. */
static inline int64_t pvg_op_set_upcall(const volatile void *entry,
					const volatile void *stack)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_SET_UPCALL))(
		(uint64_t)(uintptr_t)entry, (uint64_t)(uintptr_t)stack);
}

#endif
