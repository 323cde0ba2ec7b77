/* SPDX-License-Identifier: MIT
 *
 * Floors of a timer: see floor.h. No second thread: a signal of the kernel's interrupts
 * the one that runs the guest, or it sleeps itself.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../clock.h"
#include "bare-kvm.h"
#include "delays.h"
#include "floor.h"

#define TIMER_NS 200000 /* as in tests/bench/kernel.c */

/* Both clocks at one moment not long ago. */
struct pair {
	uint64_t tsc, ns;
};

static struct pair pair_now(void)
{
	return (struct pair){ __rdtsc(), hv_host_ns() };
}

static uint64_t ns_of(const struct pair *pair, uint64_t tsc, uint64_t khz)
{
	return pair->ns + (tsc - pair->tsc) * 1000000 / khz;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / HV_NS_PER_S),
				  .tv_nsec = (long)(ns % HV_NS_PER_S) };
}

struct timer {
	struct hv_bare_kvm bare;
	timer_t id;
	/* The guest has called, and is to be interrupted at the deadline. */
	int (*wait)(struct timer *timer, uint64_t deadline_ns,
		    struct hv_error *err);
};

static struct kvm_run *interrupted;

/* Also just before KVM_RUN. */
static void on_signal(int number)
{
	(void)number;
	__atomic_store_n(&interrupted->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

static int timer_make(struct timer *timer, struct hv_error *err)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = SIGUSR1 };

	interrupted = timer->bare.cpu[0].run;
	sigaction(SIGUSR1, &action, NULL);
	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer->id) == 0)
		return 0;
	return hv_fail(err, HV_STATUS_HOST, "cannot make a timer: %s",
		       strerror(errno));
}

static int wait_running(struct timer *timer, uint64_t deadline_ns,
			struct hv_error *err)
{
	struct itimerspec at = { .it_value = timespec_of(deadline_ns) };
	struct hv_bare_cpu *cpu = &timer->bare.cpu[0];

	timer_settime(timer->id, TIMER_ABSTIME, &at, NULL);
	while (!cpu->run->immediate_exit)
		if (hv_bare_run(cpu, err) < 0)
			return -1;
	cpu->run->immediate_exit = 0;
	return 0;
}

static int wait_blocked(struct timer *timer, uint64_t deadline_ns,
			struct hv_error *err)
{
	struct timespec at = timespec_of(deadline_ns);

	(void)timer;
	(void)err;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) ==
	       EINTR)
		;
	return 0;
}

/* One deadline; how late the guest was told. */
static int late(struct timer *timer, uint64_t khz, uint64_t *ret_ns,
		struct hv_error *err)
{
	struct hv_bare_cpu *cpu = &timer->bare.cpu[0];
	uint64_t *arrived = hv_bare_cell(&timer->bare, HV_BARE_ARRIVED);
	struct pair set = pair_now();
	uint64_t deadline_ns = set.ns + TIMER_NS;

	*arrived = 0;
	if (timer->wait(timer, deadline_ns, err) < 0)
		return -1;
	hv_bare_interrupt(cpu, hv_bare_stamp);
	if (hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	*ret_ns = ns_of(&set, *arrived, khz) - deadline_ns;
	return 0;
}

static int sample(struct timer *timer, uint64_t run_ns, double *ret_ns,
		  struct hv_error *err)
{
	static struct hv_delays delays;
	struct hv_bare_cpu *cpu = &timer->bare.cpu[0];
	uint64_t start_ns = hv_host_ns(), ns;
	int khz = ioctl(cpu->fd, KVM_GET_TSC_KHZ, 0);

	if (khz <= 0 || timer->bare.tsc_differs)
		return hv_fail(err, HV_STATUS_HOST,
			       "the guest has no clock that equals the host's");
	prctl(PR_SET_TIMERSLACK, 1);
	if (timer_make(timer, err) < 0 ||
	    hv_bare_begin(cpu, hv_bare_call_and_spin, false, err) < 0 ||
	    hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	do
		if (late(timer, (uint64_t)khz, &ns, err) < 0)
			return -1;
	while (hv_delays_add(&delays, ns) && hv_host_ns() - start_ns < run_ns);
	*ret_ns = (double)hv_delays_median(&delays);
	return 0;
}

static int run(struct timer *timer, uint64_t run_ns, double *ret_ns,
	       struct hv_error *err)
{
	int rc;

	if (hv_bare_kvm_create(&timer->bare, 1, err) < 0)
		return -1;
	rc = sample(timer, run_ns, ret_ns, err);
	hv_bare_kvm_done(&timer->bare);
	return rc;
}

int hv_floor_timer_running(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	struct timer timer = { .wait = wait_running };

	return run(&timer, run_ns, ret_ns, err);
}

int hv_floor_timer_blocked(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	struct timer timer = { .wait = wait_blocked };

	return run(&timer, run_ns, ret_ns, err);
}
