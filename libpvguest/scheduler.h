/* SPDX-License-Identifier: MIT
 *
 * What the files of the scheduler share. Read first <pvguest/thread.h>.
 *
 * A thread is in one of these states, and changes under the lock only:
 *
 *	running   the PVG_OWN_THREAD of one vCPU; in no list
 *	ready     in the list of those ready
 *	waiting   in a list of waiters, a sleep queue, both, or neither
 *	ended     its stack is not in use once the lock has been free
 *
 * One lock guards all of it: lists, sleep queues, and the slow halves of what is
 * in <pvguest/sync.h>. It is taken with upcalls masked and held over the switch
 * from one stack to another: who was switched to gives it back. Hence nobody can
 * find a thread ready whose registers are not saved yet. Held for some 50 ns at a
 * time; it is what dozens of vCPUs that switch all the time would wait for.
 *
 *	scheduler.c       the lock, choosing, switching, waiting, waking
 *	sched-time.c      slices, sleepers, the timer
 *	sched-vcpu.c      starting, idling, calling another vCPU
 *	sched-ports.c     pvg_ports_wait and pvg_sleep_until of a thread
 *	thread.c          a thread's memory, beginning and end
 *	mutex.c, semaphore.c, condition.c
 */
#ifndef PVG_SCHEDULER_H
#define PVG_SCHEDULER_H

#include <pvguest/spinlock.h>
#include <pvguest/sync.h>

#include "internal.h"
#include "sleep-queue.h"

#define PVG_THREAD_NAME_BYTES 24

/* FS base of a thread is its address, below which its variables lie. */
struct pvg_thread {
	struct pvg_thread *self; /* where x86-64 looks for it */
	void *sp;                /* its registers, while it does not run */
	/* thread-list.h */
	struct pvg_thread *next, *prev;
	struct pvg_waiters *list;
	uint64_t vcpus; /* where it may run */
	struct sleep_node sleep;
	unsigned vcpu;     /* where it ran last */
	bool timed_out;    /* why it was woken */
	bool passed_over;  /* mutex.c: was woken for a mutex and did not get it */
	bool ended;
	bool nobody_joins;
	bool joined; /* somebody waits for it, or has: its memory may be gone */
	struct pvg_waiters joiner;
	/* thread.c */
	void (*fn)(void *arg);
	void *arg;
	void *pages; /* all of its memory, from the end of its stack on */
	size_t pages_count;
	char name[PVG_THREAD_NAME_BYTES];
} PV_ALIGNED(PVG_TLS_ALIGN);

/* switch.S: save this thread's registers on its stack and the stack's address at
 * save_sp; go on with those that another one saved at sp, as thread `to`. */
void pvg_thread_switch(void **save_sp, void *sp, struct pvg_thread *to);

/* scheduler.c */
struct pvg_sched_vcpu {
	unsigned number;
	struct pvg_thread *idle; /* runs when nobody is ready */
	struct pvg_thread *gone; /* has ended here, and nobody joins it */
	struct sleep_queue sleepers;
	/* sched-time.c; PV_FOREVER: none */
	uint64_t timer_ns; /* what the hypervisor was told */
	uint64_t slice_end_ns;
	bool slice_is_older; /* than the running thread's turn */
	bool look_at_timer;  /* something may have to happen before timer_ns */
	/* sched-vcpu.c */
	bool called; /* idle, but there is a thread for it now */
	bool asleep; /* not to be had without an event */
	uint64_t calls; /* vCPUs to send an event to, once the lock is free */
	struct pvg_sched_stats stats;
} PV_ALIGNED(PV_CACHE_LINE);

struct pvg_sched {
	struct pvg_spinlock lock;
	unsigned vcpus; /* that run threads; 0: not started */
	struct pvg_waiters ready;
	uint64_t idle;     /* bit n: vCPU n has nothing to do and was not called */
	uint64_t unsliced; /* bit n: vCPU n's thread may go on without end */
	uint64_t slice_ns;
};
extern struct pvg_sched pvg_sched;
extern struct pvg_sched_vcpu pvg_sched_vcpus[PV_VCPUS_MAX];

/* This vCPU's. One that runs no threads has a record too: who posts a semaphore
 * from there needs it. */
static inline struct pvg_sched_vcpu *sched_here(void)
{
	return &pvg_sched_vcpus[pvg_vcpu_number()];
}

/* PVG_OWN_PREEMPT when a switch is due and nothing holds it off. */
#define SWITCH_DUE (UINT64_C(1) << 32)

/* Whether the running thread is the one that idles (or there is none). */
static inline bool sched_is_idle(const struct pvg_sched_vcpu *here)
{
	return pvg_thread_self() == here->idle;
}

/* Take the lock; answers what the unlocking needs. Unlocking tells other vCPUs and
 * the hypervisor what they have to know of what was done. */
bool pvg_sched_lock(void);
void pvg_sched_unlock(bool was_masked);

/* All with the lock held: */

/* Wait, in a list or not, until somebody wakes this thread, 0, or the deadline
 * has come, -PV_ETIMEDOUT. The lock is free meanwhile. */
int pvg_sched_wait(struct pvg_waiters *list, uint64_t deadline_ns);
/* Make a thread that waits ready. */
void pvg_sched_wake(struct pvg_thread *thread);
/* The first of a list; NULL if nobody waits there. */
struct pvg_thread *pvg_sched_wake_first(struct pvg_waiters *list);
/* Put a thread into the list of those ready, and see to a vCPU for it. */
void pvg_sched_ready(struct pvg_thread *thread);
/* Run another thread, or idle; this one is where it belongs already. Returns when
 * it is its turn again, perhaps on another vCPU. */
void pvg_sched_leave(void);
/* The idle thread's way to one that is ready; whether there was one. */
bool pvg_sched_leave_idle(void);
/* This thread goes to the end of those ready, if there is another. */
void pvg_sched_yield(bool preempted);

/* sched-time.c */
void pvg_sched_slice_begins(struct pvg_sched_vcpu *here);
void pvg_sched_wake_sleepers(struct pvg_sched_vcpu *here);
/* The deadline to tell the hypervisor of, 0: none. */
uint64_t pvg_sched_timer_due(struct pvg_sched_vcpu *here);
void pvg_sched_timer_fired(unsigned port, void *arg);

/* sched-vcpu.c: see that a vCPU knows of a thread that has become ready. The other
 * is for the time after the lock. */
void pvg_sched_call(struct pvg_sched_vcpu *here,
		    const struct pvg_thread *thread);
void pvg_sched_send_calls(struct pvg_sched_vcpu *here, uint64_t calls);

/* sched-ports.c */
void pvg_sched_ports_start(void);

/* mutex.c: pvg_mutex_unlock, with the lock held. */
void pvg_mutex_unlock_locked(struct pvg_mutex *mutex);

/* thread.c */
struct pvg_thread *pvg_thread_new(const struct pvg_thread_options *options,
				  void (*fn)(void *arg), void *arg);
void pvg_thread_free(struct pvg_thread *thread);
void pvg_thread_check_stack(const struct pvg_thread *thread);

#endif
