/* SPDX-License-Identifier: MIT
 *
 * Mutexes, semaphores and conditions between host threads, which play vCPUs that
 * run one thread each: the test is the scheduler. What the guest tests do on few
 * host CPUs and slowly is done here many times, also under sanitizers.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "hosted.h"
#include "../thread-list.h"

#define RAM_BYTES (1u << 20)
#define THREADS 6u
#define ROUNDS 20000u

/* The scheduler. */
struct pvg_sched pvg_sched = { .vcpus = THREADS };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pvg_thread thread[PVG_HOSTED_VCPUS];
static pthread_cond_t woken[PVG_HOSTED_VCPUS];

bool pvg_sched_lock(void)
{
	pthread_mutex_lock(&lock);
	return false;
}

void pvg_sched_unlock(bool was_masked)
{
	cr_assert(!was_masked);
	pthread_mutex_unlock(&lock);
}

/* A thread that waits is one in a list; without one given, in that where it is. */
int pvg_sched_wait(struct pvg_waiters *list, uint64_t deadline_ns)
{
	struct pvg_thread *self = pvg_thread_self();
	struct timespec until = {
		(time_t)(deadline_ns / 1000000000),
		(long)(deadline_ns % 1000000000),
	};
	int error = 0;

	if (deadline_ns <= pvg_clock_ns())
		return -PV_ETIMEDOUT;
	if (list)
		thread_list_append(list, self);
	while (self->list && !error) {
		if (deadline_ns == PV_FOREVER)
			pthread_cond_wait(&woken[self - thread], &lock);
		else
			error = pthread_cond_timedwait(&woken[self - thread],
						       &lock, &until);
	}
	if (!self->list)
		return 0;
	thread_list_remove(self);
	return -PV_ETIMEDOUT;
}

void pvg_sched_wake(struct pvg_thread *who)
{
	thread_list_remove(who);
	pthread_cond_signal(&woken[who - thread]);
}

struct pvg_thread *pvg_sched_wake_first(struct pvg_waiters *list)
{
	struct pvg_thread *first = list->first;

	if (first)
		pvg_sched_wake(first);
	return first;
}

const char *pvg_thread_name(const struct pvg_thread *who)
{
	return who->name;
}

static void be(unsigned number)
{
	pvg_hosted_enter(number);
	pvg_vcpu()->own[PVG_OWN_THREAD] = (uint64_t)(uintptr_t)&thread[number];
}

static void setup(void)
{
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_condattr_t monotonic;

	pvg_hosted_boot(ram, RAM_BYTES);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (int i = 0; i < PVG_HOSTED_VCPUS; i++)
		pthread_cond_init(&woken[i], &monotonic);
	be(0);
}

TestSuite(pvg_sync, .init = setup, .timeout = 60);

static void in_threads(unsigned count, void *(*fn)(void *number))
{
	pthread_t host[PVG_HOSTED_VCPUS];

	for (uintptr_t i = 0; i < count; i++)
		cr_assert_eq(pthread_create(&host[i], NULL, fn, (void *)(i + 1)),
			     0);
	for (unsigned i = 0; i < count; i++)
		pthread_join(host[i], NULL);
}

static struct pvg_mutex mutex = PVG_MUTEX_INIT;
static uint64_t first, second;

static void *add(void *number)
{
	be((unsigned)(uintptr_t)number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 3 == 0)
			while (pvg_mutex_lock_until(
				       &mutex, pvg_deadline_in(i % 2000)) != 0)
				;
		else
			pvg_mutex_lock(&mutex);
		cr_assert_eq(first, second);
		first++;
		if (i % 512 == 0)
			sched_yield();
		second++;
		pvg_mutex_unlock(&mutex);
	}
	return NULL;
}

Test(pvg_sync, mutex_lets_in_one_at_a_time)
{
	in_threads(THREADS, add);
	cr_assert_eq(first, THREADS * ROUNDS);
	cr_assert_eq(mutex.state, 0);
	cr_assert_null(mutex.waiters.first);
}

/* One that was woken and passed over is handed the mutex the next time. */
static unsigned have_it;

static void *want_it(void *number)
{
	be((unsigned)(uintptr_t)number);
	pvg_mutex_lock(&mutex);
	__atomic_fetch_add(&have_it, 1, __ATOMIC_SEQ_CST);
	pvg_mutex_unlock(&mutex);
	return NULL;
}

static bool has_waiter(void)
{
	bool has;

	pvg_sched_lock();
	has = mutex.waiters.first != NULL;
	pvg_sched_unlock(false);
	return has;
}

