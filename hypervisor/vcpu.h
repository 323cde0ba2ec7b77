/* SPDX-License-Identifier: MIT
 *
 * A vCPU: what the hypervisor knows of one beside its registers. Each has a thread
 * of its own while it is up; vCPU 0 has the program's first. vcpu.c is its life,
 * event.c, trap.c, user.c, space.c and timer.c what it can ask for.
 *
 * Who may touch what: the vCPU's own thread everything; other threads what is
 * _Atomic, and the ports of its page.
 */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include <pthread.h>
#include <pvabi/pvabi.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine.h"
#include "roots.h"
#include "stats.h"
#include "timer.h"

struct hv_vm;

/* Where a vCPU's thread is. Whoever leaves a message for it (an event, a flush)
 * leaves it first and then looks here; the thread says where it goes first and
 * then looks for messages. Both sequentially consistent: one sees the other. */
enum hv_place {
	HV_PLACE_OUT,    /* in the hypervisor, about to look for messages */
	HV_PLACE_GUEST,  /* running the guest: must be kicked */
	HV_PLACE_ASLEEP, /* in BLOCK or down: must be woken */
	HV_PLACE_PAUSED  /* kept out of the guest, and looks when it is let in */
};

struct hv_vcpu {
	struct hv_vm *vm;
	unsigned number;
	struct pv_vcpu *page; /* shared with the guest */
	struct hv_cpu *_Atomic cpu; /* the engine's; NULL until it first comes up */
	pthread_t thread;
	bool has_thread;

	_Atomic uint32_t place;   /* enum hv_place */
	_Atomic uint32_t awaited; /* how many wait for it to leave the guest */
	_Atomic uint32_t departures; /* how often it did while awaited; a futex */
	_Atomic uint32_t wakeups; /* a futex: it sleeps on that */
	_Atomic bool up;
	_Atomic bool reload;      /* read the root again and flush */

	/* What it begins with at the next VCPU_UP. */
	struct hv_regs entry_regs;
	bool begun; /* cpu_start was called: the engine has its registers */

	_Atomic uint64_t upcall_entry; /* 0: no upcalls */
	uint64_t upcall_stack;
	uint64_t trap_entry;
	uint32_t trap_vectors;

	struct hv_root kernel_root; /* page tables of its kernel; see space.c */

	/* User mode; see user.c. */
	_Atomic bool in_user;
	void *user; /* a struct pv_user, at any multiple of 8 in guest RAM */
	struct hv_root user_root;
	struct hv_regs kernel_regs;
	struct hv_bases kernel_bases;

	struct hv_timer timer;

	uint64_t clock_refresh_ns; /* guest time of the next look at wall time */
	struct {
		uint64_t began_ns, cpu_began_ns; /* when it came up */
		uint64_t blocked_since_ns;
		uint64_t running_ns, blocked_ns, stolen_ns; /* of former lives */
		uint64_t blocked_now_ns;
		uint64_t refresh_ns;
	} run;
	struct hv_vcpu_stats stats;
};

/* vcpu.c: */

/* Run it on this thread for as long as the VM lives, also a native machine's. */
void hv_vcpu_live(struct hv_vcpu *vcpu);
/* Have it live on a thread of its own. 0, or an error number. */
int hv_vcpu_start_thread(struct hv_vcpu *vcpu);
/* PV_OP_VCPU_UP and PV_OP_VCPU_DOWN; statuses of the contract. */
int64_t hv_vcpu_up(struct hv_vcpu *caller, uint64_t number, uint64_t entry,
		   uint64_t stack, uint64_t arg);
int64_t hv_vcpu_down(struct hv_vcpu *vcpu);
/* The first one's entry, before it lives. */
void hv_vcpu_boot(struct hv_vcpu *vcpu, uint64_t entry, uint64_t stack,
		  uint64_t arg);
/* Wait for the threads of all vCPUs but the first; the VM has ended. */
void hv_vcpus_join(struct hv_vm *vm);
/* Leave a message first: make it look, if it is in the guest. Any thread, also
 * signal handlers. */
void hv_vcpu_kick(struct hv_vcpu *vcpu);
/* The same, and wait until it is not in the guest, or was out since. Not for
 * itself. */
void hv_vcpu_kick_out(struct hv_vcpu *vcpu);
/* Keep all vCPUs out of the guest, and again let them in. The caller is out. One
 * at a time: vm->pausing is held in between. */
void hv_vcpus_pause(struct hv_vm *vm);
void hv_vcpus_resume(struct hv_vm *vm);
/* On its own thread, out of the guest: wait here while all are paused. */
void hv_vcpu_stay_out(struct hv_vcpu *vcpu);
/* Paused, it has finished what it did for the guest, and its state stays as it is
 * until it is resumed, or another brings it up. */
bool hv_vcpu_at_rest(struct hv_vcpu *vcpu);
/* NULL if there is none with this number, as the guest gave it. */
struct hv_vcpu *hv_vcpu_numbered(struct hv_vm *vm, uint64_t number);

/* The page tables in force: as the processor has them. */
static inline pv_gpa_t hv_vcpu_tables(const struct hv_vcpu *vcpu)
{
	return atomic_load_explicit(&vcpu->in_user, memory_order_relaxed)
		       ? vcpu->user_root.copy : vcpu->kernel_root.copy;
}

/* Whether the processor can hold it as an address: bits 63 to 47 are equal. */
static inline bool hv_canonical(uint64_t address)
{
	return address + (UINT64_C(1) << 47) < UINT64_C(1) << 48;
}

#endif
