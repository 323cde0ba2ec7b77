/* SPDX-License-Identifier: MIT
 *
 * What a vCPU has left the guest for, from what KVM shows of it; read hv_kvm_exit, at
 * the end, first. What stubs and slots do is in kvm-tables.h.
 */
#include "engine-kvm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kvm-keys.h"
#include "kvm-tables.h"

void hv_kvm_dead(struct hv_exit *exit, const char *format, ...)
{
	va_list args;

	exit->kind = HV_EXIT_DEAD;
	va_start(args, format);
	vsnprintf(exit->dead_reason, sizeof(exit->dead_reason), format, args);
	va_end(args);
}

/* A stub is at ring 0: what it interrupted goes on at ring 3. */
static int back_to_ring3(struct hv_kvm_cpu *c)
{
	int status = hv_kvm_take_sregs(c);

	if (status < 0)
		return status;
	c->sregs.cs = c->entry_sregs.cs;
	c->sregs.ss = c->entry_sregs.ss;
	return 0;
}

bool hv_kvm_is_soft(uint64_t vector)
{
	return vector == HV_VECTOR_BREAKPOINT || vector == HV_VECTOR_OVERFLOW;
}

/* KVM keeps the number of an exception that has been delivered: as if it were still
 * to be, for one of these (see delivering in kvm-cpu.c). */
static void forget_soft(const struct hv_kvm_cpu *c)
{
	struct kvm_vcpu_events none = { .flags = 0 };

	ioctl(c->fd, KVM_SET_VCPU_EVENTS, &none);
}

static void on_fault(struct hv_kvm_cpu *c, struct hv_exit *exit)
{
	struct hv_fault_frame frame;

	exit->kind = HV_EXIT_FAULT;
	if (!exit->regs || back_to_ring3(c) < 0 ||
	    hv_kvm_fault_frame(c->kvm->window, c->number, exit->regs->rip,
			       exit->regs->rsp, &frame) < 0) {
		hv_kvm_dead(exit, "an exception left no frame");
		return;
	}
	exit->vector = (unsigned)frame.vector;
	exit->error_code = frame.error_code;
	exit->regs->rip = frame.rip;
	exit->regs->rsp = frame.rsp;
	exit->regs->rflags = frame.rflags;
	exit->fault_address = frame.vector == HV_VECTOR_PAGE_FAULT ? c->sregs.cr2
								   : 0;
	if (hv_kvm_is_soft(frame.vector))
		forget_soft(c);
	if (hv_kvm_keys_fault(c, exit->regs, exit->vector))
		exit->kind = HV_EXIT_KICKED;
}

/* Also for a guest without user mode under software KVM, and for anybody who
 * goes to the user page by himself. */
static void on_syscall(struct hv_kvm_cpu *c, struct hv_exit *exit)
{
	exit->kind = HV_EXIT_SYSCALL;
	if (!exit->regs || back_to_ring3(c) < 0) {
		hv_kvm_dead(exit, "KVM does not show its registers");
		return;
	}
	exit->regs->rip = exit->regs->rcx;
	exit->regs->rflags = exit->regs->r11;
}

/* Whether rip, as it is after an `out` of ours, is in this part of the window. */
static bool came_from(const struct hv_exit *exit, uint32_t from, uint32_t to)
{
	return exit->regs &&
	       exit->regs->rip - hv_window_addr(from) <= to - from;
}

/* An `in` is done when KVM is entered again; one of a string then writes registers
 * and memory, whatever has been made of them meanwhile. So it is done at once, and
 * the registers are those before it, as if it had not been. */
