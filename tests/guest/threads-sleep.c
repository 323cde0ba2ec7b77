/* SPDX-License-Identifier: MIT
 *
 * Does a sleeping thread wake, never early, in the order of deadlines; and does
 * whoever waits leave the vCPU to the others?
 */
#include "threads.h"

#define SLEEPERS 40

struct sleeper {
	uint64_t deadline_ns, began_ns, woke_ns;
};

static unsigned woken[SLEEPERS], count;
static struct sleeper sleeper[SLEEPERS];

static void sleep_once(void *arg)
{
	struct sleeper *self = arg;

	self->began_ns = pvg_clock_ns();
	pvg_sleep_until(self->deadline_ns);
	self->woke_ns = pvg_clock_ns();
	woken[__atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST)] =
		(unsigned)(self - sleeper);
}

/* In a shuffled order, on one vCPU and without preemption, so that they are counted
 * as they are woken, however late the host lets them. */
static void in_order(void)
{
	struct pvg_thread *thread[SLEEPERS];
	unsigned early = 0, disorder = 0;
	uint64_t begin = pvg_deadline_in(300 * MILLISECOND), last_ns = 0;

	pvg_sched_slice(2 * SECOND); /* one begun lasts beyond this test */
	for (unsigned i = 0; i < SLEEPERS; i++) {
		sleeper[i].deadline_ns =
			begin + i * 7 % SLEEPERS * 10 * MILLISECOND;
		thread[i] = start_on(1, sleep_once, &sleeper[i]);
	}
	join_all(thread, SLEEPERS);
	pvg_sched_slice(PVG_SLICE_NS);
	for (unsigned i = 0; i < SLEEPERS; i++) {
		const struct sleeper *s = &sleeper[i];

		early += s->woke_ns < s->deadline_ns;
		last_ns = s->began_ns > last_ns ? s->began_ns : last_ns;
		if (i > 0)
			disorder += sleeper[woken[i]].deadline_ns <
				    sleeper[woken[i - 1]].deadline_ns;
	}
	tap_equal(early, 0, "no sleep ends early");
	if (last_ns + 100 * MILLISECOND < begin)
		tap_equal(disorder, 0, "they end in the order of their deadlines");
	else
		tap_skip("order", "the host was too busy for all to begin in time");
}

static bool stop;

static void spin(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		;
}

static void beside_spinning_ones(unsigned vcpus)
{
	struct pvg_thread *thread[PV_VCPUS_MAX];
	uint64_t began;

	for (unsigned i = 0; i < vcpus; i++)
		thread[i] = start(spin, NULL);
	began = pvg_clock_ns();
	for (int i = 0; i < 10; i++)
		pvg_sleep_ns(MILLISECOND);
	began = pvg_clock_ns() - began;
	tap_ok(began >= 10 * MILLISECOND, "sleeping beside threads that spin");
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	join_all(thread, vcpus);
}

static unsigned steps;

static void step(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		steps++;
		pvg_sleep_ns(MILLISECOND);
	}
}

/* On one vCPU: what holds up all of it would hold up the stepping. */
static void sleep_as_without_threads(void *arg)
{
	uint64_t began = pvg_clock_ns();

	(void)arg;
	pvg_sleep_ns(500 * MILLISECOND);
	tap_ok(pvg_clock_ns() - began >= 500 * MILLISECOND,
	       "pvg_sleep_ns lasts as long in a thread");
	tap_ok(steps > 1, "and others go on meanwhile");
}

static void wait_for_port(void *arg)
{
	unsigned port = *(unsigned *)arg;

	tap_equal(pvg_port_wait(port, pvg_deadline_in(20 * MILLISECOND)),
		  -PV_ETIMEDOUT, "waiting for an event has its deadline too");
	tap_equal(pvg_port_wait(port, pvg_deadline_in(10 * SECOND)), 0,
		  "an event ends the wait of a thread");
	tap_ok(!pvg_port_pending(port), "and is consumed");
	tap_equal(pvg_port_wait(port, 0), -PV_ETIMEDOUT, "once");
}

static void waits_are_a_threads(void)
{
	unsigned port = (unsigned)pvg_port_alloc();
	struct pvg_thread *sleeping, *stepping, *waiting;

	sleeping = start_on(1, sleep_as_without_threads, NULL);
	stepping = start_on(1, step, NULL);
	pvg_thread_join(sleeping);
	pvg_thread_join(stepping);
	waiting = start_on(1, wait_for_port, &port);
	pvg_sleep_ns(200 * MILLISECOND);
	pvg_event_send(0, port);
	pvg_thread_join(waiting);
}

static void wait_elsewhere(void *arg)
{
	unsigned port = *(unsigned *)arg;

	tap_equal(pvg_port_wait_on(0, port, pvg_deadline_in(10 * SECOND)), 0,
		  "a thread may wait for an event of another vCPU");
}

static void wait_for_another_vcpus(unsigned vcpus)
{
	unsigned port = (unsigned)pvg_port_alloc();
	struct pvg_thread *thread;

	thread = start_on(UINT64_C(1) << (vcpus - 1), wait_elsewhere, &port);
	pvg_sleep_ns(50 * MILLISECOND);
	pvg_event_send(0, port);
	pvg_thread_join(thread);
}

/* Where a thread waits for a port, it is unmasked; and stays so. */
static bool is_waited_for(unsigned vcpu, unsigned port)
{
	uint64_t masked = __atomic_load_n(
		&pvg_vcpu_page(vcpu)->masked[port / 64], __ATOMIC_SEQ_CST);

	return !(masked >> port % 64 & 1);
}

static unsigned find_waiter(unsigned port)
{
	for (unsigned vcpu = 0;; vcpu = (vcpu + 1) % pvg_vcpus()) {
		if (is_waited_for(vcpu, port))
			return vcpu;
		pvg_sleep_ns(MILLISECOND);
	}
}

struct roamer {
	unsigned port, vcpu_after;
	int answer;
};

static void wait_unpinned(void *arg)
{
	struct roamer *self = arg;

	self->answer = pvg_port_wait(self->port, PV_FOREVER);
	self->vcpu_after = pvg_vcpu_number();
}

/* With its vCPU taken by another thread, who waited goes on elsewhere. */
static void event_moves_waiter(struct roamer *roamer, unsigned *moves,
			       unsigned *left_pending)
{
	struct pvg_thread *waiting = start(wait_unpinned, roamer), *spinning;
	unsigned vcpu = find_waiter(roamer->port);

	stop = false;
	spinning = start_on(UINT64_C(1) << vcpu, spin, NULL);
	pvg_sleep_ns(5 * MILLISECOND);
	pvg_event_send(vcpu, roamer->port);
	pvg_thread_join(waiting);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pvg_thread_join(spinning);
	*moves += roamer->vcpu_after != vcpu;
	*left_pending += roamer->answer != 0 ||
			 pvg_port_pending_on(vcpu, roamer->port);
}

static void waits_while_moved(void)
{
	unsigned moves = 0, left_pending = 0;

	for (int i = 0; i < 10; i++) {
		struct roamer roamer = { .port = (unsigned)pvg_port_alloc() };

		event_moves_waiter(&roamer, &moves, &left_pending);
	}
	pvg_printf("# moved %u times of 10\n", moves);
	tap_equal(left_pending, 0, "a port is cleared where it was waited for");
}

int main(void)
{
	unsigned vcpus = threads_start();

	if (!vcpus)
		return tap_done();
	in_order();
	beside_spinning_ones(vcpus);
	waits_are_a_threads();
	wait_for_another_vcpus(vcpus);
	waits_while_moved();
	return tap_done();
}
