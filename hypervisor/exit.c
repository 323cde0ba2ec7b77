/* SPDX-License-Identifier: MIT
 *
 * See exit.h. hv_exit_serve, at the end, is where each kind of exit goes.
 */
#include "exit.h"

#include "clock.h"
#include "crash.h"
#include "engine.h"
#include "event.h"
#include "operations.h"
#include "pv-device.h"
#include "run-state.h"
#include "trap.h"
#include "user.h"
#include "vm.h"

#define SYSCALL_BYTES 2

/* A kernel has nobody to call: the instruction does not exist for it. */
static void kernel_syscall(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	struct hv_exit undefined = *exit;

	undefined.kind = HV_EXIT_FAULT;
	undefined.vector = HV_VECTOR_UNDEFINED;
	undefined.error_code = undefined.fault_address = 0;
	undefined.regs->rip -= SYSCALL_BYTES;
	hv_trap(vcpu, &undefined);
}

static void kernel_port(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	hv_crash_note(vcpu, exit->regs);
	hv_guest_kill(vcpu->vm,
		      "it used I/O port 0x%x itself instead of calling an operation",
		      exit->number);
}

static void from_user(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	switch (exit->kind) {
	case HV_EXIT_FAULT:
	case HV_EXIT_SYSCALL:
	case HV_EXIT_PORT:
	case HV_EXIT_OPERATION:
	case HV_EXIT_RETURN:
		hv_user_exit(vcpu, exit);
		break;
	case HV_EXIT_DEAD:
		hv_crash_dead(vcpu, exit);
		break;
	case HV_EXIT_DOORBELL:
	case HV_EXIT_KICKED:
	case HV_EXIT_KINDS:
		break;
	}
}

static void from_kernel(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	switch (exit->kind) {
	case HV_EXIT_OPERATION:
		hv_clock_refresh(vcpu);
		hv_operation(vcpu, exit->number, exit->regs);
		break;
	case HV_EXIT_DOORBELL:
		hv_queue_doorbell(vcpu->vm, exit->number);
		break;
	case HV_EXIT_FAULT:
		hv_trap(vcpu, exit);
		break;
	case HV_EXIT_SYSCALL:
		kernel_syscall(vcpu, exit);
		break;
	case HV_EXIT_RETURN:
		hv_upcall_returned(vcpu);
		break;
	case HV_EXIT_PORT:
		kernel_port(vcpu, exit);
		break;
	case HV_EXIT_DEAD:
		hv_crash_dead(vcpu, exit);
		break;
	case HV_EXIT_KICKED:
	case HV_EXIT_KINDS:
		break;
	}
}

void hv_exit_serve(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	vcpu->stats.exits[exit->kind]++;
	if (atomic_load_explicit(&vcpu->in_user, memory_order_relaxed))
		from_user(vcpu, exit);
	else
		from_kernel(vcpu, exit);
}
