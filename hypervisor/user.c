/* SPDX-License-Identifier: MIT
 *
 * See user.h. The switch is made here and not by code at ring 0 in the guest: such
 * code is interpreted under software KVM, and costs as much as the exit.
 */
#include "user.h"

#include <pvabi/pvabi.h>
#include <string.h>

#include "engine.h"
#include "operations.h"
#include "roots.h"
#include "space.h"
#include "vm.h"

_Static_assert(offsetof(struct pv_user, rsp) == offsetof(struct hv_regs, rsp) &&
		       offsetof(struct pv_user, r15) ==
			       offsetof(struct hv_regs, r15) &&
		       offsetof(struct pv_user, rflags) ==
			       offsetof(struct hv_regs, rflags),
	       "pv_user must begin as hv_regs");

static int64_t check(const struct pv_user *user)
{
	return hv_canonical(user->rip) && hv_canonical(user->fs_base) &&
			       hv_canonical(user->gs_base)
		       ? 0 : -PV_EINVAL;
}

/* From the kernel, whose registers are those of the call. */
static int64_t enter(struct hv_vcpu *vcpu, const struct pv_user *user,
		     struct hv_regs *regs)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;
	struct hv_bases bases = { user->fs_base, user->gs_base };
	struct hv_root root = { .guest = user->root };
	int64_t status = hv_roots_copy(vcpu->vm, &root, true);

	if (status < 0)
		return status;
	if (ops->cpu_bases(vcpu->cpu, &vcpu->kernel_bases) < 0)
		return -PV_EIO;
	vcpu->user_root = root;
	vcpu->kernel_regs = *regs;
	memcpy(regs, user, sizeof(*regs));
	regs->rflags = (user->rflags & HV_RFLAGS_GUEST) | HV_RFLAGS_ALWAYS;
	atomic_store(&vcpu->in_user, true);
	ops->cpu_enter(vcpu->cpu, true, root.copy, &bases);
	vcpu->stats.user_runs++;
	return 0;
}

void hv_user_run(struct hv_vcpu *vcpu, struct hv_regs *regs)
{
	pv_gpa_t gpa = regs->rdi;
	struct pv_user user;
	void *at = hv_memory_at(&vcpu->vm->memory, gpa, sizeof(user));
	int64_t status = -PV_EFAULT;

	if (gpa % sizeof(uint64_t))
		status = -PV_EINVAL;
	else if (at) {
		hv_copy_once(&user, at, sizeof(user));
		status = check(&user);
	}
	if (status == 0) {
		vcpu->user = at;
		status = enter(vcpu, &user, regs);
	}
	if (status < 0) {
		regs->rax = (uint64_t)status;
		hv_operation_poison(vcpu->vm, regs);
	}
}

/* Where the guest wants it is a multiple of 8 only, less than the structure is
 * declared with: so it is made here, and copied. All but root, which is only
 * read. */
static void show(void *guest, const struct pv_user *user)
{
	const size_t root = offsetof(struct pv_user, root);
	const size_t reason = offsetof(struct pv_user, reason);

	memcpy(guest, user, root);
	memcpy((uint8_t *)guest + reason, (const uint8_t *)user + reason,
	       sizeof(*user) - reason);
}

static void leave(struct hv_vcpu *vcpu, enum pv_user_reason reason,
		  unsigned vector, uint64_t error_code, uint64_t fault_address)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;
	struct hv_regs *regs = ops->cpu_regs(vcpu->cpu);
	struct pv_user user;
	struct hv_bases bases;

	if (!regs || ops->cpu_bases(vcpu->cpu, &bases) < 0) {
		hv_vm_fail(vcpu->vm, "KVM does not show a vCPU's registers");
		return;
	}
	memcpy(&user, regs, sizeof(*regs));
	user.fs_base = bases.fs;
	user.gs_base = bases.gs;
	user.reason = reason;
	user.vector = vector;
	user.error_code = error_code;
	user.fault_address = fault_address;
	show(vcpu->user, &user);
	*regs = vcpu->kernel_regs;
	regs->rax = reason;
	hv_operation_poison(vcpu->vm, regs);
	atomic_store(&vcpu->in_user, false);
	hv_space_kernel_copy(vcpu);
	ops->cpu_enter(vcpu->cpu, false, vcpu->kernel_root.copy,
		       &vcpu->kernel_bases);
}

void hv_user_leave(struct hv_vcpu *vcpu, enum pv_user_reason reason)
{
	leave(vcpu, reason, 0, 0, 0);
}

/* SYSCALL leads to a page that user mode can also jump to, with anything in rcx
 * for a return address and in r11 for flags. */
static void on_syscall(struct hv_vcpu *vcpu, struct hv_regs *regs)
{
	regs->rflags = (regs->rflags & HV_RFLAGS_GUEST) | HV_RFLAGS_ALWAYS;
	if (hv_canonical(regs->rip)) {
		leave(vcpu, PV_USER_SYSCALL, 0, 0, 0);
		return;
	}
	regs->rip = PV_WINDOW_BASE;
	leave(vcpu, PV_USER_TRAP, HV_VECTOR_PROTECTION, 0, 0);
}

void hv_user_exit(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	if (exit->kind == HV_EXIT_SYSCALL)
		on_syscall(vcpu, exit->regs);
	else if (exit->kind == HV_EXIT_FAULT)
		leave(vcpu, PV_USER_TRAP, exit->vector, exit->error_code,
		      exit->fault_address);
	else /* a port: as any other privileged instruction */
		leave(vcpu, PV_USER_TRAP, HV_VECTOR_PROTECTION, 0, 0);
}
