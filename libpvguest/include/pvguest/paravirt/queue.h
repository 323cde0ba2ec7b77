/* SPDX-License-Identifier: MIT
 *
 * Queues of devices, paravirtual. Beside it stands libpvguest/native/queue.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_QUEUE_H
#define PVGUEST_PARAVIRT_QUEUE_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_queue_open(uint32_t device, uint32_t queue,
					pv_gpa_t gpa, uint32_t entries,
					uint32_t port)
{
	return ((pvg_op5 *)pvg_op_entry(PV_OP_QUEUE_OPEN))(device, queue, gpa,
							   entries, port);
}

static inline int64_t pvg_op_queue_close(uint32_t device, uint32_t queue)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_QUEUE_CLOSE))(device, queue);
}

static inline int64_t pvg_op_doorbell(uint64_t number)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_DOORBELL))(number);
}

#endif
