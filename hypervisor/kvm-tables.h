/* SPDX-License-Identifier: MIT
 *
 * What the processor itself reads of a KVM guest, all in the window: descriptor
 * tables, task state, fault stubs and the operations page.
 *
 * Leaving ring 3. An operation is an `out` to HV_PORT_OPERATION with its number,
 * a doorbell one to HV_PORT_DOORBELL; the I/O permission bitmap of the TSS
 * allows ring 3 these ports and few others (RFLAGS.IOPL is 0). Every exception
 * goes through a gate to a stub at ring 0, on a stack of the hypervisor's, so
 * that it arrives whatever the guest did to its own. The stub is an `out` to
 * HV_PORT_FAULT; where it is tells the vector, and the hypervisor takes over. SYSCALL
 * leads to the user page, at ring 0 by the manuals and at ring 3 under software
 * KVM, where an `out` to HV_PORT_SYSCALL does for both.
 *
 * Returning from a trap or an upcall needs no exit: IRETQ stays in its ring. The
 * code for it is the hypervisor's, so that it knows a vCPU that has just unmasked
 * upcalls but still has its frame before it (HV_KVM_RETURN_FROM), and finishes the
 * return itself instead of stacking another frame on top.
 */
#ifndef HV_KVM_TABLES_H
#define HV_KVM_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include <pvabi/op.h>

#include "window.h"

#define HV_PORT_OPERATION 0x50u
#define HV_PORT_DOORBELL 0x54u
#define HV_PORT_SYSCALL 0x55u
#define HV_PORT_RETURN 0x56u /* from an upcall, with more pending */
#define HV_PORT_KEYS 0x57u   /* from the stub of kvm-keys.h */
#define HV_PORT_FAULT 0x60u /* not for ring 3 */

/* Selectors; code and data segments are flat. */
#define HV_SEL_KERNEL_CODE 0x08u
#define HV_SEL_TSS 0x10u
#define HV_SEL_USER_DATA 0x2bu
#define HV_SEL_USER_CODE 0x33u

#define HV_VECTORS 32

/* Offsets in the window. */
#define HV_KVM_GDT (HV_WINDOW_ENGINE + 0x000)
#define HV_KVM_IDT (HV_WINDOW_ENGINE + 0x100)
#define HV_KVM_STUBS (HV_WINDOW_ENGINE + 0x400)
#define HV_KVM_TSS (HV_WINDOW_ENGINE + PV_PAGE_BYTES)
#define HV_KVM_SYSCALL HV_WINDOW_USER

/* Where a vCPU is that is in UPCALL_RETURN, past unmasking. */
#define HV_KVM_RETURN_FROM \
	(HV_WINDOW_OPS + PV_OP_UPCALL_RETURN * PV_OP_SLOT_BYTES + 16)
#define HV_KVM_RETURN_TO \
	(HV_WINDOW_OPS + (PV_OP_UPCALL_RETURN + 1) * PV_OP_SLOT_BYTES)

/* In the slot of USER_RUN, behind its `out`: memory is to be allowed, the answer has
 * been saved in r8, it is allowed (kvm-keys.h). And a stub that allows it as well. */
#define HV_KVM_KEYS_FROM (HV_WINDOW_OPS + PV_OP_USER_RUN * PV_OP_SLOT_BYTES + 7)
#define HV_KVM_KEYS_SAVED (HV_KVM_KEYS_FROM + 6)
#define HV_KVM_KEYS_DONE (HV_KVM_KEYS_FROM + 20)
#define HV_KVM_KEYS_STUB (HV_WINDOW_USER + 64)

#define HV_KVM_GDT_BYTES 64
#define HV_KVM_IDT_BYTES (HV_VECTORS * 16)
/* Task state, then the bitmap up to port 0x57 and the byte of ones after it. */
#define HV_KVM_TSS_BYTES (104 + 0x58 / 8 + 1)
#define HV_KVM_TSS_STRIDE 128

/* Of a vCPU in its kernel; and in user mode, which may use no port, or that of
 * SYSCALL where the instruction itself needs it. */
static inline uint32_t hv_kvm_tss(unsigned vcpu, bool user)
{
	return HV_KVM_TSS +
	       (vcpu + (user ? PV_VCPUS_MAX : 0)) * HV_KVM_TSS_STRIDE;
}

static inline uint32_t hv_kvm_stack(unsigned vcpu)
{
	return HV_WINDOW_STACKS + vcpu * PV_PAGE_BYTES;
}

/* What is of use of what a stub leaves on its stack. */
struct hv_fault_frame {
	uint64_t vector;
	uint64_t error_code; /* 0 for vectors without one */
	uint64_t rip, rflags, rsp;
};

/* A task state in use is marked busy, type 11, except to QEMU's emulation of
 * AMD-V, which looks at the I/O bitmap of one that is not, type 9, alone. */
uint8_t hv_kvm_task_state_type(void);
/* keys: the host uses protection keys. syscall_at_ring3: SYSCALL stays at the ring it
 * comes from, so that user mode needs the port of its stub. */
void hv_kvm_tables_fill(const struct hv_window *window, unsigned vcpus, bool keys,
			bool syscall_at_ring3);
/* Also while other vCPUs run there. */
void hv_kvm_without_keys(const struct hv_window *window);
/* Read the frame of a vCPU that is in a stub, here with its stack there; -1 if that
 * is nowhere a stub's could be. */
int hv_kvm_fault_frame(const struct hv_window *window, unsigned vcpu,
		       uint64_t rip, uint64_t rsp,
		       struct hv_fault_frame *ret_frame);

#endif
