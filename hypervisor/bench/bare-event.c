/* SPDX-License-Identifier: MIT
 *
 * Floors of an event from one vCPU to another: see floor.h. Two threads, a word for
 * each of the vCPUs, and a signal or a futex.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../clock.h"
#include "bare-kvm.h"
#include "delays.h"
#include "floor.h"

struct event {
	struct hv_bare_kvm bare;
	_Atomic uint32_t pending[HV_BARE_CPUS_MAX]; /* a futex each */
	_Atomic bool over;
	_Atomic pid_t second; /* its thread, once it runs */
	pthread_t thread;
	uint64_t started_ns;
	struct hv_error err; /* the second's */
};

static void on_signal(int number)
{
	(void)number; /* interrupting KVM_RUN is all it is for */
}

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static void kick_second(struct event *event)
{
	struct kvm_run *run = event->bare.cpu[1].run;

	__atomic_store_n(&run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_tgkill, getpid(), event->second, SIGUSR1);
}

/* ---- to a vCPU that runs */

static void *second_running(void *arg)
{
	struct event *event = arg;
	struct hv_bare_cpu *cpu = &event->bare.cpu[1];

	event->second = (pid_t)syscall(SYS_gettid);
	while (!event->over) {
		if (hv_bare_run(cpu, &event->err) < 0)
			break;
		__atomic_store_n(&cpu->run->immediate_exit, 0,
				 __ATOMIC_SEQ_CST);
		if (atomic_exchange(&event->pending[1], 0))
			hv_bare_interrupt(cpu, hv_bare_stamp);
	}
	return NULL;
}

static int reach_running(struct event *event, uint64_t *ret_ns,
			 struct hv_error *err)
{
	struct hv_bare_cpu *cpu = &event->bare.cpu[0];
	uint64_t *arrived = hv_bare_cell(&event->bare, HV_BARE_ARRIVED);
	const uint64_t *started = hv_bare_cell(&event->bare, HV_BARE_STARTED);
	int khz = ioctl(cpu->fd, KVM_GET_TSC_KHZ, 0);

	if (khz <= 0 || event->bare.tsc_differs)
		return hv_fail(err, HV_STATUS_HOST,
			       "the guest has no clock that equals the host's");
	*arrived = 0;
	if (hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	atomic_store(&event->pending[1], 1);
	kick_second(event);
	if (hv_bare_run_to(cpu, HV_BARE_PORT_REPORT, err) < 0)
		return -1;
	*ret_ns = (*arrived - *started) * 1000000 / (uint64_t)khz;
	return 0;
}

/* ---- to one that waits: each for the other */

static void send(struct event *event, unsigned to)
{
	atomic_store(&event->pending[to], 1);
	futex(&event->pending[to], FUTEX_WAKE_PRIVATE, 1);
}

static void wait_for_event(struct event *event, unsigned number)
{
	while (!atomic_exchange(&event->pending[number], 0) && !event->over)
		futex(&event->pending[number], FUTEX_WAIT_PRIVATE, 0);
	hv_bare_interrupt(&event->bare.cpu[number],
			  number ? hv_bare_stamp_second : hv_bare_stamp);
}

static void *second_blocked(void *arg)
{
	struct event *event = arg;
	struct hv_bare_cpu *cpu = &event->bare.cpu[1];

	event->second = (pid_t)syscall(SYS_gettid);
	while (!event->over) {
		int port = hv_bare_run(cpu, &event->err);

		if (port < 0)
			break;
		if (port == HV_BARE_PORT_BLOCK)
			wait_for_event(event, 1);
		else if (port == HV_BARE_PORT_CALL)
			send(event, 0);
	}
	return NULL;
}

/* From one call to the next: there and back. */
static int reach_blocked(struct event *event, uint64_t *ret_ns,
			 struct hv_error *err)
{
	struct hv_bare_cpu *cpu = &event->bare.cpu[0];
	uint64_t start_ns = hv_host_ns();

	send(event, 1);
	if (hv_bare_run_to(cpu, HV_BARE_PORT_BLOCK, err) < 0)
		return -1;
	wait_for_event(event, 0);
	if (hv_bare_run_to(cpu, HV_BARE_PORT_CALL, err) < 0)
		return -1;
	*ret_ns = (hv_host_ns() - start_ns) / 2;
	return 0;
}

/* ---- both */

static int sample(struct event *event,
		  int (*reach)(struct event *, uint64_t *, struct hv_error *),
		  uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	static struct hv_delays delays;
	uint64_t start_ns = hv_host_ns(), ns = 0;

	do
		if (reach(event, &ns, err) < 0)
			return -1;
	while (hv_delays_add(&delays, ns) && hv_host_ns() - start_ns < run_ns);
	*ret_ns = (double)hv_delays_median(&delays);
	return 0;
}

static int start(struct event *event, void *(*second)(void *),
		 struct hv_error *err)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&event->thread, NULL, second, event))
		return hv_fail(err, HV_STATUS_FAILED, "cannot make a thread");
	while (!event->second)
		sched_yield();
	return 0;
}

static void stop(struct event *event)
{
	event->over = true;
	send(event, 1);
	kick_second(event);
	pthread_join(event->thread, NULL);
}

int hv_floor_event_running(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	static struct event event;
	int rc;

	if (hv_bare_kvm_create(&event.bare, 2, err) < 0 ||
	    hv_bare_begin(&event.bare.cpu[0], hv_bare_send, false, err) < 0 ||
	    hv_bare_begin(&event.bare.cpu[1], hv_bare_spin, false, err) < 0 ||
	    start(&event, second_running, err) < 0)
		return -1;
	rc = sample(&event, reach_running, run_ns, ret_ns, err);
	stop(&event);
	return rc;
}

int hv_floor_event_blocked(uint64_t run_ns, double *ret_ns, struct hv_error *err)
{
	static struct event event;
	int rc;

	if (hv_bare_kvm_create(&event.bare, 2, err) < 0 ||
	    hv_bare_begin(&event.bare.cpu[0], hv_bare_send_and_block, false,
			  err) < 0 ||
	    hv_bare_begin(&event.bare.cpu[1], hv_bare_block_and_send, false,
			  err) < 0 ||
	    start(&event, second_blocked, err) < 0)
		return -1;
	rc = hv_bare_run_to(&event.bare.cpu[0], HV_BARE_PORT_CALL, err);
	if (rc == 0)
		rc = sample(&event, reach_blocked, run_ns, ret_ns, err);
	stop(&event);
	return rc;
}
