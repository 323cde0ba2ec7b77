/* SPDX-License-Identifier: MIT
 *
 * See run.h. hv_vm_run, at the end, is the life of a guest.
 */
#include "run.h"

#include <liburing.h>
#include <signal.h>
#include <stddef.h>

#include "block.h"
#include "clock.h"
#include "crash.h"
#include "engine.h"
#include "loop.h"
#include "operations.h"
#include "vm.h"

/* --timeout: an operation of the loop like any other. */
struct timeout {
	struct hv_vm *vm;
	struct hv_job job;
	struct hv_io io;
	struct __kernel_timespec after;
	bool over;       /* done was called: loop thread */
	bool cancelling; /* the job waits for that */
};

/* Signal handlers have no argument; one process has one VM. */
static struct hv_vm *signalled_vm;

static void on_signal(int number)
{
	hv_vm_end(signalled_vm, HV_END_SIGNAL, number);
}

static void handle_signals(struct hv_vm *vm)
{
	struct sigaction end = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	signalled_vm = vm;
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* the guest gets an error instead */
}

static struct timeout *timeout_of_job(struct hv_job *job)
{
	return (struct timeout *)(void *)((char *)job -
					  offsetof(struct timeout, job));
}

static void on_timeout(struct hv_io *io, int result)
{
	struct timeout *t = (struct timeout *)(void *)((char *)io -
						       offsetof(struct timeout, io));

	t->over = true;
	if (result == -ETIME)
		hv_vm_end(t->vm, HV_END_TIMEOUT, 0);
	if (t->cancelling)
		hv_loop_job_done(&t->job);
}

static void start_timeout(struct hv_job *job)
{
	struct timeout *t = timeout_of_job(job);

	io_uring_prep_timeout(hv_loop_sqe(t->vm->loop, &t->io), &t->after, 0, 0);
	hv_loop_job_done(job);
}

static void cancel_timeout(struct hv_job *job)
{
	struct timeout *t = timeout_of_job(job);

	if (t->over) {
		hv_loop_job_done(job);
		return;
	}
	t->cancelling = true;
	hv_loop_cancel(t->vm->loop, &t->io);
}

static void timeout_do(struct timeout *t, void (*run)(struct hv_job *))
{
	t->job.run = run;
	hv_loop_do(t->vm->loop, &t->job);
}

static void timeout_begin(struct timeout *t, struct hv_vm *vm, uint64_t ns)
{
	*t = (struct timeout){
		.vm = vm,
		.io.done = on_timeout,
		.after = { .tv_sec = (long long)(ns / 1000000000),
			   .tv_nsec = (long long)(ns % 1000000000) },
		.over = !ns || !hv_vm_loop(vm),
	};
	if (!t->over)
		timeout_do(t, start_timeout);
}

static void timeout_end(struct timeout *t)
{
	if (t->vm->loop)
		timeout_do(t, cancel_timeout);
}

static void on_doorbell(struct hv_vm *vm, uint32_t number)
{
	uint32_t device = number >> HV_DOORBELL_DEVICE_SHIFT;
	uint32_t queue = number & ((1u << HV_DOORBELL_DEVICE_SHIFT) - 1);

	if (device < vm->blocks)
		hv_block_doorbell(vm->block[device], queue);
}

static void on_exit(struct hv_vm *vm, const struct hv_exit *exit)
{
	vm->stats.exits[exit->kind]++;
	switch (exit->kind) {
	case HV_EXIT_OPERATION:
		hv_clock_refresh(vm);
		hv_operation(vm, exit->number, exit->regs);
		break;
	case HV_EXIT_DOORBELL:
		on_doorbell(vm, exit->number);
		break;
	case HV_EXIT_FAULT:
		hv_crash_fault(vm, exit);
		break;
	case HV_EXIT_DEAD:
		hv_crash_dead(vm, exit);
		break;
	case HV_EXIT_KICKED:
	case HV_EXIT_KINDS:
		break;
	}
}

void hv_vm_run(struct hv_vm *vm, uint64_t timeout_ns)
{
	struct timeout timeout;
	struct hv_exit exit;

	handle_signals(vm);
	timeout_begin(&timeout, vm, timeout_ns);
	vm->stats.entry_ns = hv_host_ns();
	while (!atomic_load_explicit(&vm->ending, memory_order_acquire)) {
		vm->engine->ops->run(vm->engine, &exit);
		on_exit(vm, &exit);
	}
	vm->stats.end_ns = hv_host_ns();
	timeout_end(&timeout);
}
