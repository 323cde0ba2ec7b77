/* SPDX-License-Identifier: MIT
 *
 * Do threads begin with their argument, run at the same time, end, and give back
 * what they took?
 */
#include "tap.h"

#define MANY 1000

static unsigned counter;

static void count(void *arg)
{
	__atomic_fetch_add(&counter, (unsigned)(uintptr_t)arg, __ATOMIC_RELAXED);
}

static void one_after_the_other(void)
{
	struct pvg_thread *thread;
	int error = 0;

	counter = 0;
	for (unsigned i = 1; i <= 100; i++) {
		error |= pvg_thread_create(&thread, count, (void *)(uintptr_t)i,
					   NULL);
		pvg_thread_join(thread);
	}
	tap_equal(error, 0, "100 threads one after the other");
	tap_equal(counter, 5050, "each with its argument, all done when joined");
}

/* All of them exist at once: none ends before the last has begun. */
static struct pvg_semaphore may_end;

static void wait_and_count(void *arg)
{
	pvg_semaphore_wait(&may_end);
	count(arg);
}

static void many_at_once(void)
{
	static struct pvg_thread *thread[MANY];
	static const struct pvg_thread_options small = {
		.stack_bytes = PVG_THREAD_STACK_MIN_BYTES
	};
	unsigned made = 0;

	counter = 0;
	while (made < MANY && pvg_thread_create(&thread[made], wait_and_count,
						(void *)1, &small) == 0)
		made++;
	tap_equal(made, MANY, "1000 threads at once");
	for (unsigned i = 0; i < made; i++)
		pvg_semaphore_post(&may_end);
	for (unsigned i = 0; i < made; i++)
		pvg_thread_join(thread[i]);
	tap_equal(counter, made, "and joined");
}

static void exits_midway(void *arg)
{
	count(arg);
	pvg_thread_exit();
	count(arg);
}

static void ends_in_the_middle(void)
{
	struct pvg_thread *thread;

	counter = 0;
	pvg_thread_create(&thread, exits_midway, (void *)1, NULL);
	pvg_thread_join(thread);
	tap_equal(counter, 1, "a thread may end anywhere");
}

static void nobody_joins(void)
{
	size_t before = pvg_pages_available();
	uint64_t patience = pvg_deadline_in(UINT64_C(5000000000));

	counter = 0;
	for (int i = 0; i < 50; i++)
		pvg_thread_create(NULL, count, (void *)1, NULL);
	while ((__atomic_load_n(&counter, __ATOMIC_RELAXED) < 50 ||
		pvg_pages_available() != before) && pvg_clock_ns() < patience)
		pvg_thread_yield();
	tap_equal(counter, 50, "threads that nobody joins run too");
	tap_equal((int64_t)pvg_pages_available(), (int64_t)before,
		  "and give their memory back by themselves");
}

static void creates_more(void *arg)
{
	uintptr_t depth = (uintptr_t)arg;
	struct pvg_thread *thread[2];

	count((void *)1);
	if (depth == 0)
		return;
	for (int i = 0; i < 2; i++)
		pvg_thread_create(&thread[i], creates_more, (void *)(depth - 1),
				  NULL);
	for (int i = 0; i < 2; i++)
		pvg_thread_join(thread[i]);
}

static const char *name_seen;
static unsigned vcpu_seen;

static void look_around(void *arg)
{
	struct pvg_thread **self = arg;

	*self = pvg_thread_self();
	name_seen = strcmp(pvg_thread_name(*self), "a name of more than twe")
			    ? "another" : "the first 23 bytes";
	vcpu_seen = pvg_vcpu_number();
}

static void options(int vcpus)
{
	struct pvg_thread_options options = {
		.name = "a name of more than twenty-three bytes",
		.vcpus = UINT64_C(1) << (vcpus - 1),
	};
	struct pvg_thread *thread, *self;

	tap_equal(pvg_thread_create(&thread, look_around, &self, &options), 0,
		  "a thread with options");
	pvg_thread_join(thread);
	tap_ok(self == thread, "knows itself");
	tap_ok(strcmp(name_seen, "the first 23 bytes") == 0, "and its name");
	tap_equal(vcpu_seen, vcpus - 1, "and runs where it has to");
	options.vcpus = vcpus < 64 ? UINT64_C(1) << vcpus : 0;
	if (options.vcpus)
		tap_equal(pvg_thread_create(&thread, look_around, &self,
					    &options),
			  -PV_EINVAL, "a vCPU that runs no threads is refused");
	options.vcpus = 0;
	options.stack_bytes = SIZE_MAX;
	tap_equal(pvg_thread_create(&thread, look_around, &self, &options),
		  -PV_ENOMEM, "so is a stack larger than memory");
}

int main(void)
{
	struct pvg_thread *thread;
	size_t before;
	int vcpus;

	tap_ok(pvg_thread_self() != NULL, "main is a thread");
	tap_equal(pvg_thread_create(&thread, count, NULL, NULL), -PV_EINVAL,
		  "before the scheduler runs there are no others");
	vcpus = pvg_sched_start(0);
	if (vcpus == -PV_ENOSYS) {
		tap_skip("all of it", "no upcalls or no timer");
		return tap_done();
	}
	tap_equal(vcpus, pvg_vcpus(), "the scheduler starts on all vCPUs");
	tap_equal(pvg_sched_start(0), -PV_EBUSY, "once");
	before = pvg_pages_available();
	one_after_the_other();
	many_at_once();
	ends_in_the_middle();
	nobody_joins();
	counter = 0;
	creates_more((void *)7);
	tap_equal(counter, 255, "threads create threads");
	options(vcpus);
	tap_equal((int64_t)pvg_pages_available(), (int64_t)before,
		  "all memory is back");
	return tap_done();
}
