/* SPDX-License-Identifier: MIT
 *
 * Does a mutex keep threads apart that are preempted inside of it, on any number of
 * vCPUs; let each have it; and end a wait in time?
 */
#include "threads.h"

#define THREADS 8
#define ROUNDS 30000

static struct pvg_mutex mutex = PVG_MUTEX_INIT;
static volatile uint64_t first, second;
static uint64_t apart;

/* Not atomic: only mutual exclusion makes the sums right. */
static void add(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pvg_mutex_lock(&mutex);
		apart += first != second;
		first = first + 1;
		if (i % 64 == (int)(uintptr_t)arg)
			pvg_thread_yield(); /* with the mutex */
		second = second + 1;
		pvg_mutex_unlock(&mutex);
	}
}

static void one_at_a_time(void)
{
	struct pvg_thread *thread[THREADS];

	pvg_sched_slice(MILLISECOND);
	for (unsigned i = 0; i < THREADS; i++)
		thread[i] = start(add, (void *)(uintptr_t)i);
	join_all(thread, THREADS);
	pvg_sched_slice(PVG_SLICE_NS);
	tap_equal((int64_t)apart, 0, "one thread at a time is inside");
	tap_equal((int64_t)first, THREADS * ROUNDS, "and none is forgotten");
	tap_equal((int64_t)mutex.state, 0, "at the end the mutex is free");
}

/* Who locks again at once must not keep the others out for ever. */
static bool stop;

static void hog(void *arg)
{
	uint64_t *count = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		pvg_mutex_lock(&mutex);
		++*count;
		for (volatile int i = 0; i < 1000; i++)
			;
		pvg_mutex_unlock(&mutex);
	}
}

static void everybody_gets_it(void)
{
	static uint64_t count[4];
	struct pvg_thread *thread[4];
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 4; i++)
		thread[i] = start(hog, &count[i]);
	pvg_sleep_ns(500 * MILLISECOND);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	join_all(thread, 4);
	for (int i = 0; i < 4; i++)
		least = count[i] < least ? count[i] : least;
	if (!tap_ok(least > 0, "none of those that want it all the time starves"))
		pvg_printf("# %lu %lu %lu %lu\n", count[0], count[1], count[2],
			   count[3]);
}

static void try_it(void *arg)
{
	int *answer = arg;

	answer[0] = pvg_mutex_trylock(&mutex);
	if (answer[0])
		pvg_mutex_unlock(&mutex);
	answer[1] = pvg_mutex_lock_until(&mutex, 0);
	if (answer[1] == 0)
		pvg_mutex_unlock(&mutex);
	answer[2] = pvg_mutex_lock_until(&mutex,
					 pvg_deadline_in(20 * MILLISECOND));
	if (answer[2] == 0)
		pvg_mutex_unlock(&mutex);
}

static void ends_in_time(void)
{
	int answer[3];
	uint64_t began = pvg_clock_ns();

	pvg_mutex_lock(&mutex);
	pvg_thread_join(start(try_it, answer));
	tap_equal(answer[0], 0, "trying a locked mutex fails");
	tap_equal(answer[1], -PV_ETIMEDOUT,
		  "so does waiting until a time that has passed");
	tap_equal(answer[2], -PV_ETIMEDOUT, "and waiting for a while");
	tap_ok(pvg_clock_ns() - began >= 20 * MILLISECOND, "which it lasts");
	pvg_mutex_unlock(&mutex);
	pvg_thread_join(start(try_it, answer));
	tap_ok(answer[0] == 1 && answer[1] == 0 && answer[2] == 0,
	       "a free one can be had each way");
	tap_equal((int64_t)mutex.state, 0, "and is free again");
}

static void lock_in_time(void *arg)
{
	int *answer = arg;

	*answer = pvg_mutex_lock_until(&mutex, pvg_deadline_in(10 * SECOND));
	if (*answer == 0)
		pvg_mutex_unlock(&mutex);
}

static void comes_in_time(void)
{
	int answer = 1;
	struct pvg_thread *thread;

	pvg_mutex_lock(&mutex);
	thread = start(lock_in_time, &answer);
	pvg_sleep_ns(20 * MILLISECOND);
	pvg_mutex_unlock(&mutex);
	pvg_thread_join(thread);
	tap_equal(answer, 0, "one that is unlocked in time is locked");
}

int main(void)
{
	if (!threads_start())
		return tap_done();
	one_at_a_time();
	everybody_gets_it();
	ends_in_time();
	comes_in_time();
	return tap_done();
}
