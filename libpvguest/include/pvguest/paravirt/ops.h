/* SPDX-License-Identifier: MIT
 *
 * The operations, paravirtual: each is a call into the hypervisor's operations
 * page. Included by <pvguest/ops.h>.
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

/* Ends the VM at once: no handlers, no flush. See pvg_exit. */
__attribute__((noreturn)) static inline void pvg_op_exit(uint64_t status)
{
	((pvg_op1 *)pvg_op_entry(PV_OP_EXIT))(status);
	__builtin_trap();
}

/* Ends the VM with a report. See pvg_panic. */
__attribute__((noreturn)) static inline void
pvg_op_crash(const char *message, uint64_t len_bytes)
{
	((pvg_op2 *)pvg_op_entry(PV_OP_CRASH))(pvg_gpa(message), len_bytes);
	__builtin_trap();
}

static inline int64_t pvg_op_console_write(const void *bytes,
					   uint64_t len_bytes)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_CONSOLE_WRITE))(pvg_gpa(bytes),
							      len_bytes);
}

static inline int64_t pvg_op_console_read(void *ret_bytes, uint64_t len_bytes)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_CONSOLE_READ))(
		pvg_gpa(ret_bytes), len_bytes);
}

static inline int64_t pvg_op_block(uint64_t deadline_ns)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_BLOCK))(deadline_ns);
}

static inline int64_t pvg_op_yield(void)
{
	return ((pvg_op0 *)pvg_op_entry(PV_OP_YIELD))();
}

static inline int64_t pvg_op_clock(enum pv_clock_id which)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_CLOCK))((uint64_t)which);
}

static inline int64_t pvg_op_random(void *ret_bytes, uint64_t len_bytes)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_RANDOM))(pvg_gpa(ret_bytes),
						       len_bytes);
}

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

static inline uint64_t pvg_op_features(void)
{
	return (uint64_t)((pvg_op0 *)pvg_op_entry(PV_OP_FEATURES))();
}

/* Since version 1.1. */

static inline int64_t pvg_op_send_event(uint64_t vcpu, uint64_t port)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_SEND_EVENT))(vcpu, port);
}

static inline int64_t pvg_op_set_timer(uint64_t deadline_ns)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_SET_TIMER))(deadline_ns);
}

/* See pvg_traps_start. */
static inline int64_t pvg_op_set_traps(const volatile void *entry,
				       uint64_t vectors)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_SET_TRAPS))(
		(uint64_t)(uintptr_t)entry, vectors);
}

static inline int64_t pvg_op_mmu_root(pv_gpa_t root)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_MMU_ROOT))(root);
}

static inline int64_t pvg_op_mmu_flush(uint64_t vcpus, uint64_t gva,
				       uint64_t len_bytes)
{
	return ((pvg_op3 *)pvg_op_entry(PV_OP_MMU_FLUSH))(vcpus, gva,
							  len_bytes);
}

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

static inline int64_t pvg_op_multicall(struct pv_call *calls, uint64_t count)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_MULTICALL))(pvg_gpa(calls),
							  count);
}

static inline int64_t pvg_op_yield_to(uint64_t vcpu)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_YIELD_TO))(vcpu);
}

/* See pvg_upcalls_start. */
static inline int64_t pvg_op_set_upcall(const volatile void *entry,
					const volatile void *stack)
{
	return ((pvg_op2 *)pvg_op_entry(PV_OP_SET_UPCALL))(
		(uint64_t)(uintptr_t)entry, (uint64_t)(uintptr_t)stack);
}

/* Destroys the vector registers, and leaves user mode's there: see
 * pvg_user_run. */
static inline int64_t pvg_op_user_run(struct pv_user *user)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_USER_RUN))(pvg_gpa(user));
}

#endif
