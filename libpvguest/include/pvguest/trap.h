/* SPDX-License-Identifier: MIT
 *
 * Traps: the exceptions of the program itself, handled by functions of its own.
 *
 *	static void page_fault(struct pvg_trap *trap)
 *	{
 *		if (!map_on_demand(trap->frame.fault_address))
 *			pvg_panic("bad access to %#lx at %#lx", ...);
 *	}
 *
 *	pvg_trap_handle(PVG_VECTOR_PF, page_fault);
 *	pvg_traps_start();
 *
 * When the handler returns the interrupted code goes on with the registers and
 * the frame as the handler left them: for a fault at the instruction that
 * faulted, for a trap behind it (the processor's manuals tell which is which).
 * A handler runs on the stack in use, may fault itself, wait, or switch to
 * another thread. A stack that ran over cannot hold the frame: that stops the
 * guest, with a report.
 *
 * Cost 1 exit a trap; the way back costs none.
 */
#ifndef PVGUEST_TRAP_H
#define PVGUEST_TRAP_H

#include <pvguest/boot.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pvg_vector {
	PVG_VECTOR_DE = 0,  /* division by zero, or its quotient too large */
	PVG_VECTOR_DB = 1,  /* single step */
	PVG_VECTOR_BP = 3,  /* INT3 */
	PVG_VECTOR_OF = 4,
	PVG_VECTOR_UD = 6,  /* undefined instruction */
	PVG_VECTOR_NP = 11,
	PVG_VECTOR_SS = 12, /* non-canonical address by way of rsp or rbp */
	PVG_VECTOR_GP = 13, /* privileged instruction, non-canonical address */
	PVG_VECTOR_PF = 14, /* see PVG_PF_* */
	PVG_VECTOR_MF = 16, /* x87 */
	PVG_VECTOR_AC = 17, /* alignment, with RFLAGS.AC */
	PVG_VECTOR_XM = 19  /* SSE and AVX */
};

/* Of a page fault's error code. */
#define PVG_PF_PRESENT 1u /* the page is there, but not for this */
#define PVG_PF_WRITE 2u
#define PVG_PF_USER 4u
#define PVG_PF_RESERVED 8u /* a bit of the tables that must be 0 is not */
#define PVG_PF_EXEC 16u

/* What was interrupted: all of its registers. */
struct pvg_trap {
	void *xstate; /* x87 and vectors, as XSAVE lays them out; as FXSAVE
		       * where pvg_boot.xcr0 is 0; NULL in a native kernel,
		       * which has none */
	uint64_t r15 PV_ALIGNED(8);
	uint64_t r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	struct pv_frame frame; /* vector, error code, rip, rflags, rsp ... */
};
PV_SIZE_IS(struct pvg_trap, 192);
PV_FIELD_AT(struct pvg_trap, rax, 120);
PV_FIELD_AT(struct pvg_trap, frame, 128);

typedef void pvg_trap_fn(struct pvg_trap *trap);

/* Handle a vector with fn, on every vCPU that has called pvg_traps_start. NULL:
 * it stops the guest with a report, as without this library. 0, -PV_EINVAL (no
 * such vector). No exit. */
int pvg_trap_handle(unsigned vector, pvg_trap_fn *fn);

/* Let traps of this vCPU enter the handlers. Each vCPU calls it for itself. 0,
 * -PV_ENOSYS without PV_FEATURE_TRAPS. Cost 1 exit. */
int pvg_traps_start(void);

#ifdef __cplusplus
}
#endif
#endif
