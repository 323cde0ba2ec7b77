/* SPDX-License-Identifier: MIT
 *
 * What threads must not do ends in a panic that says so, and any of them may end
 * the program.
 */
#include "cases.h"

static struct pvg_mutex mutex;
static struct pvg_semaphore never;

static void run_in_thread(void (*fn)(void *arg))
{
	static const struct pvg_thread_options options = { .name = "culprit" };
	struct pvg_thread *thread;

	if (pvg_sched_start(0) < 0 ||
	    pvg_thread_create(&thread, fn, NULL, &options) != 0)
		pvg_panic("no threads");
	pvg_thread_join(thread);
}

static void lock_twice_run(void *arg)
{
	(void)arg;
	pvg_mutex_lock(&mutex);
	pvg_mutex_lock(&mutex);
}

static void lock_twice(void)
{
	run_in_thread(lock_twice_run);
}

static void unlock_mains_run(void *arg)
{
	(void)arg;
	pvg_mutex_unlock(&mutex);
}

static void unlock_mains(void)
{
	pvg_mutex_lock(&mutex); /* before there are threads: still main's */
	run_in_thread(unlock_mains_run);
}

static void join_itself_run(void *arg)
{
	(void)arg;
	pvg_thread_join(pvg_thread_self());
}

static void join_itself(void)
{
	run_in_thread(join_itself_run);
}

static void wait_with_preemption_off_run(void *arg)
{
	(void)arg;
	pvg_preempt_off();
	pvg_semaphore_wait(&never);
}

static void wait_with_preemption_off(void)
{
	run_in_thread(wait_with_preemption_off_run);
}

static void sleep_with_preemption_off_run(void *arg)
{
	(void)arg;
	pvg_preempt_off();
	pvg_sleep_ns(10000000);
}

static void sleep_with_preemption_off(void)
{
	run_in_thread(sleep_with_preemption_off_run);
}

static void wait_without_scheduler(void)
{
	pvg_semaphore_wait(&never);
}

static void wait_idle(unsigned port, void *arg)
{
	(void)port, (void)arg;
	pvg_semaphore_wait(&never);
}

/* main sleeps, so it is the idle thread that is interrupted. */
static void wait_in_handler(void)
{
	unsigned port = (unsigned)pvg_port_alloc();

	pvg_sched_start(1);
	pvg_port_handle(port, wait_idle, NULL);
	pvg_event_send(0, port);
	pvg_sleep_ns(UINT64_C(1000000000));
}

static void count(unsigned port, void *arg)
{
	(void)port, (void)arg;
}

static void steal_the_timer(void)
{
	pvg_sched_start(0);
	pvg_port_handle(PV_PORT_TIMER, count, NULL);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void join_twice(void)
{
	static const struct pvg_thread_options options = { .name = "culprit" };
	struct pvg_thread *thread;

	pvg_sched_start(0);
	pvg_thread_create(&thread, nothing, NULL, &options);
	pvg_thread_join(thread);
	pvg_thread_join(thread);
}

/* Not recursion, which optimisers see through. The end is looked at when the
 * thread is switched away. */
static void overrun_run(void *arg)
{
	volatile char *frame = (volatile char *)__builtin_frame_address(0);
	/* Its pages end here, and others' begin. */
	volatile char *end = frame - PVG_THREAD_STACK_BYTES -
			     ((uintptr_t)frame & (PVG_PAGE_BYTES - 1));

	(void)arg;
	for (volatile char *at = frame - 4096; at >= end; at--)
		*at = 0;
	pvg_thread_yield();
	pvg_sleep_ns(10000000); /* not by spinning */
}

static void overrun(void)
{
	run_in_thread(overrun_run);
}

static void overrun_nameless(void)
{
	struct pvg_thread *thread;

	pvg_sched_start(0);
	pvg_thread_create(&thread, nothing, NULL, NULL);
	pvg_thread_join(thread);
	pvg_thread_create(&thread, overrun_run, NULL, NULL);
	pvg_thread_join(thread);
}

static void exit_run(void *arg)
{
	(void)arg;
	pvg_exit(7);
}

static void exit_in_thread(void)
{
	run_in_thread(exit_run);
}

static void leave_to_the_others(void *arg)
{
	(void)arg;
	pvg_sleep_ns(50000000);
	pvg_exit(8);
}

static void main_ends_first(void)
{
	pvg_sched_start(0);
	pvg_thread_create(NULL, leave_to_the_others, NULL, NULL);
	pvg_thread_exit();
}

static const struct test_case cases[] = {
	{ "lock-twice", lock_twice, "123",
	  "culprit.*locks a mutex that it has locked" },
	{ "unlock-mains", unlock_mains, "123",
	  "culprit.*unlocks a mutex that it has not locked" },
	{ "join-itself", join_itself, "123", "culprit.*joins itself" },
	{ "wait-with-preemption-off", wait_with_preemption_off, "123",
	  "culprit.*waits with preemption off" },
	{ "sleep-with-preemption-off", sleep_with_preemption_off, "123",
	  "culprit.*waits with preemption off" },
	{ "wait-without-scheduler", wait_without_scheduler, "123",
	  "scheduler was not started" },
	{ "wait-in-handler", wait_in_handler, "123",
	  "a handler of an upcall waits" },
	{ "overrun", overrun, "123", "culprit.*ran over the end of its stack" },
	{ "overrun-nameless", overrun_nameless, "123",
	  "nameless 2.*ran over the end of its stack" },
	{ "steal-the-timer", steal_the_timer, "123",
	  "the timer's, is not to be had" },
	{ "join-twice", join_twice, "123", "culprit.*is joined twice" },
	{ "exit-in-thread", exit_in_thread, "7", "silent" },
	{ "main-ends-first", main_ends_first, "8", "silent" },
};
CASES_MAIN(cases)
