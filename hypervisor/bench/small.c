/* SPDX-License-Identifier: MIT
 *
 * Benchmarks: what a kernel does without an exit. Where a process has the same, it
 * is the peer.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../clock.h"
#include "bench.h"
#include "guest.h"
#include "malloc-loop.h"

struct small {
	const char *key; /* of micro.c */
	const char *name;
	unsigned about_ns; /* what one takes, roughly */
	struct hv_goal goal;
	/* The same in a process, that many times; prints "native NS". */
	int (*native)(void *times);
	const char *native_label;
};

static void *wait_for_end(void *arg)
{
	pause();
	return arg;
}

/* With a second thread, though it only sleeps: a process of one thread needs no
 * mutex, and the C library spares it the locked instruction. */
static int lock_natively(void *arg)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	const uint64_t *times = arg;
	uint64_t start_ns;
	pthread_t other;

	if (pthread_create(&other, NULL, wait_for_end, NULL))
		return -1;
	start_ns = hv_host_ns();
	for (uint64_t i = 0; i < *times; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	printf("native %f\n", (double)(hv_host_ns() - start_ns) / (double)*times);
	return 0;
}

static int replace_natively(void *arg)
{
	const uint64_t *times = arg;
	uint64_t start_ns = hv_host_ns();

	hv_malloc_loop(*times);
	printf("native %f\n", (double)(hv_host_ns() - start_ns) / (double)*times);
	return 0;
}

static const struct small smalls[HV_SMALL_BENCHES] = {
	{ .key = "malloc",
	  .name = "malloc and free",
	  .about_ns = 20,
	  .native = replace_natively,
	  .native_label = "malloc of the host" },
	{ .key = "mask",
	  .name = "mask and unmask",
	  .about_ns = 1,
	  .goal = { HV_GOAL_VALUE_AT_MOST, 2 } },
	{ .key = "mutex",
	  .name = "lock and unlock",
	  .about_ns = 10,
	  .goal = { HV_GOAL_RATIO_AT_MOST, 1.3 },
	  .native = lock_natively,
	  .native_label = "pthread_mutex" },
	{ .key = "switch",
	  .name = "thread switch",
	  .about_ns = 60,
	  .goal = { HV_GOAL_VALUE_AT_MOST, 150 } },
};

struct native_side {
	const struct small *small;
	uint64_t times;
};

static int measure_native(void *arg, double *ret_ns, struct hv_error *err)
{
	struct native_side *side = arg;
	struct hv_output output;

	if (hv_child_call(side->small->native, &side->times, &output, err) < 0)
		return -1;
	if (hv_output_number(&output, "native", ret_ns))
		return 0;
	return hv_fail(err, HV_STATUS_FAILED, "the native side said nothing");
}

static void run_small(struct hv_bench_run *run, const struct hv_bench *bench)
{
	const struct small *small = bench->arg;
	struct hv_guest_side guest = { .key = { small->key }, .counts = true };
	struct native_side native = { .small = small };
	const struct hv_bench_side sides[] = {
		{ "guest", hv_guest_measure, &guest },
		{ small->native_label, measure_native, &native },
	};
	struct hv_bench_row rows[] = {
		{ .unit = "ns", .peer = { 1, 0 }, .goal = small->goal },
		{ .name = "  exits",
		  .unit = "per op",
		  .ours = { 0, 1 },
		  .peer = { HV_BENCH_NO_PEER, 0 } },
	};
	const struct hv_bench_plan plan = { sides, small->native ? 2 : 1, rows,
					    2, 2 };
	struct hv_error err = { 0 };

	if (hv_guest_call_init(&guest.call, run->guests_dir, "micro.elf", &err) < 0) {
		hv_bench_give_up(run, bench->name, &err);
		return;
	}
	snprintf(rows[0].name, sizeof(rows[0].name), "%s", small->name);
	if (!small->native)
		rows[0].peer.side = HV_BENCH_NO_PEER;
	native.times = hv_bench_ops(run, 1, small->about_ns) / 2;
	hv_guest_arg_number(&guest.call, native.times);
	hv_guest_arg_text(&guest.call, small->key);
	hv_bench_measure(run, &plan);
}

const struct hv_bench hv_bench_small[HV_SMALL_BENCHES] = {
	{ "malloc", "replacing one of 64 live objects", run_small, &smalls[0] },
	{ "mask", "holding events back and letting them come", run_small,
	  &smalls[1] },
	{ "mutex", "a mutex that is free", run_small, &smalls[2] },
	{ "switch", "from one thread to another of the same vCPU", run_small,
	  &smalls[3] },
};
