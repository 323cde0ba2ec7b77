/* SPDX-License-Identifier: MIT
 *
 * Floors of an exception: see floor.h.
 */
#include "../clock.h"
#include "bare-kvm.h"
#include "floor.h"

/* Nobody but the processor, or KVM in its stead: a handler that cannot know the
 * address of a page fault, on whatever stack is in use. */
static int by_gate(struct hv_bare_cpu *cpu, uint64_t run_ns, double *ret_ns,
		   struct hv_error *err)
{
	uint64_t start_ns, ns = 0, faults = 0;

	hv_bare_gate(cpu->machine, hv_bare_skip_ud2, 3);
	if (hv_bare_begin(cpu, hv_bare_faults, false, err) < 0 ||
	    hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	for (start_ns = hv_host_ns(); ns < run_ns; ns = hv_host_ns() - start_ns) {
		if (hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
			return -1;
		faults += HV_BARE_FAULTS;
	}
	*ret_ns = (double)ns / (double)faults;
	return 0;
}

/* From the stub at ring 0 to the handler at ring 3, with the frame that the
 * processor left for the stub. */
static void deliver(struct hv_bare_cpu *cpu)
{
	struct kvm_regs *regs = hv_bare_regs(cpu);
	const uint64_t *frame = hv_bare_cell(cpu->machine, regs->rsp);

	regs->rip = frame[0];
	regs->rflags = frame[2];
	regs->rsp = frame[3];
	hv_bare_ring3(hv_bare_sregs(cpu));
	hv_bare_enter(cpu, hv_bare_skip_ud2);
	hv_bare_dirty(cpu, true);
}

/* One each, but for the call in between, which is one in a thousand. */
static int by_exit(struct hv_bare_cpu *cpu, uint64_t run_ns, double *ret_ns,
		   struct hv_error *err)
{
	uint64_t start_ns = hv_host_ns(), ns = 0, faults = 0;

	hv_bare_gate(cpu->machine, hv_bare_fault, 0);
	if (hv_bare_begin(cpu, hv_bare_faults, true, err) < 0)
		return -1;
	for (; ns < run_ns; ns = hv_host_ns() - start_ns) {
		int port = hv_bare_run(cpu, err);

		if (port < 0)
			return -1;
		if (port == HV_BARE_PORT_FAULT) {
			deliver(cpu);
			faults++;
		}
	}
	*ret_ns = (double)ns / (double)faults;
	return 0;
}

static int with_machine(int (*measure)(struct hv_bare_cpu *, uint64_t, double *,
				       struct hv_error *),
			uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	struct hv_bare_kvm bare;
	int rc;

	if (hv_bare_kvm_create(&bare, 1, err) < 0)
		return -1;
	rc = measure(&bare.cpu[0], run_ns, ret_ns, err);
	hv_bare_kvm_done(&bare);
	return rc;
}

int hv_floor_trap_gate(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	return with_machine(by_gate, run_ns, ret_ns, err);
}

int hv_floor_trap_exit(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	return with_machine(by_exit, run_ns, ret_ns, err);
}