static void on_input(struct hv_kvm_cpu *c, struct hv_exit *exit)
{
	struct kvm_run *run = c->run;
	const struct hv_regs *shown = hv_kvm_raw_regs(c);
	struct hv_regs before = shown ? *shown : (struct hv_regs){ .rip = 0 };

	exit->kind = HV_EXIT_PORT;
	exit->number = run->io.port;
	memset((uint8_t *)run + run->io.data_offset, 0xff,
	       (size_t)run->io.size * run->io.count);
	__atomic_store_n(&run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (ioctl(c->fd, KVM_RUN, 0) == 0 || errno != EINTR) {
		hv_kvm_dead(exit, "KVM cannot finish the input of a port");
		return;
	}
	__atomic_store_n(&run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	run->exit_reason = KVM_EXIT_INTR;
	exit->regs = hv_kvm_regs(c);
	if (exit->regs && shown)
		*exit->regs = before;
	else
		hv_kvm_dead(exit, "KVM does not show its registers");
}

static void on_port(struct hv_kvm_cpu *c, struct hv_exit *exit)
{
	const struct kvm_run *run = c->run;
	bool plain = run->io.size == 4 && run->io.count == 1;
	uint32_t value = 0;

	if (plain)
		memcpy(&value, (const uint8_t *)run + run->io.data_offset,
		       sizeof(value));
	exit->number = value;
	/* Also for a doorbell, which waits for others: a dump may look at it. */
	exit->regs = hv_kvm_regs(c);
	if (plain && run->io.port == HV_PORT_DOORBELL) {
		exit->kind = HV_EXIT_DOORBELL;
		return;
	}
	if (plain && run->io.port == HV_PORT_OPERATION) {
		exit->kind = HV_EXIT_OPERATION;
		if (!exit->regs)
			hv_kvm_dead(exit, "KVM does not show its registers");
	} else if (run->io.port == HV_PORT_SYSCALL &&
		   came_from(exit, HV_KVM_SYSCALL, HV_KVM_SYSCALL + 4)) {
		on_syscall(c, exit);
	} else if (run->io.port == HV_PORT_RETURN &&
		   came_from(exit, HV_KVM_RETURN_FROM, HV_KVM_RETURN_TO)) {
		exit->kind = HV_EXIT_RETURN;
	} else if (run->io.port == HV_PORT_KEYS && exit->regs &&
		   hv_kvm_keys_allowed(c, exit->regs)) {
		exit->kind = HV_EXIT_KICKED;
	} else if (run->io.port == HV_PORT_FAULT) {
		on_fault(c, exit);
	} else {
		exit->kind = HV_EXIT_PORT;
		exit->number = run->io.port;
	}
}

void hv_kvm_exit(struct hv_kvm_cpu *c, struct hv_exit *exit)
{
	if (c->run->exit_reason == KVM_EXIT_IO) {
		if (c->run->io.direction == KVM_EXIT_IO_IN)
			on_input(c, exit);
		else
			on_port(c, exit);
		return;
	}
	if (c->run->exit_reason == KVM_EXIT_INTR) {
		exit->kind = HV_EXIT_KICKED;
		return;
	}
	exit->regs = hv_kvm_regs(c);
	switch (c->run->exit_reason) {
	case KVM_EXIT_SHUTDOWN:
		hv_kvm_dead(exit, "triple fault: an exception could not be delivered");
		break;
	case KVM_EXIT_EXCEPTION: /* a locked access to two cache lines, where the
				  * host forbids that; see hv_kvm_on_bus_error */
		exit->kind = HV_EXIT_FAULT;
		exit->vector = c->run->ex.exception;
		exit->error_code = c->run->ex.error_code;
		exit->fault_address = 0;
		break;
	case KVM_EXIT_HLT:
		hv_kvm_dead(exit, "the processor halted");
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		hv_kvm_dead(exit, "KVM cannot execute this instruction (suberror %u)",
			    c->run->internal.suberror);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		hv_kvm_dead(exit, "the processor refuses the guest's state (0x%llx)",
			    (unsigned long long)
			     c->run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_MMIO:
		hv_kvm_dead(exit, "it touched guest-physical 0x%llx, where it has no memory of its own",
			    (unsigned long long)c->run->mmio.phys_addr);
		break;
	default:
		hv_kvm_dead(exit, "KVM exit %u", c->run->exit_reason);
	}
}
