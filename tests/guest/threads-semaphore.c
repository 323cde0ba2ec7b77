/* SPDX-License-Identifier: MIT
 *
 * Semaphores: counting, waking in the order of coming, deadlines, and posting from
 * a handler of an upcall.
 */
#include "threads.h"

static void counts(void)
{
	struct pvg_semaphore semaphore = PVG_SEMAPHORE_INIT(2);

	tap_ok(pvg_semaphore_trywait(&semaphore) &&
		       pvg_semaphore_trywait(&semaphore),
	       "a semaphore of 2 can be taken twice");
	tap_ok(!pvg_semaphore_trywait(&semaphore), "not three times");
	pvg_semaphore_post(&semaphore);
	tap_equal(pvg_semaphore_wait_until(&semaphore, 0), 0,
		  "what was posted can be taken");
	tap_equal(pvg_semaphore_wait_until(&semaphore, 0), -PV_ETIMEDOUT,
		  "once");
}

static void times_out(void)
{
	struct pvg_semaphore semaphore = PVG_SEMAPHORE_INIT(0);
	uint64_t deadline = pvg_deadline_in(30 * MILLISECOND);

	tap_equal(pvg_semaphore_wait_until(&semaphore, deadline),
		  -PV_ETIMEDOUT, "waiting ends at its deadline");
	tap_ok(pvg_clock_ns() >= deadline, "not before");
	pvg_semaphore_post(&semaphore);
	pvg_semaphore_post(&semaphore);
	tap_ok(pvg_semaphore_trywait(&semaphore) &&
		       pvg_semaphore_trywait(&semaphore) &&
		       !pvg_semaphore_trywait(&semaphore),
	       "and has taken nothing");
}

/* Threads that queue up one by one are served in that order. */
#define QUEUE 8
static struct pvg_semaphore turn;
static unsigned order[QUEUE], served;

static void queue_up(void *arg)
{
	pvg_semaphore_wait(&turn);
	/* Nobody else is let go before this one is counted. */
	order[served] = (unsigned)(uintptr_t)arg;
	__atomic_fetch_add(&served, 1, __ATOMIC_SEQ_CST);
}

static void in_order(void)
{
	struct pvg_thread *thread[QUEUE];
	bool right = true;

	for (unsigned i = 0; i < QUEUE; i++) {
		const void *last = turn.waiters.last;

		thread[i] = start(queue_up, (void *)(uintptr_t)i);
		while (__atomic_load_n(&turn.waiters.last, __ATOMIC_SEQ_CST) == last)
			pvg_thread_yield();
	}
	for (unsigned i = 0; i < QUEUE; i++) {
		pvg_semaphore_post(&turn);
		while (__atomic_load_n(&served, __ATOMIC_SEQ_CST) == i)
			pvg_thread_yield();
		right &= order[i] == i;
	}
	join_all(thread, QUEUE);
	tap_ok(right, "who waited longest is woken first");
}

/* Two threads that do nothing but wake each other. */
#define ROUNDS 20000
static struct pvg_semaphore ping, pong;

static void answer(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pvg_semaphore_wait(&ping);
		pvg_semaphore_post(&pong);
	}
}

static void to_and_fro(void)
{
	struct pvg_thread *thread = start(answer, NULL);
	uint64_t began = pvg_clock_ns();
	int lost = 0;

	for (int i = 0; i < ROUNDS && !lost; i++) {
		pvg_semaphore_post(&ping);
		lost = pvg_semaphore_wait_until(&pong,
						pvg_deadline_in(5 * SECOND));
	}
	if (!tap_equal(lost, 0, "no wake-up is lost"))
		return;
	pvg_thread_join(thread);
	pvg_printf("# %lu ns there and back\n",
		   (pvg_clock_ns() - began) / ROUNDS);
}

static struct pvg_semaphore rung;

static void ring(unsigned port, void *arg)
{
	(void)port, (void)arg;
	pvg_semaphore_post(&rung);
}

static void from_a_handler(void)
{
	int port = pvg_port_alloc();

	pvg_preempt_off();
	pvg_port_handle((unsigned)port, ring, NULL);
	pvg_event_send(pvg_vcpu_number(), (unsigned)port);
	pvg_preempt_on();
	tap_equal(pvg_semaphore_wait_until(&rung, pvg_deadline_in(5 * SECOND)),
		  0, "a handler of an upcall may post");
}

int main(void)
{
	if (!threads_start())
		return tap_done();
	counts();
	times_out();
	in_order();
	to_and_fro();
	from_a_handler();
	return tap_done();
}
