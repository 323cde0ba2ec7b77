/* SPDX-License-Identifier: MIT
 *
 * Scheduling: the kernel's one lock, queues, and whose turn it is.
 *
 * A process is on one queue at a time: the row of those that are ready, or one of
 * something it waits for. All vCPUs take from the same row, first come, first
 * served. One that finds it empty says so in `idle`, under the lock, and blocks;
 * who makes a process ready picks an idle vCPU and sends it an event. The event
 * stays pending if the other has not blocked yet, so none is lost in between.
 */
#include "minikernel.h"

static struct pvg_spinlock lock;
static struct queue ready;
static struct queue sleepers; /* who wakes first is first */
static uint64_t idle;         /* vCPUs */
static uint64_t to_wake;      /* vCPUs, when the lock is given back */

void kernel_lock(void)
{
	pvg_spin_lock(&lock);
}

/* The events cost an exit each: without the lock. */
void kernel_unlock(void)
{
	uint64_t wake = to_wake;

	to_wake = 0;
	pvg_spin_unlock(&lock);
	for (; wake; wake &= wake - 1)
		vcpu_wake((unsigned)__builtin_ctzll(wake));
}

static void insert(struct queue *queue, struct process *before,
		   struct process *process)
{
	process->queue = queue;
	process->next = before ? before->next : queue->first;
	if (before)
		before->next = process;
	else
		queue->first = process;
	if (queue->last == before)
		queue->last = process;
}

static void append(struct queue *queue, struct process *process)
{
	insert(queue, queue->last, process);
}

static void take_away(struct process *process)
{
	struct queue *queue = process->queue;
	struct process *before = NULL;

	for (struct process *p = queue->first; p != process; p = p->next)
		before = p;
	if (before)
		before->next = process->next;
	else
		queue->first = process->next;
	if (queue->last == process)
		queue->last = before;
	process->queue = NULL;
}

static struct process *take_first(struct queue *queue)
{
	struct process *first = queue->first;

	if (first)
		take_away(first);
	return first;
}

void schedule_poke_vcpu(unsigned vcpu)
{
	to_wake |= UINT64_C(1) << vcpu;
}

void schedule_ready(struct process *process)
{
	process->state = PROCESS_READY;
	append(&ready, process);
	/* One idle vCPU for each that is ready. */
	to_wake |= idle & -idle;
	idle &= idle - 1;
}

void schedule_ready_all(struct queue *queue)
{
	struct process *process;

	while ((process = take_first(queue)))
		schedule_ready(process);
}

void schedule_poke(struct process *process)
{
	if (process->state == PROCESS_WAITING) {
		take_away(process);
		schedule_ready(process);
	} else if (process->state == PROCESS_RUNNING) {
		schedule_poke_vcpu(process->vcpu);
	}
}

int64_t schedule_wait(struct process *process, struct queue *queue)
{
	process->again = true;
	process->state = PROCESS_WAITING;
	append(queue, process);
	kernel_unlock();
	return PROCESS_LEFT;
}

int64_t schedule_sleep(struct process *process, uint64_t wake_ns)
{
	struct process *before = NULL;

	for (struct process *p = sleepers.first; p; p = p->next) {
		if (p->wake_ns > wake_ns)
			break;
		before = p;
	}
	process->wake_ns = wake_ns;
	process->again = true;
	process->state = PROCESS_WAITING;
	insert(&sleepers, before, process);
	kernel_unlock();
	return PROCESS_LEFT;
}

static void wake_sleepers(void)
{
	while (sleepers.first && sleepers.first->wake_ns <= pvg_clock_ns())
		schedule_ready(take_first(&sleepers));
}

bool schedule_yield(struct process *process)
{
	wake_sleepers();
	if (!ready.first)
		return false;
	/* There is one for each idle vCPU already, or none is idle. */
	process->state = PROCESS_READY;
	append(&ready, process);
	return true;
}

/* Gives the lock back while it waits. */
static void idle_until_poked(unsigned vcpu)
{
	uint64_t bit = UINT64_C(1) << vcpu;
	uint64_t until_ns = sleepers.first ? sleepers.first->wake_ns
					   : PV_FOREVER;

	idle |= bit;
	kernel_unlock();
	/* Looks at the ports before it sleeps, and unmasks upcalls. */
	pvg_op_block(until_ns);
	pvg_mask();
	kernel_lock();
	idle &= ~bit;
}

struct process *schedule_next(void)
{
	unsigned vcpu = pvg_vcpu_number();
	struct process *next;

	kernel_lock();
	for (;;) {
		wake_sleepers();
		next = take_first(&ready);
		if (next || (vcpu == 0 && processes() == 0))
			break;
		idle_until_poked(vcpu);
	}
	if (next) {
		next->state = PROCESS_RUNNING;
		next->vcpu = vcpu;
		count(&statistics.switches);
	}
	kernel_unlock();
	return next;
}
