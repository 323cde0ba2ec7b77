/* SPDX-License-Identifier: MIT
 *
 * Floors of page tables and of user mode: see floor.h.
 */
#include "../clock.h"
#include "bare-kvm.h"
#include "floor.h"

struct space {
	struct hv_bare_kvm bare;
	struct kvm_regs user; /* while the kernel runs */
};

/* KVM is told the new root with the next KVM_RUN: no other ioctl. */
static int load(struct space *space, struct hv_error *err)
{
	struct hv_bare_cpu *cpu = &space->bare.cpu[0];

	if (hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	hv_bare_sregs(cpu)->cr3 ^= HV_BARE_ROOT ^ HV_BARE_ROOT_OTHER;
	hv_bare_dirty_sregs(cpu);
	return 0;
}

/* The kernel's call takes it to user mode, a system call back. */
static int switch_both_ways(struct space *space, struct hv_error *err)
{
	struct hv_bare_cpu *cpu = &space->bare.cpu[0];
	struct kvm_regs *regs = hv_bare_regs(cpu), *user = &space->user;
	struct kvm_sregs *sregs = hv_bare_sregs(cpu);
	struct kvm_regs kernel;

	if (hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	hv_bare_step(cpu);
	kernel = *regs;
	*regs = *user;
	sregs->cr3 = HV_BARE_ROOT_USER;
	hv_bare_dirty(cpu, true);
	if (hv_bare_run_to(cpu, HV_BARE_PORT_SYSCALL, err) < 0)
		return -1;
	*user = *regs;
	user->rip = regs->rcx;
	user->rflags = regs->r11;
	*regs = kernel;
	sregs->cr3 = HV_BARE_ROOT;
	hv_bare_ring3(sregs); /* most hosts get to the stub at ring 0 */
	hv_bare_dirty(cpu, true);
	return 0;
}

static int repeat(int (*once)(struct space *, struct hv_error *),
		  uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	struct space space = {
		.user.rip = HV_BARE_USER_CODE +
			    (uint64_t)(hv_bare_system_calls - hv_bare_code),
		.user.rflags = 2,
	};
	uint64_t start_ns, ns = 0, times = 0;
	int rc;

	if (hv_bare_kvm_create(&space.bare, 1, err) < 0)
		return -1;
	rc = hv_bare_syscalls(&space.bare.cpu[0], err);
	if (rc == 0)
		rc = hv_bare_begin(&space.bare.cpu[0], hv_bare_call, true, err);
	start_ns = hv_host_ns();
	for (; rc == 0 && ns < run_ns; ns = hv_host_ns() - start_ns) {
		rc = once(&space, err);
		times++;
	}
	*ret_ns = (double)ns / (double)times;
	hv_bare_kvm_done(&space.bare);
	return rc;
}

int hv_floor_root(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	return repeat(load, run_ns, ret_ns, err);
}

int hv_floor_user(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	return repeat(switch_both_ways, run_ns, ret_ns, err);
}
