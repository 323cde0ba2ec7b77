/* SPDX-License-Identifier: MIT
 *
 * Producers and consumers with a bounded buffer between them, and what else
 * condition variables are for.
 */
#include "threads.h"

#define SLOTS 5
#define ITEMS 4000
#define PRODUCERS 3
#define CONSUMERS 4

static struct {
	struct pvg_mutex mutex;
	struct pvg_condition filled, emptied;
	uint64_t slot[SLOTS];
	unsigned put, taken;
	bool closed;
} buffer;

static void put(uint64_t item)
{
	pvg_mutex_lock(&buffer.mutex);
	while (buffer.put - buffer.taken == SLOTS)
		pvg_condition_wait(&buffer.emptied, &buffer.mutex);
	buffer.slot[buffer.put++ % SLOTS] = item;
	pvg_mutex_unlock(&buffer.mutex);
	pvg_condition_signal(&buffer.filled);
}

/* False when there will be none any more. */
static bool take(uint64_t *ret_item)
{
	bool there;

	pvg_mutex_lock(&buffer.mutex);
	while (buffer.put == buffer.taken && !buffer.closed)
		pvg_condition_wait(&buffer.filled, &buffer.mutex);
	there = buffer.put != buffer.taken;
	if (there)
		*ret_item = buffer.slot[buffer.taken++ % SLOTS];
	pvg_condition_signal(&buffer.emptied);
	pvg_mutex_unlock(&buffer.mutex);
	return there;
}

static void produce(void *arg)
{
	for (uint64_t i = 1; i <= ITEMS; i++)
		put((uintptr_t)arg << 32 | i);
}

struct consumer {
	uint64_t count, sum, last[PRODUCERS];
	bool out_of_order;
};

static void consume(void *arg)
{
	struct consumer *self = arg;
	uint64_t item = 0;

	while (take(&item)) {
		uint64_t *last = &self->last[item >> 32];

		item &= UINT32_MAX;
		self->out_of_order |= item <= *last;
		*last = item;
		self->count++;
		self->sum += item;
	}
}

static void close_buffer(void)
{
	pvg_mutex_lock(&buffer.mutex);
	buffer.closed = true;
	pvg_mutex_unlock(&buffer.mutex);
	pvg_condition_broadcast(&buffer.filled);
}

static void producers_and_consumers(void)
{
	static struct consumer consumer[CONSUMERS];
	struct pvg_thread *producers[PRODUCERS], *consumers[CONSUMERS];
	uint64_t count = 0, sum = 0, ordered = 1;

	for (unsigned i = 0; i < CONSUMERS; i++)
		consumers[i] = start(consume, &consumer[i]);
	for (unsigned i = 0; i < PRODUCERS; i++)
		producers[i] = start(produce, (void *)(uintptr_t)i);
	join_all(producers, PRODUCERS);
	close_buffer();
	join_all(consumers, CONSUMERS);
	for (int i = 0; i < CONSUMERS; i++) {
		count += consumer[i].count;
		sum += consumer[i].sum;
		ordered &= !consumer[i].out_of_order;
	}
	tap_equal((int64_t)count, PRODUCERS * ITEMS, "every item is taken once");
	tap_equal((int64_t)sum,
		  PRODUCERS * (INT64_C(1) * ITEMS * (ITEMS + 1) / 2),
		  "and is what was put");
	tap_ok(ordered, "each producer's in their order");
}

static struct pvg_mutex mutex;
static struct pvg_condition condition;
static unsigned waiting, woken;

static void wait_once(void *arg)
{
	(void)arg;
	pvg_mutex_lock(&mutex);
	waiting++;
	pvg_condition_wait(&condition, &mutex);
	woken++;
	pvg_mutex_unlock(&mutex);
}

/* How many have been woken by the time that nobody seems to be any more. */
static unsigned settled(void)
{
	unsigned count;

	pvg_sleep_ns(50 * MILLISECOND);
	pvg_mutex_lock(&mutex);
	count = woken;
	pvg_mutex_unlock(&mutex);
	return count;
}

static void signal_and_broadcast(void)
{
	struct pvg_thread *thread[10];
	bool all = false;

	pvg_condition_signal(&condition);
	for (int i = 0; i < 10; i++)
		thread[i] = start(wait_once, NULL);
	while (!all) {
		pvg_mutex_lock(&mutex);
		all = waiting == 10;
		pvg_mutex_unlock(&mutex);
		pvg_thread_yield();
	}
	tap_equal(settled(), 0, "a signal is not kept for who comes later");
	pvg_condition_signal(&condition);
	tap_equal(settled(), 1, "a signal wakes one");
	pvg_condition_broadcast(&condition);
	tap_equal(settled(), 10, "a broadcast wakes all");
	join_all(thread, 10);
}

static void times_out(void)
{
	uint64_t deadline = pvg_deadline_in(30 * MILLISECOND);
	int answer;

	pvg_mutex_lock(&mutex);
	answer = pvg_condition_wait_until(&condition, &mutex, deadline);
	tap_equal(answer, -PV_ETIMEDOUT, "waiting ends at its deadline");
	tap_ok(pvg_clock_ns() >= deadline, "not before");
	tap_ok(!pvg_mutex_trylock(&mutex), "with the mutex locked again");
	pvg_mutex_unlock(&mutex);
}

int main(void)
{
	if (!threads_start())
		return tap_done();
	producers_and_consumers();
	signal_and_broadcast();
	times_out();
	return tap_done();
}
