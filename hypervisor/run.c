/* SPDX-License-Identifier: MIT
 *
 * See run.h. hv_vm_run, at the end, is the life of a guest.
 */
#include "run.h"

#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

#include "clock.h"
#include "host-event.h"
#include "loop.h"
#include "vm.h"

/* Signal handlers have no argument; one process has one VM. */
static struct hv_vm *signalled_vm;

/* --timeout: an operation of the loop, which cancels it when it stops. */
static struct timeout {
	struct hv_vm *vm;
	struct hv_job job;
	struct hv_io io;
	struct __kernel_timespec after;
} timeout;

static void on_signal(int number)
{
	int saved = errno;

	hv_vm_end(signalled_vm, HV_END_SIGNAL, (uint64_t)number);
	errno = saved;
}

/* Interrupts a system call of this thread, and of those of the other vCPUs; see
 * vm.c. */
static void on_alarm(int number)
{
	int saved = errno;

	(void)number;
	hv_vm_leave(signalled_vm);
	errno = saved;
}

static bool is_ignored(int number)
{
	struct sigaction old;

	return sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
}

static void set_handler(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, NULL);
}

static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static void stop_kicking(void)
{
	const struct itimerval never = { .it_value = { 0 } };

	set_handler(SIGALRM, SIG_IGN); /* one may be under way */
	setitimer(ITIMER_REAL, &never, NULL);
}

static void handle_signals(struct hv_vm *vm)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	signalled_vm = vm;
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (!is_ignored(ending[i])) /* by nohup, say */
			set_handler(ending[i], on_signal);
	set_handler(SIGALRM, on_alarm);
	/* Their system calls fail instead; SIGTTOU would keep a background job
	 * from giving the terminal back. */
	set_handler(SIGPIPE, SIG_IGN);
	set_handler(SIGXFSZ, SIG_IGN);
	set_handler(SIGTTOU, SIG_IGN);
	unblock_signals(); /* whoever started us may have blocked them */
}

static void on_timeout(struct hv_io *io, int result)
{
	if (result == -ETIME)
		hv_vm_end(HV_OWNER(io, struct timeout, io)->vm, HV_END_TIMEOUT,
			  0);
}

static void start_timeout(struct hv_job *job)
{
	struct timeout *t = HV_OWNER(job, struct timeout, job);

	io_uring_prep_timeout(hv_loop_sqe(t->vm->loop, &t->io), &t->after, 0, 0);
	hv_loop_job_done(job);
}

static void limit_time(struct hv_vm *vm, uint64_t ns)
{
	timeout = (struct timeout){
		.vm = vm,
		.job.run = start_timeout,
		.io.done = on_timeout,
		.after = { .tv_sec = (long long)(ns / HV_NS_PER_S),
			   .tv_nsec = (long long)(ns % HV_NS_PER_S) },
	};
	if (hv_vm_loop(vm))
		hv_loop_do(vm->loop, &timeout.job);
}

void hv_vm_run(struct hv_vm *vm, uint64_t timeout_ns)
{
	handle_signals(vm);
	vm->running = true;
	if (timeout_ns)
		limit_time(vm, timeout_ns);
	if (vm->host_event)
		hv_host_event_start(vm->host_event, vm);
	vm->stats.entry_ns = hv_host_ns();
	hv_vcpu_live(&vm->vcpu[0]);
	hv_vcpus_join(vm);
	vm->stats.end_ns = hv_host_ns();
	vm->running = false;
	stop_kicking();
}
