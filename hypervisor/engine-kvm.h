/* SPDX-License-Identifier: MIT
 *
 * What the parts of the KVM engine share: engine-kvm.c has the machine, kvm-cpu.c its
 * vCPUs, kvm-exit.c why one has left the guest.
 */
#ifndef HV_ENGINE_KVM_H
#define HV_ENGINE_KVM_H

#include <linux/kvm.h>
#include <pvabi/vcpu.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "engine.h"
#include "kvm-cpuid.h"
#include "window.h"

struct hv_kvm;

struct hv_kvm_cpu {
	struct hv_cpu cpu; /* first: ops take a pointer to it */
	struct hv_kvm *kvm;
	unsigned number;
	int fd;
	struct kvm_run *run;
	_Atomic pid_t thread;   /* that runs it; 0: none yet */
	bool interrupted;       /* the last run ended before the guest did a thing
				 * that it would have to exit for */
	bool regs_given;        /* handed out: give them back */
	bool sregs_changed;     /* sregs go in before the next run */
	uint32_t shown;         /* what KVM shared at the last exit, KVM_SYNC_X86_* */
	unsigned sregs_used;    /* at how many more exits it is to share those */
	unsigned events_used;   /* and its vcpu_events */
	struct hv_regs regs;    /* without KVM_CAP_SYNC_REGS */
	struct kvm_sregs sregs; /* the same, and while sregs_changed */
	struct kvm_sregs entry_sregs; /* those of the entry state */
	uint64_t cr3_given; /* the one KVM has */
	bool started;
	bool user;              /* it is in user mode */
	bool allowing;          /* it is in the stub of kvm-keys.h, and goes on with */
	struct hv_regs after_keys;
};

struct hv_kvm {
	struct hv_engine engine; /* first: ops take a pointer to it */
	const struct hv_window *window;
	struct hv_cpuid cpuid;
	int dev, vm;
	size_t run_bytes;
	bool sync_regs;
	bool user_mode;  /* SYSCALL leads to the user page */
	bool tables_mapped;
	_Atomic bool keys; /* guests may have their instructions: kvm-keys.h */
	struct hv_kvm_cpu *cpu[PV_VCPUS_MAX];
};

#define HV_KVM_KICK_SIGNAL SIGUSR1

static inline struct hv_kvm *hv_kvm_of(struct hv_engine *engine)
{
	return (struct hv_kvm *)(void *)engine;
}

/* /dev/kvm, or -1 and what to do about it. */
int hv_kvm_open(struct hv_error *err);
/* Interrupt KVM_RUN by HV_KVM_KICK_SIGNAL, and what hv_kvm_on_bus_error is for. */
void hv_kvm_handle_signals(void);
/* KVM that needs no virtualization by the processor, and interprets ring 0. */
bool hv_kvm_is_software(const struct hv_cpuid *cpuid);
/* KVM_RUN of a vCPU, on its thread: -1 with errno, as ioctl. */
int hv_kvm_enter(int fd);
/* Have KVM_RUN return EINTR, now or at its next call, on this thread (0: there is none
 * yet), unless it is the caller's. Also from signal handlers. */
void hv_kvm_kick(struct kvm_run *run, pid_t thread, bool is_own);
/* "KVM on this host refuses `what`: errno", and -1. */
int hv_kvm_refuses(struct hv_error *err, const char *what);

/* kvm-cpu.c: the cpu_* of struct hv_engine_ops, and */
int hv_kvm_cpu_create(struct hv_engine *engine, unsigned number,
		      struct hv_cpu **ret_cpu, struct hv_error *err);
void hv_kvm_cpu_free(struct hv_kvm_cpu *cpu);
void hv_kvm_cpu_adopt(struct hv_cpu *cpu);
int hv_kvm_cpu_start(struct hv_cpu *cpu, const struct hv_regs *regs,
		     pv_gpa_t root, const struct hv_bases *bases);
void hv_kvm_cpu_run(struct hv_cpu *cpu, struct hv_exit *ret_exit);
void hv_kvm_cpu_kick(struct hv_cpu *cpu);
uint8_t *hv_kvm_cpu_kick_byte(struct hv_cpu *cpu);
struct hv_regs *hv_kvm_cpu_regs(struct hv_cpu *cpu);
int hv_kvm_cpu_bases(struct hv_cpu *cpu, struct hv_bases *ret_bases);
void hv_kvm_cpu_enter(struct hv_cpu *cpu, bool user, pv_gpa_t root,
		      const struct hv_bases *bases);
int hv_kvm_cpu_flush(struct hv_cpu *cpu, pv_gpa_t root);
bool hv_kvm_cpu_busy(struct hv_cpu *cpu);
bool hv_kvm_cpu_returning(struct hv_cpu *cpu);

/* kvm-cpu.c. A host that is booted with split_lock_detect=fatal sends SIGBUS to a
 * vCPU's thread for what its guest did, and tells it by an exit as well: that one is
 * the guest's affair. */
void hv_kvm_on_bus_error(int number, siginfo_t *info, void *context);

/* kvm-cpu.c, for kvm-exit.c: the general registers as KVM has them, or NULL; the same
 * behind an `out` of ours, to be changed, in the stub of kvm-keys.h as well, where
 * cpu_regs are those it goes on with; and have the others in c->sregs, to be
 * changed: 0 or -errno. */
struct hv_regs *hv_kvm_raw_regs(struct hv_kvm_cpu *c);
struct hv_regs *hv_kvm_regs(struct hv_kvm_cpu *c);
int hv_kvm_take_sregs(struct hv_kvm_cpu *c);

/* kvm-exit.c: */

/* Why KVM_RUN returned. */
void hv_kvm_exit(struct hv_kvm_cpu *c, struct hv_exit *exit);
void hv_kvm_dead(struct hv_exit *exit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Raised by an instruction that is made for it, and so stepped over. */
bool hv_kvm_is_soft(uint64_t vector);

#endif
