/* SPDX-License-Identifier: MIT
 *
 * The operations, paravirtual: each is a call into the hypervisor's operations
 * page. Included by <pvguest/ops.h>. Those of each kind are in a file of their own,
 * and what they are on a bare machine is in the file of libpvguest/native/ with the
 * same name; those of no kind are here, and in native/ops.c.
 *
 * A slot of the operations page is an ordinary function: it keeps what a System
 * V function keeps, so the compiler's own call is the whole calling sequence.
 */
#ifndef PVGUEST_PARAVIRT_OPS_H
#define PVGUEST_PARAVIRT_OPS_H

#include <pvguest/boot.h>

typedef int64_t pvg_op0(void);
typedef int64_t pvg_op1(uint64_t);
typedef int64_t pvg_op2(uint64_t, uint64_t);
typedef int64_t pvg_op3(uint64_t, uint64_t, uint64_t);
typedef int64_t pvg_op4(uint64_t, uint64_t, uint64_t, uint64_t);
typedef int64_t pvg_op5(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

static inline uintptr_t pvg_op_entry(enum pv_op number)
{
	return (uintptr_t)pvg_boot.ops_addr +
	       (uintptr_t)number * PV_OP_SLOT_BYTES;
}

static inline int64_t pvg_op_nop(void)
{
	return ((pvg_op0 *)pvg_op_entry(PV_OP_NOP))();
}

static inline uint64_t pvg_op_features(void)
{
	return (uint64_t)((pvg_op0 *)pvg_op_entry(PV_OP_FEATURES))();
}

static inline int64_t pvg_op_multicall(struct pv_call *calls, uint64_t count)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_MULTICALL))(pvg_gpa(calls),
							  count);
}

#include <pvguest/paravirt/exit.h>
#include <pvguest/paravirt/console.h>
#include <pvguest/paravirt/event.h>
#include <pvguest/paravirt/clock.h>
#include <pvguest/paravirt/timer.h>
#include <pvguest/paravirt/random.h>
#include <pvguest/paravirt/queue.h>
#include <pvguest/paravirt/trap.h>
#include <pvguest/paravirt/mmu.h>
#include <pvguest/paravirt/vcpu.h>
#include <pvguest/paravirt/user.h>

#endif
