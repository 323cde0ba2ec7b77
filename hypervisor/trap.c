/* SPDX-License-Identifier: MIT
 *
 * See trap.h.
 */
#include "trap.h"

#include <inttypes.h>
#include <pvabi/error.h>

#include "crash.h"
#include "engine.h"
#include "vm.h"
#include "walk.h"

int64_t hv_traps_set(struct hv_vcpu *vcpu, uint64_t entry, uint64_t vectors)
{
	if (!hv_canonical(entry) || vectors >> PV_VECTORS)
		return -PV_EINVAL;
	vcpu->trap_entry = entry;
	vcpu->trap_vectors = (uint32_t)vectors;
	return 0;
}

void hv_trap(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	struct pv_frame trap = {
		.vector = exit->vector,
		.error_code = exit->error_code,
		.fault_address = exit->fault_address,
	};

	if (exit->vector >= PV_VECTORS ||
	    !(vcpu->trap_vectors >> exit->vector & 1)) {
		hv_crash_fault(vcpu, exit);
		return;
	}
	vcpu->stats.traps++;
	hv_frame_push(vcpu, &trap, vcpu->trap_entry, 0);
}

/* Frames are found by the guest's own root, not by its copy, which may be gone by
 * now for another: all begin anew while this vCPU is out of the guest. */
static pv_gpa_t kernel_tables(const struct hv_vcpu *vcpu)
{
	pv_gpa_t root = vcpu->kernel_root.guest;

	return root == PV_ROOT_INITIAL ? vcpu->vm->engine->root_initial : root;
}

/* The frame's first address, on a stack that was at rsp. */
static uint64_t place(uint64_t rsp, uint64_t stack)
{
	uint64_t top = stack ? stack : rsp - PV_RED_ZONE_BYTES;

	return (top - sizeof(struct pv_frame)) & ~UINT64_C(15);
}

static void no_stack(struct hv_vcpu *vcpu, const struct pv_frame *frame,
		     uint64_t at, const struct hv_regs *regs)
{
	const bool upcall = frame->vector == PV_VECTOR_UPCALL;

	hv_crash_note(vcpu, regs);
	hv_guest_kill(vcpu->vm,
		      "%s could not be delivered (vector %" PRIu64
		      ", fault address 0x%" PRIx64
		      "): its stack cannot take a frame at 0x%" PRIx64,
		      upcall ? "an upcall" : "an exception", frame->vector,
		      frame->fault_address, at);
}

void hv_frame_push(struct hv_vcpu *vcpu, struct pv_frame *frame, uint64_t entry,
		   uint64_t stack)
{
	const struct hv_engine *engine = vcpu->vm->engine;
	struct hv_regs *regs = engine->ops->cpu_regs(vcpu->cpu);
	uint64_t at;

	if (!regs) {
		hv_vm_fail(vcpu->vm, "KVM does not show a vCPU's registers");
		return;
	}
	at = place(regs->rsp, stack);
	frame->rip = regs->rip;
	frame->cs = engine->frame_cs;
	frame->rflags = regs->rflags;
	frame->rsp = regs->rsp;
	frame->ss = engine->frame_ss;
	if (!hv_gva_write(vcpu->vm, kernel_tables(vcpu), at, frame,
			  sizeof(*frame))) {
		no_stack(vcpu, frame, at, regs);
		return;
	}
	regs->rip = entry;
	regs->rsp = at;
	regs->rflags = HV_RFLAGS_ALWAYS;
}

bool hv_frame_pop(struct hv_vcpu *vcpu, struct hv_regs *regs)
{
	const struct hv_engine *engine = vcpu->vm->engine;
	struct { uint64_t rip, cs, rflags, rsp, ss; } frame;

	/* IRETQ looks at the selectors' 16 bits. */
	if (!regs ||
	    !hv_gva_read(vcpu->vm, kernel_tables(vcpu), regs->rsp, &frame,
			 sizeof(frame)) ||
	    !hv_canonical(frame.rip) || (uint16_t)frame.cs != engine->frame_cs ||
	    (uint16_t)frame.ss != engine->frame_ss) {
		hv_crash_note(vcpu, regs);
		hv_guest_kill(vcpu->vm,
			      "it returns from an upcall by a frame that leads nowhere, at 0x%" PRIx64,
			      regs ? regs->rsp : 0);
		return false;
	}
	regs->rip = frame.rip;
	regs->rsp = frame.rsp;
	regs->rflags = (frame.rflags & HV_RFLAGS_GUEST) | HV_RFLAGS_ALWAYS;
	return true;
}
