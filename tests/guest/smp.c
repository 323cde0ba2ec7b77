/* SPDX-License-Identifier: MIT
 *
 * Several vCPUs: up, down, up again, and events between them.
 *
 * Clauses: K1 to K6, S4, U2.
 */
#include "all-registers.h"
#include "backend.h"
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)
#define ROUNDS 200u

static unsigned up, numbers_right, stacks_right, own_right;
static unsigned go_on;

static void spin_until(const unsigned *value, unsigned wanted)
{
	while (__atomic_load_n(value, __ATOMIC_ACQUIRE) < wanted)
		pvg_op_yield();
}

static void add(unsigned *value, bool really)
{
	__atomic_fetch_add(value, really, __ATOMIC_ACQ_REL);
}

/* A function to run on a vCPU, and whether it has. */
static struct job {
	void (*fn)(void *arg);
	void *arg;
	unsigned done;
} jobs[PV_VCPUS_MAX];

static void do_job(void *arg)
{
	struct job *job = arg;

	job->fn(job->arg);
	add(&job->done, true);
}

/* One that is on its way down is up until it is down. */
static bool start(unsigned vcpu, void (*fn)(void *arg), void *arg)
{
	int answer;

	jobs[vcpu] = (struct job){ fn, arg, 0 };
	while ((answer = pvg_vcpu_up(vcpu, do_job, &jobs[vcpu], 0)) ==
	       -PV_EBUSY)
		pvg_op_yield();
	return answer == 0;
}

static void finish(unsigned vcpu)
{
	spin_until(&jobs[vcpu].done, 1);
	while (pvg_vcpu_run(vcpu).state != PV_RUN_DOWN)
		pvg_op_yield();
}

static void begin(void *arg)
{
	unsigned number = (unsigned)(uintptr_t)arg;
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
#if KERNEL_HAS_VECTORS
	volatile double third = 1.0 / 3;
	bool computes = third * 3 > 0.99;
#else
	bool computes = true;
#endif

	add(&numbers_right, pvg_vcpu_number() == number &&
				    pvg_vcpu() == pvg_vcpu_page(number));
	add(&stacks_right, frame % 16 == 0 && computes);
	pvg_vcpu()->own[PVG_OWN_USER] = number + 1000;
	pvg_op_yield();
	add(&own_right, pvg_vcpu()->own[PVG_OWN_USER] == number + 1000);
	add(&up, true);
	spin_until(&go_on, 1);
}

static void all_up(void)
{
	unsigned others = pvg_vcpus() - 1;
	bool right = true;

	tap_ok(others > 0, "there are several");
	for (unsigned n = 1; n <= others; n++)
		right &= start(n, begin, (void *)(uintptr_t)n);
	tap_ok(right, "all come up");
	spin_until(&up, others);
	tap_equal(numbers_right, others, "each knows its number and its page");
	tap_equal(stacks_right, others, "has a stack and floating point");
	tap_equal(own_right, others, "and words of its own in the page");
	tap_equal(pvg_vcpu_up(1, begin, NULL, 0), -PV_EBUSY,
		  "one that is up cannot come up");
	tap_equal(pvg_vcpu_up(0, begin, NULL, 0), -PV_EBUSY, "nor oneself");
	tap_equal(pvg_vcpu_up(pvg_vcpus(), begin, NULL, 0), -PV_ENODEV,
		  "nor one there is not");
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	for (unsigned n = 1; n <= others; n++)
		finish(n);
	tap_ok(true, "they go down when their function returns");
	tap_equal(pvg_op_vcpu_up(1, UINT64_C(1) << 62, 4096, 0), -PV_EINVAL,
		  "an entry is canonical");
	tap_equal(pvg_vcpu_down(), -PV_EBUSY, "the last one stays up");
}

static unsigned counted;

static void count_up(void *arg)
{
	(void)arg;
	add(&counted, true);
}

static void again(void)
{
	size_t pages = 0;
	bool right = true;

	for (unsigned i = 0; i < 50; i++) {
		unsigned vcpu = 1 + i % (pvg_vcpus() - 1);

		right &= start(vcpu, count_up, NULL);
		finish(vcpu);
		if (i == 20)
			pages = pvg_pages_available();
	}
	tap_ok(right && counted == 50, "up and down, 50 times");
	tap_equal((int64_t)pvg_pages_available(), (int64_t)pages,
		  "which costs no memory");
}

static unsigned port, ping_port;
static unsigned pings, pongs, wrong_vcpu;

static void on_ping(unsigned of_port, void *arg)
{
	(void)of_port, (void)arg;
	add(&wrong_vcpu, pvg_vcpu_number() != 1);
	add(&pings, true);
	pvg_event_send(0, port);
}

static void on_pong(unsigned of_port, void *arg)
{
	(void)of_port, (void)arg;
	add(&wrong_vcpu, pvg_vcpu_number() != 0);
	add(&pongs, true);
}

static unsigned finished;

static void answer_pings(void *arg)
{
	(void)arg;
	pvg_port_handle(ping_port, on_ping, NULL);
	pvg_upcalls_start();
	add(&up, true);
	while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE))
		pvg_op_block(PV_FOREVER);
}

/* One waits in BLOCK, the other computes. */
static void ping_pong(void)
{
	up = 0;
	pvg_port_handle(port, on_pong, NULL);
	pvg_upcalls_start();
	start(1, answer_pings, NULL);
	spin_until(&up, 1);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		pvg_event_send(1, ping_port);
		while (__atomic_load_n(&pongs, __ATOMIC_ACQUIRE) < i)
			__builtin_ia32_pause();
	}
	tap_equal(pings, ROUNDS, "every event has reached the other");
	tap_equal(pongs, ROUNDS, "and every answer");
	tap_equal(wrong_vcpu, 0, "on the vCPU it was for");
	__atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
	pvg_event_send(1, ping_port);
	finish(1);
	pvg_port_handle(port, NULL, NULL);
}

