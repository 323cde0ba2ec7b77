/* SPDX-License-Identifier: MIT
 *
 * What follows an entry from the kernel itself (entry.S): exceptions are traps, and
 * interrupts that made something pending end with an upcall.
 */
#include <pvguest/upcall.h>

#include "../internal.h"

#define VECTOR_NMI 2

void pvg_entry_prepare(void)
{
	pvg_xstate_prepare();
}

/* Handlers run on the stack of what was interrupted, and may switch to another
 * thread: then this goes on much later, perhaps on another vCPU. What they, or a
 * scheduler at their end, made pending themselves comes with no interrupt. */
static void interrupt(unsigned vector)
{
	pvg_interrupt_serve(vector);
	pvg_flush_serve(false);
	while (pvg_percpu()->upcalls &&
	       __atomic_load_n(&pvg_vcpu()->upcalls_pending, __ATOMIC_RELAXED)) {
		pvg_cpu()->woken = true;
		pvg_upcalls_deliver();
	}
}

/* Software KVM has no SYSRET: see user.c. */
static bool is_refused_sysret(const struct pv_frame *frame)
{
	return frame->vector == PVG_VECTOR_GP &&
	       frame->rip == (uint64_t)(uintptr_t)pvg_sysret;
}

/* An exception changes nothing about interrupts, but for the moment in which CR2 is
 * read: they may fault as well. */
static void trap(struct pvg_trap *trap)
{
	struct pv_frame *frame = &trap->frame;

	frame->fault_address = frame->vector == PVG_VECTOR_PF ? pvg_cr2() : 0;
	if (is_refused_sysret(frame)) {
		frame->rip = (uint64_t)(uintptr_t)pvg_user_left;
		trap->rax = frame->vector;
		return;
	}
	if (!(pvg_cpu()->trap_vectors >> frame->vector & 1))
		pvg_trap_panic(trap);
	if (frame->rflags & PVG_RFLAGS_IF)
		__asm__ volatile("sti");
	pvg_trap_deliver(trap);
	/* Whether the handler masked upcalls or unmasked them, it stays so. */
	frame->rflags &= ~(uint64_t)PVG_RFLAGS_IF;
	if (!pvg_masked())
		frame->rflags |= PVG_RFLAGS_IF;
	pvg_mask();
}

void pvg_native_enter(struct pvg_trap *entered)
{
	if (entered->frame.vector == VECTOR_NMI)
		return; /* nobody sends any */
	if (entered->frame.vector < PV_VECTORS)
		trap(entered);
	else
		interrupt((unsigned)entered->frame.vector);
}
