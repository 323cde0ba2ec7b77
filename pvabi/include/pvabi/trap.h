/* SPDX-License-Identifier: MIT
 *
 * What a handler finds when the hypervisor has interrupted the guest's kernel: for
 * an exception (PV_OP_SET_TRAPS) or for events (PV_OP_SET_UPCALL).
 *
 * The frame lies on the stack that was in use, at least PV_RED_ZONE_BYTES below
 * where it was, or at the top of the stack that SET_UPCALL names; its address is a
 * multiple of 16, and rsp holds it. All general registers but rsp are those of the
 * interrupted code, which the handler has to keep, as it has to keep the extended
 * state. The status, direction, trap and AC flags are clear. To go on, a handler
 * makes rsp the frame's address again and *jumps* to PV_OP_TRAP_RETURN or
 * PV_OP_UPCALL_RETURN, having changed in the frame what it likes of rip, rsp and
 * the status, direction, trap, AC and ID flags; cs and ss it leaves as they are.
 *
 * A trap changes nothing about upcalls_masked. A frame that cannot be written,
 * because the stack is bad, stops the guest with a report.
 */
#ifndef PVABI_TRAP_H
#define PVABI_TRAP_H

#include <pvabi/base.h>

#define PV_VECTORS 32
#define PV_VECTOR_UPCALL 256 /* pv_frame.vector of an upcall */
#define PV_RED_ZONE_BYTES 128

struct pv_frame {
	uint64_t vector PV_ALIGNED(8); /* 0 to 31 as the processor numbers them */
	uint64_t error_code;    /* 0 for vectors that have none */
	uint64_t fault_address; /* vector 14: the guest-virtual address, else 0 */
	uint64_t rip; /* from here on as IRETQ takes it */
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};
PV_SIZE_IS(struct pv_frame, 64);
PV_FIELD_AT(struct pv_frame, rip, 24);

#endif