static void look_at_ports(void *arg)
{
	unsigned *ret_pending = arg;

	*ret_pending = pvg_port_clear(port);
}

static void to_one_that_is_down(void)
{
	unsigned pending = 0;

	tap_equal(pvg_event_send(1, port), 0, "an event for one that is down");
	start(1, look_at_ports, &pending);
	finish(1);
	tap_ok(pending, "is there when it comes up");
}

/* At least 2000, and until some have been handled, each for itself. */
static void storm_at_0(void *arg)
{
	const volatile unsigned *calls = arg;

	for (unsigned i = 0; i < 2000 || *calls < 10; i++)
		pvg_event_send(0, port);
	__atomic_store_n(&registers_done, 1, __ATOMIC_RELEASE);
}

static void destroy(unsigned of_port, void *arg)
{
	unsigned *calls = arg;

	(void)of_port;
	++*calls;
	registers_destroy();
}

static void storm(void)
{
	unsigned calls = 0;
	bool survived;

	pvg_port_handle(port, destroy, &calls);
	registers_done = 0;
	start(1, storm_at_0, &calls);
	survived = registers_survive();
	tap_ok(survived, "all registers survive another's storm of events");
	tap_ok(calls >= 10, "which interrupted");
	finish(1);
}

static unsigned ticks[PV_VCPUS_MAX];

static void tick(unsigned of_port, void *arg)
{
	(void)of_port, (void)arg;
	ticks[pvg_vcpu_number()]++;
}

static void run_a_timer(void *arg)
{
	uint64_t deadline = pvg_clock_ns() + 20 * MILLISECOND;

	(void)arg;
	pvg_port_handle(PV_PORT_TIMER, tick, NULL);
	pvg_upcalls_start();
	pvg_timer_set(deadline);
	while (!*(volatile unsigned *)&ticks[pvg_vcpu_number()])
		pvg_op_block(PV_FOREVER);
	if (pvg_clock_ns() < deadline)
		ticks[pvg_vcpu_number()] = 99;
}

static void timers(void)
{
	bool right = true;

	for (unsigned n = 1; n < pvg_vcpus(); n++)
		start(n, run_a_timer, NULL);
	for (unsigned n = 1; n < pvg_vcpus(); n++)
		finish(n);
	for (unsigned n = 1; n < pvg_vcpus(); n++)
		right &= ticks[n] == 1;
	tap_ok(right && ticks[0] == 0, "each has a timer of its own");
}

static void leave_a_timer(void *arg)
{
	(void)arg;
	pvg_timer_set(pvg_clock_ns() + 5 * MILLISECOND);
}

/* It may have fired while it was down, or not. */
static void have_none(void *arg)
{
	unsigned *ticked = arg;

	pvg_port_clear(PV_PORT_TIMER);
	pvg_sleep_ns(10 * MILLISECOND);
	*ticked += pvg_port_clear(PV_PORT_TIMER);
}

static void timers_of_former_lives(void)
{
	unsigned ticked = 0;

	for (unsigned i = 0; i < 20; i++) {
		start(1, leave_a_timer, NULL);
		finish(1);
		start(1, have_none, &ticked);
		finish(1);
	}
	tap_equal(ticked, 0, "a timer does not outlive its vCPU's life");
	ticks[1] = 0;
	start(1, leave_a_timer, NULL);
	finish(1);
	start(1, run_a_timer, NULL);
	finish(1);
	tap_equal(ticks[1], 1, "and the next has its own, in time");
}

/* vCPU 0 goes down and comes up again: it is like the others. */
static void second_life(void *arg)
{
	(void)arg;
	tap_equal(pvg_vcpu_number(), 0, "the first can go down and come up too");
	finish(1);
	pvg_exit(tap_done());
}

/* In the middle of a handler, and in another life all is as at first. */
static void down_in_handler(unsigned from, void *arg)
{
	(void)from, (void)arg;
	pvg_vcpu_down();
}

static unsigned begun;

static void be_told(void *arg)
{
	(void)arg;
	add(&begun, true);
	pvg_port_unmask(port);
	pvg_upcalls_start();
	pvg_event_send(1, port);
	for (;;)
		pvg_sleep_ns(MILLISECOND);
}

static unsigned slept;

static void sleep_once(void *arg)
{
	(void)arg;
	pvg_sleep_ns(MILLISECOND);
	__atomic_store_n(&slept, 1, __ATOMIC_SEQ_CST);
}

static void down_and_up_again(void)
{
	pvg_port_handle(port, down_in_handler, NULL);
	start(1, be_told, NULL);
	spin_until(&begun, 1);
	start(1, sleep_once, NULL);
	finish(1);
	tap_ok(slept, "a life that ended in a handler leaves nothing to the next");
	pvg_port_handle(port, NULL, NULL);
}

static void raise_0(void *arg)
{
	(void)arg;
	start(0, second_life, NULL);
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_SMP | PV_FEATURE_UPCALLS |
			 PV_FEATURE_TIMER))
		return tap_done();
	port = (unsigned)pvg_port_alloc();
	ping_port = (unsigned)pvg_port_alloc();
	all_up();
	again();
	ping_pong();
	to_one_that_is_down();
	storm();
	timers();
	timers_of_former_lives();
	down_and_up_again();
	start(1, raise_0, NULL);
	pvg_vcpu_down();
	return 1;
}