Test(pvg_sync, mutex_is_handed_to_who_was_passed_over)
{
	pthread_t host;

	pvg_mutex_lock(&mutex);
	pthread_create(&host, NULL, want_it, (void *)1);
	while (!has_waiter())
		sched_yield();
	thread[1].passed_over = true;
	pvg_mutex_unlock(&mutex);
	cr_assert(!pvg_mutex_trylock(&mutex) ||
		  __atomic_load_n(&have_it, __ATOMIC_SEQ_CST));
	pthread_join(host, NULL);
	cr_assert_eq(have_it, 1);
	cr_assert(!thread[1].passed_over);
}

Test(pvg_sync, mutex_that_nobody_got_in_time_is_as_before)
{
	pvg_mutex_lock(&mutex);
	be(1);
	cr_assert(!pvg_mutex_trylock(&mutex));
	cr_assert_eq(pvg_mutex_lock_until(&mutex, 0), -PV_ETIMEDOUT);
	cr_assert_eq(pvg_mutex_lock_until(&mutex, pvg_deadline_in(1000000)),
		     -PV_ETIMEDOUT);
	be(0);
	pvg_mutex_unlock(&mutex);
	cr_assert_eq(mutex.state, 0);
}

Test(pvg_sync, locking_twice_panics, .signal = SIGABRT)
{
	pvg_mutex_lock(&mutex);
	pvg_mutex_lock(&mutex);
}

Test(pvg_sync, unlocking_anothers_panics, .signal = SIGABRT)
{
	pvg_mutex_lock(&mutex);
	be(1);
	pvg_mutex_unlock(&mutex);
}

Test(pvg_sync, unlocking_a_free_one_panics, .signal = SIGABRT)
{
	pvg_mutex_unlock(&mutex);
}

static struct pvg_semaphore items = PVG_SEMAPHORE_INIT(0);
static uint64_t taken;

/* Odd ones post what even ones take, with and without deadlines. */
static void *post_or_take(void *number)
{
	unsigned self = (unsigned)(uintptr_t)number;

	be(self);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (self % 2)
			pvg_semaphore_post(&items);
		else if (i % 2)
			pvg_semaphore_wait(&items);
		else
			while (pvg_semaphore_wait_until(
				       &items, pvg_deadline_in(i % 3000)) != 0)
				;
		if (self % 2 == 0)
			__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

Test(pvg_sync, semaphore_gives_as_many_as_were_posted)
{
	in_threads(THREADS, post_or_take);
	cr_assert_eq(taken, THREADS / 2 * ROUNDS);
	cr_assert_leq(items.state, 1);
	cr_assert(!pvg_semaphore_trywait(&items));
}

static struct pvg_condition full = PVG_CONDITION_INIT, empty;
static uint64_t slot, sum;

/* One slot: odd ones fill it, even ones empty it. */
static void *fill_or_empty(void *number)
{
	unsigned self = (unsigned)(uintptr_t)number;

	be(self);
	for (unsigned i = 1; i <= ROUNDS / 4; i++) {
		pvg_mutex_lock(&mutex);
		while (self % 2 ? slot != 0 : slot == 0) {
			struct pvg_condition *what = self % 2 ? &empty : &full;

			if (i % 2)
				pvg_condition_wait(what, &mutex);
			else
				pvg_condition_wait_until(
					what, &mutex, pvg_deadline_in(i % 5000));
		}
		if (self % 2) {
			slot = i;
		} else {
			sum += slot;
			slot = 0;
		}
		if (i % 3)
			pvg_mutex_unlock(&mutex);
		if (self % 2)
			pvg_condition_signal(&full);
		else if (i % 5)
			pvg_condition_signal(&empty);
		else
			pvg_condition_broadcast(&empty);
		if (i % 3 == 0)
			pvg_mutex_unlock(&mutex);
	}
	return NULL;
}

Test(pvg_sync, condition_loses_no_wakeup)
{
	uint64_t n = ROUNDS / 4;

	in_threads(THREADS, fill_or_empty);
	cr_assert_eq(sum, THREADS / 2 * n * (n + 1) / 2);
	cr_assert_null(full.waiters.first);
	cr_assert_null(empty.waiters.first);
}

Test(pvg_sync, condition_times_out_with_the_mutex)
{
	uint64_t deadline = pvg_deadline_in(2000000);

	pvg_mutex_lock(&mutex);
	cr_assert_eq(pvg_condition_wait_until(&full, &mutex, deadline),
		     -PV_ETIMEDOUT);
	cr_assert_geq(pvg_clock_ns(), deadline);
	pvg_mutex_unlock(&mutex);
}
