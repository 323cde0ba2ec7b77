/* SPDX-License-Identifier: MIT
 *
 * Threads: preemptive, on one vCPU or on several, sharing all of memory.
 *
 *	static void work(void *arg) { ... }
 *
 *	pvg_sched_start(0);                  main goes on as the first thread
 *	pvg_thread_create(&thread, work, arg, NULL);
 *	pvg_thread_join(thread);
 *
 * One queue of ready threads for all vCPUs: first come, first served, and none
 * idles while another has a thread waiting for it. The timer is set only while
 * somebody waits for a turn: a thread that is alone on its vCPU is never
 * interrupted, and an idle vCPU sleeps in PV_OP_BLOCK.
 *
 * All that waits in this library (sleeping, event ports, disks, console input)
 * holds up the calling thread only once the scheduler runs. Threads wait for
 * each other by <pvguest/sync.h>. Variables declared __thread, or thread_local
 * in C++, are each thread's own, with or without the scheduler.
 *
 * The scheduler has the timer of every vCPU for itself: its handler takes the place
 * of another one of PV_PORT_TIMER, pvg_port_handle of that port is a panic from then
 * on, and pvg_timer_set is not for use.
 *
 * vCPUs that the scheduler brings up go on with the page tables of the one that
 * calls pvg_sched_start, and let traps in if that has called pvg_traps_start: both
 * come before it. What else each vCPU has to do for itself, such as to unmask ports
 * that it handles, a thread does that may run on that vCPU only (the option vcpus).
 * So it is with changes of page tables later: pvg_root_load counts on one vCPU.
 *
 * A handler of an upcall runs on whatever thread it interrupted and may not wait; it
 * may create threads, post semaphores and signal conditions.
 */
#ifndef PVGUEST_THREAD_H
#define PVGUEST_THREAD_H

#include <pvguest/upcall.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvg_thread;

/* Run threads on the first so many vCPUs, 0: all; the others are left alone.
 * Takes over vCPU 0, from where it is called, and brings the others up. Answers
 * how many run threads: fewer than asked for if the host has no more;
 * -PV_ENOSYS without PV_FEATURE_UPCALLS and PV_FEATURE_TIMER, -PV_EBUSY (it runs
 * already), -PV_ENOMEM. Cost some exits for each vCPU. */
int pvg_sched_start(unsigned vcpus);

/* How long a thread may go on while another waits for its turn. */
#define PVG_SLICE_NS UINT64_C(10000000)
void pvg_sched_slice(uint64_t ns);

/* All of it may be 0. */
struct pvg_thread_options {
	const char *name;   /* for reports: 23 bytes of it; NULL: "nameless N" */
	size_t stack_bytes; /* 0: PVG_THREAD_STACK_BYTES */
	uint64_t vcpus;     /* bit n: may run on vCPU n; 0: on any */
};

/* An upcall takes up to 4 KiB of a stack; so do the printf functions. There is no
 * guard page below: a stack that ran over is found when the thread is switched
 * away, by when it has overwritten what lies there. */
#define PVG_THREAD_STACK_BYTES (64u << 10)
#define PVG_THREAD_STACK_MIN_BYTES (16u << 10)

/* A thread that runs fn(arg) and ends when that returns; what memory the caller
 * wrote before, it sees. It must be joined, unless ret_thread is NULL: nobody
 * can then, and it vanishes when it ends. options NULL: all 0. 0, -PV_ENOMEM,
 * -PV_EINVAL (the scheduler does not run, or on none of these vCPUs). No exit,
 * but what it takes to wake a vCPU. */
int pvg_thread_create(struct pvg_thread **ret_thread, void (*fn)(void *arg),
		      void *arg, const struct pvg_thread_options *options);

/* Wait until a thread has ended, and give its memory back. Once for each, which is
 * noticed as long as nothing else has that memory. */
void pvg_thread_join(struct pvg_thread *thread);

/* End the calling thread here. That of main may end too: the program goes on
 * until pvg_exit. */
__attribute__((noreturn)) void pvg_thread_exit(void);

/* Let another thread have its turn, if one is ready. No exit. */
void pvg_thread_yield(void);

/* The calling thread. That of main exists from the start; on a vCPU that
 * pvg_vcpu_up brought up there is none: NULL. No exit: one load. */
static inline struct pvg_thread *pvg_thread_self(void)
{
#ifdef PVG_HOSTED
	return (struct pvg_thread *)(uintptr_t)pvg_vcpu()->own[PVG_OWN_THREAD];
#else
	struct pvg_thread *self;

	/* Not volatile: a function sees one thread only, on whatever vCPU. */
	__asm__("movq %%gs:%c1, %0"
		: "=r"(self)
		: "i"(offsetof(struct pv_vcpu, own) + 8 * PVG_OWN_THREAD));
	return self;
#endif
}

/* Never NULL, "" without one. */
const char *pvg_thread_name(const struct pvg_thread *thread);

/* A switch that was put off until pvg_preempt_on. */
void pvg_preempt_late(void);

/* Hold off switching on this vCPU, which the thread stays on, while upcalls go on.
 * These nest. Nothing may wait between them. No exit: an instruction. */
static inline void pvg_preempt_off(void)
{
#ifdef PVG_HOSTED
	pvg_vcpu()->own[PVG_OWN_PREEMPT]++;
#else
	__asm__ volatile("addl $1, %%gs:%c0"
			 :
			 : "i"(offsetof(struct pv_vcpu, own) +
			       8 * PVG_OWN_PREEMPT)
			 : "memory", "cc");
#endif
}

static inline void pvg_preempt_on(void)
{
#ifdef PVG_HOSTED
	pvg_vcpu()->own[PVG_OWN_PREEMPT]--;
#else
	bool late;

	/* Moved to another vCPU in between, the thread looks at that
	 * one's flag, which does no harm. */
	__asm__ volatile("subl $1, %%gs:%c1\n\t"
			 "cmpl $0, %%gs:%c2"
			 : "=@ccne"(late)
			 : "i"(offsetof(struct pv_vcpu, own) +
			       8 * PVG_OWN_PREEMPT),
			   "i"(offsetof(struct pv_vcpu, own) +
			       8 * PVG_OWN_PREEMPT + 4)
			 : "memory", "cc");
	if (__builtin_expect(late, 0))
		pvg_preempt_late();
#endif
}

/* What the scheduler did on a vCPU, since it runs. */
struct pvg_sched_stats {
	uint64_t switches;    /* from one thread to another, idling included */
	uint64_t preemptions; /* of them, by the end of a slice */
	uint64_t blocks;      /* times it went to sleep for want of a thread */
	uint64_t calls;       /* events it sent to other vCPUs */
};
/* One vCPU's; zeroes for one that runs no threads. No exit. */
struct pvg_sched_stats pvg_sched_stats(unsigned vcpu);

#ifdef __cplusplus
}
#endif
#endif
