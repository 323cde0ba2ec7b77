/* SPDX-License-Identifier: MIT
 *
 * Virtual processors: which one this is, and bringing others up.
 *
 *	static void work(void *arg) { ... }
 *
 *	for (unsigned n = 1; n < pvg_vcpus(); n++)
 *		pvg_vcpu_up(n, work, &job[n], 0);
 *
 * GS is the library's: GS base is the address of the vCPU's page
 * (<pvabi/vcpu.h>), of which the guest owns a few words. FS is the threads'.
 */
#ifndef PVGUEST_VCPU_H
#define PVGUEST_VCPU_H

#include <pvguest/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What pv_vcpu.own is used for. Only PVG_OWN_USER is the program's. */
enum pvg_own {
	PVG_OWN_SELF = 0,   /* the page's address, for GS to lead to */
	PVG_OWN_THREAD = 1, /* the running thread; 0 where there is none */
	PVG_OWN_PERCPU = 2, /* struct pvg_percpu, the library's own record */
	PVG_OWN_USER = 3,   /* a kernel's own record of the vCPU; 0 at first */
	/* The scheduler's. Low half: how often preemption is off; high half: not
	 * 0 if a switch is due. */
	PVG_OWN_PREEMPT = 4
};

/* The page this vCPU shares with the hypervisor. No exit: one load. A thread
 * that may be moved to another vCPU masks upcalls or switches preemption off as
 * long as it relies on the answer. */
#ifdef PVG_HOSTED
extern __thread struct pv_vcpu *pvg_hosted_vcpu;

static inline struct pv_vcpu *pvg_vcpu(void)
{
	return pvg_hosted_vcpu;
}
#else
static inline struct pv_vcpu *pvg_vcpu(void)
{
	struct pv_vcpu *vcpu;

	__asm__ volatile("movq %%gs:%c1, %0"
			 : "=r"(vcpu)
			 : "i"(offsetof(struct pv_vcpu, own)));
	return vcpu;
}
#endif

/* The number of this vCPU, from 0. */
static inline unsigned pvg_vcpu_number(void)
{
	return pvg_vcpu()->number;
}

/* How many vCPUs the VM has, up or not: number 0 is up at the start. */
static inline unsigned pvg_vcpus(void)
{
	return pvg_boot.vcpus;
}

/* The page of any vCPU, up or not. */
static inline struct pv_vcpu *pvg_vcpu_page(unsigned vcpu)
{
	return (struct pv_vcpu *)(uintptr_t)(
		pvg_boot.vcpu_addr +
		(uint64_t)vcpu * pvg_boot.vcpu_stride_bytes);
}

/* Bring a vCPU up in fn, on a new stack (stack_bytes, 0:
 * PV_STACK_DEFAULT_BYTES) and the caller's page tables, with no timer, all ports
 * masked, and neither upcalls nor traps started: handlers are common to all
 * vCPUs, letting them in is each one's own. When fn returns the vCPU goes down. What
 * memory the caller wrote before, fn sees. 0; -PV_ENODEV (no such vCPU), -PV_EBUSY (it
 * is up), -PV_ENOMEM (or the host has no thread for it), -PV_ENOSYS without
 * PV_FEATURE_SMP. Cost 1 exit. */
int pvg_vcpu_up(unsigned vcpu, void (*fn)(void *arg), void *arg,
		size_t stack_bytes);

/* Take this vCPU down; it can be brought up again. Returns only if it is the
 * last one that is up: -PV_EBUSY (or -PV_ENOSYS). Its stack is given back when
 * it comes up again. Cost 1 exit. */
int pvg_vcpu_down(void);

/* Make a port of a vCPU pending, as a source on the host would: an interrupt
 * from one processor to another. It may be down, or this one. 0, -PV_ENODEV,
 * -PV_EINVAL (a fixed port), -PV_ENOSYS without PV_FEATURE_UPCALLS. Cost 1 exit
 * here, and one there if it runs and has not been told before. */
static inline int pvg_event_send(unsigned vcpu, unsigned port)
{
	return (int)pvg_op_send_event(vcpu, port);
}

/* Give the host CPU to a vCPU that has what this one spins for, if it lacks
 * one; to anybody without PV_FEATURE_SMP. Cost 1 exit. */
static inline void pvg_vcpu_yield_to(unsigned vcpu)
{
	if (pvg_op_yield_to(vcpu) < 0)
		pvg_op_yield();
}

/* Where the time of a vCPU went (running, blocked, stolen by the host), as of
 * the record's renewed_ns: one consistent copy. No exit. */
static inline struct pv_run pvg_vcpu_run(unsigned vcpu)
{
	const struct pv_run *run = &pvg_vcpu_page(vcpu)->run;
	struct pv_run copy;

	do {
		copy.seq = __atomic_load_n(&run->seq, __ATOMIC_ACQUIRE);
		copy.state = __atomic_load_n(&run->state, __ATOMIC_RELAXED);
		copy.since_ns = __atomic_load_n(&run->since_ns,
						__ATOMIC_RELAXED);
		copy.running_ns = __atomic_load_n(&run->running_ns,
						  __ATOMIC_RELAXED);
		copy.blocked_ns = __atomic_load_n(&run->blocked_ns,
						  __ATOMIC_RELAXED);
		copy.stolen_ns = __atomic_load_n(&run->stolen_ns,
						 __ATOMIC_RELAXED);
		copy.renewed_ns = __atomic_load_n(&run->renewed_ns,
						  __ATOMIC_RELAXED);
		copy.reserved[0] = copy.reserved[1] = 0;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (copy.seq & 1 ||
		 copy.seq != __atomic_load_n(&run->seq, __ATOMIC_RELAXED));
	return copy;
}

#ifdef __cplusplus
}
#endif
#endif
