/* SPDX-License-Identifier: MIT
 *
 * System calls: from three numbers in registers to what they ask for. Nothing here
 * believes a number.
 *
 * A call that has to wait answers PROCESS_LEFT, having put the process on a queue.
 * By then the process may run on another vCPU already, so nobody touches it; there
 * the call is served again, from its registers, which are as they were.
 */
#include "minikernel.h"

static int64_t group(struct process *p)
{
	kernel_lock();
	p->group = p->pid;
	kernel_unlock();
	return p->group;
}

static int64_t yield(struct process *p)
{
	bool left;

	p->user.rax = 0; /* before another vCPU may run it */
	kernel_lock();
	left = schedule_yield(p);
	kernel_unlock();
	return left ? PROCESS_LEFT : 0;
}

static int64_t sleep(struct process *p, uint64_t ns)
{
	uint64_t wake_ns = p->wake_ns ? p->wake_ns : pvg_deadline_in(ns);

	if (pvg_clock_ns() >= wake_ns) {
		p->wake_ns = 0;
		return 0;
	}
	kernel_lock();
	return schedule_sleep(p, wake_ns);
}

static int64_t serve(struct process *p, uint64_t number, uint64_t a, uint64_t b,
		     uint64_t c)
{
	switch (number) {
	case CALL_EXIT:
		process_exit(p, (int)(a & 127));
		return PROCESS_LEFT;
	case CALL_FORK:
		return process_fork(p);
	case CALL_EXEC:
		return exec_call(p, a, b);
	case CALL_WAIT:
		return process_wait(p, (int64_t)a, b);
	case CALL_KILL:
		return process_kill((int64_t)a);
	case CALL_GETPID:
		return p->pid;
	case CALL_GROUP:
		return group(p);
	case CALL_YIELD:
		return yield(p);
	case CALL_SLEEP:
		return sleep(p, a);
	case CALL_CLOCK:
		return (int64_t)pvg_clock_ns();
	case CALL_SBRK:
		return space_grow(&p->space, (int64_t)a);
	case CALL_OPEN:
		return file_open(p, a);
	case CALL_PIPE:
		return pipe_make(p, a);
	case CALL_READ:
		return file_read(p, a, b, c);
	case CALL_WRITE:
		return file_write(p, a, b, c);
	case CALL_CLOSE:
		return file_close(p, a);
	case CALL_DUP:
		return file_dup(p, a, b);
	case CALL_DISK_PAGES:
		return disk_pages();
	case CALL_DISK_READ:
		return disk_page_read(p, a, b);
	default:
		return -E_CALL;
	}
}

bool syscall_serve(struct process *p)
{
	int64_t answer;

	if (!p->again)
		count(&statistics.calls);
	p->again = false;
	answer = serve(p, p->user.rax, p->user.rdi, p->user.rsi, p->user.rdx);
	if (answer == PROCESS_LEFT)
		return false;
	p->user.rax = (uint64_t)answer;
	return true;
}
