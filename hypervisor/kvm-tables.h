/* SPDX-License-Identifier: MIT
 *
 * What the processor itself reads of a KVM guest, all in the window: descriptor
 * tables, task state, fault stubs and the operations page.
 *
 * Leaving ring 3. An operation is an `out` to HV_PORT_OPERATION with its number,
 * a doorbell one to HV_PORT_DOORBELL; the I/O permission bitmap of the TSS
 * allows ring 3 these ports and no other (RFLAGS.IOPL is 0). Every exception
 * goes through a gate to a stub at ring 0, on a stack of the hypervisor's, so
 * that it arrives whatever the guest did to its own: the stub pushes the vector
 * and does an `out` to HV_PORT_FAULT, and is never returned to.
 */
#ifndef HV_KVM_TABLES_H
#define HV_KVM_TABLES_H

#include <stdint.h>

#include "window.h"

#define HV_PORT_OPERATION 0x50u
#define HV_PORT_DOORBELL 0x54u
#define HV_PORT_FAULT 0x60u

/* Selectors; code and data segments are flat. */
#define HV_SEL_KERNEL_CODE 0x08u
#define HV_SEL_TSS 0x10u
#define HV_SEL_USER_DATA 0x2bu
#define HV_SEL_USER_CODE 0x33u

#define HV_VECTORS 32

/* Offsets in the window. */
#define HV_KVM_GDT (HV_WINDOW_ENGINE + 0x000)
#define HV_KVM_IDT (HV_WINDOW_ENGINE + 0x100)
#define HV_KVM_TSS (HV_WINDOW_ENGINE + 0x300)
#define HV_KVM_STUBS (HV_WINDOW_ENGINE + 0x400)
/* Where software KVM sends SYSCALL, whatever EFER.SCE says: the hypervisor's page,
 * so that it faults, and where no other fault does. See engine-kvm.c. */
#define HV_KVM_SYSCALL (HV_WINDOW_ENGINE + 0xff0)
#define HV_KVM_STACK (HV_WINDOW_ENGINE + PV_PAGE_BYTES)
#define HV_KVM_STACK_TOP (HV_KVM_STACK + PV_PAGE_BYTES)

#define HV_KVM_GDT_BYTES 64
#define HV_KVM_IDT_BYTES (HV_VECTORS * 16)
/* Task state, then the bitmap up to port 0x57 and the byte of ones after it. */
#define HV_KVM_TSS_BYTES (104 + 0x58 / 8 + 1)

/* What is of use of what a stub leaves on its stack. */
struct hv_fault_frame {
	uint64_t vector;
	uint64_t error_code; /* 0 for vectors without one */
	uint64_t rip, rflags, rsp;
};

void hv_kvm_tables_fill(const struct hv_window *window);
/* Read the frame at this stack pointer of the stub; -1 if it points nowhere a
 * stub's could. */
int hv_kvm_fault_frame(const struct hv_window *window, uint64_t rsp,
		       struct hv_fault_frame *ret_frame);

#endif
