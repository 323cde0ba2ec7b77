/* SPDX-License-Identifier: MIT
 *
 * The floor under everything that leaves the guest: a machine of 2 MiB at ring 3 and
 * a loop of KVM_RUN, without any of the program's own code between them. What a
 * floor does with it is in bare-*.c, what the guest does in bare-code.S.
 */
#ifndef HV_BENCH_BARE_KVM_H
#define HV_BENCH_BARE_KVM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "../error.h"
#include "bare-code.h"

#define HV_BARE_CPUS_MAX 2

struct hv_bare_cpu {
	struct hv_bare_kvm *machine;
	int fd;
	struct kvm_run *run;
};

struct hv_bare_kvm {
	int kvm, vm;
	unsigned cpus;
	bool tsc_differs; /* from the host's: no delays can be taken */
	uint8_t task_state_type;
	uint64_t run_bytes;
	uint8_t *memory;
	struct hv_bare_cpu cpu[HV_BARE_CPUS_MAX];
};

/* Page tables: two that map all of memory, and user mode's. */
enum hv_bare_root {
	HV_BARE_ROOT = 0x1000,
	HV_BARE_ROOT_OTHER = 0x2000,
	HV_BARE_ROOT_USER = 0x3000
};

int hv_bare_kvm_create(struct hv_bare_kvm *bare, unsigned cpus,
		       struct hv_error *err);
void hv_bare_kvm_done(struct hv_bare_kvm *bare);

/* Where a piece of bare-code.S lies for the guest. */
static inline uint64_t hv_bare_at(const uint8_t *code)
{
	return HV_BARE_CODE + (uint64_t)(code - hv_bare_code);
}

static inline uint64_t *hv_bare_cell(struct hv_bare_kvm *bare, uint64_t gpa)
{
	return (uint64_t *)(void *)(bare->memory + gpa);
}

/* Have #UD lead to code at ring 3, or at ring 0 on a stack of its own. */
void hv_bare_gate(struct hv_bare_kvm *bare, const uint8_t *code, unsigned ring);
/* Have SYSCALL lead to hv_bare_syscall. */
int hv_bare_syscalls(struct hv_bare_cpu *cpu, struct hv_error *err);
/* Begin at a piece of code. With `system` the system's registers are shared too,
 * not the general ones alone. */
int hv_bare_begin(struct hv_bare_cpu *cpu, const uint8_t *code, bool system,
		  struct hv_error *err);

/* Run until it leaves by a port, which is answered; 0: it was interrupted; -1. */
int hv_bare_run(struct hv_bare_cpu *cpu, struct hv_error *err);
/* Run as far as that port. */
int hv_bare_run_to(struct hv_bare_cpu *cpu, int port, struct hv_error *err);

/* General registers since the last exit; hv_bare_dirty has what was changed go in. */
static inline struct kvm_regs *hv_bare_regs(struct hv_bare_cpu *cpu)
{
	return &cpu->run->s.regs.regs;
}

static inline struct kvm_sregs *hv_bare_sregs(struct hv_bare_cpu *cpu)
{
	return &cpu->run->s.regs.sregs;
}

/* Those of the system alone. KVM shows a task state as busy that was not. */
static inline void hv_bare_dirty_sregs(struct hv_bare_cpu *cpu)
{
	hv_bare_sregs(cpu)->tr.type = cpu->machine->task_state_type;
	cpu->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
}

static inline void hv_bare_dirty(struct hv_bare_cpu *cpu, bool system)
{
	cpu->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	if (system)
		hv_bare_dirty_sregs(cpu);
}

/* Code and stack segments of ring 3, as at the beginning. */
void hv_bare_ring3(struct kvm_sregs *sregs);
/* Past the `out` that it left by: some hosts show it as still to be done, and step
 * over it unless rip was changed. */
void hv_bare_step(struct hv_bare_cpu *cpu);
/* A frame of its registers on its stack, and on at the handler. */
void hv_bare_enter(struct hv_bare_cpu *cpu, const uint8_t *handler);
/* The same for one that left by a port, or was interrupted. */
void hv_bare_interrupt(struct hv_bare_cpu *cpu, const uint8_t *handler);

#endif
