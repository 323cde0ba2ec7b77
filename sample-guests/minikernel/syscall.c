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

typedef int64_t call_fn(struct process *p, uint64_t a, uint64_t b, uint64_t c);

#define CALL(name)                                                            \
	static int64_t name(struct process *p, uint64_t a, uint64_t b,        \
			    uint64_t c)

CALL(do_exit)
{
	(void)b, (void)c;
	process_exit(p, (int)(a & 127));
	return PROCESS_LEFT;
}

CALL(do_fork)
{
	(void)a, (void)b, (void)c;
	return process_fork(p);
}

CALL(do_exec)
{
	(void)c;
	return exec_call(p, a, b);
}

CALL(do_wait)
{
	(void)c;
	return process_wait(p, (int64_t)a, b);
}

CALL(do_kill)
{
	(void)p, (void)b, (void)c;
	return process_kill((int64_t)a);
}

CALL(do_getpid)
{
	(void)a, (void)b, (void)c;
	return p->pid;
}

CALL(do_group)
{
	(void)a, (void)b, (void)c;
	kernel_lock();
	p->group = p->pid;
	kernel_unlock();
	return p->pid;
}

CALL(do_yield)
{
	bool left;

	(void)a, (void)b, (void)c;
	p->user.rax = 0; /* before another vCPU may run it */
	kernel_lock();
	left = schedule_yield(p);
	kernel_unlock();
	return left ? PROCESS_LEFT : 0;
}

CALL(do_sleep)
{
	uint64_t wake_ns = p->wake_ns;

	(void)b, (void)c;
	if (wake_ns == 0)
		wake_ns = pvg_deadline_in(a);
	if (pvg_clock_ns() >= wake_ns) {
		p->wake_ns = 0;
		return 0;
	}
	kernel_lock();
	return schedule_sleep(p, wake_ns);
}

CALL(do_clock)
{
	(void)p, (void)a, (void)b, (void)c;
	return (int64_t)pvg_clock_ns();
}

CALL(do_sbrk)
{
	(void)b, (void)c;
	return space_grow(&p->space, (int64_t)a);
}

CALL(do_open)
{
	(void)b, (void)c;
	return file_open(p, a);
}

CALL(do_pipe)
{
	(void)b, (void)c;
	return pipe_make(p, a);
}

CALL(do_read)
{
	return file_read(p, a, b, c);
}

CALL(do_write)
{
	return file_write(p, a, b, c);
}

CALL(do_close)
{
	(void)b, (void)c;
	return file_close(p, a);
}

CALL(do_dup)
{
	(void)c;
	return file_dup(p, a, b);
}

static call_fn *const table[CALLS] = {
	[CALL_EXIT] = do_exit,     [CALL_FORK] = do_fork,
	[CALL_EXEC] = do_exec,     [CALL_WAIT] = do_wait,
	[CALL_KILL] = do_kill,     [CALL_GETPID] = do_getpid,
	[CALL_GROUP] = do_group,   [CALL_YIELD] = do_yield,
	[CALL_SLEEP] = do_sleep,   [CALL_CLOCK] = do_clock,
	[CALL_SBRK] = do_sbrk,     [CALL_OPEN] = do_open,
	[CALL_PIPE] = do_pipe,     [CALL_READ] = do_read,
	[CALL_WRITE] = do_write,   [CALL_CLOSE] = do_close,
	[CALL_DUP] = do_dup,
};

bool syscall_serve(struct process *p)
{
	uint64_t number = p->user.rax;
	int64_t answer = -E_CALL;

	if (!p->again)
		count(&statistics.calls);
	p->again = false;
	if (number < CALLS)
		answer = table[number](p, p->user.rdi, p->user.rsi,
				       p->user.rdx);
	if (answer == PROCESS_LEFT)
		return false;
	p->user.rax = (uint64_t)answer;
	return true;
}
