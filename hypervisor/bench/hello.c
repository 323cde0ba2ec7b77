/* SPDX-License-Identifier: MIT
 *
 * Benchmark: the hello guest from spawn to exit, against two floors measured
 * the same way: a C program that does nothing, and one that makes a VM, lets it
 * exit once and ends. And the memory the monitor takes meanwhile.
 */
#include <limits.h>

#include "bench.h"
#include "guest.h"

#define NS_PER_MS 1e6
#define BYTES_PER_MIB 1048576.0
#define SPAWNS_PER_ROUND 20

static int measure_guest(void *arg, double *ret_ms, struct hv_error *err)
{
	uint64_t ns;

	if (hv_guest_time(arg, &ns, err) < 0)
		return -1;
	*ret_ms = (double)ns / NS_PER_MS;
	return 0;
}

static int measure_program(void *arg, double *ret_ms, struct hv_error *err)
{
	char *argv[] = { arg, NULL };
	uint64_t ns;
	int status;

	if (hv_child_run(argv, NULL, &status, &ns, err) < 0)
		return -1;
	if (status)
		return hv_fail(err, HV_STATUS_HOST,
			       "%.300s ended with wait status %#x", argv[0],
			       (unsigned)status);
	*ret_ms = (double)ns / NS_PER_MS;
	return 0;
}

static int measure_memory(void *arg, double *ret_mib, struct hv_error *err)
{
	struct hv_guest_answer answer;
	double bytes;

	if (hv_guest_run(arg, &answer, err) < 0 ||
	    hv_guest_stat(&answer, "/monitor_resident_bytes", &bytes, err) < 0)
		return -1;
	*ret_mib = bytes / BYTES_PER_MIB;
	return 0;
}

static void measure_start(struct hv_bench_run *run, struct hv_guest_call *hello,
			  char *empty, char *bare_vm)
{
	const struct hv_bench_side sides[] = {
		{ "hello", measure_guest, hello },
		{ "empty C program", measure_program, empty },
		{ "bare VM, one exit", measure_program, bare_vm },
	};
	const struct hv_bench_row rows[] = {
		{ .name = "spawn to exit",
		  .unit = "ms",
		  .ours = { 0, 0 },
		  .peer = { 1, 0 },
		  .goal = { HV_GOAL_VALUE_AT_MOST, 1.5 } },
		{ .name = "spawn to exit",
		  .unit = "ms",
		  .ours = { 0, 0 },
		  .peer = { 2, 0 } },
	};
	const struct hv_bench_plan plan = { sides, 3, rows, 2,
					    SPAWNS_PER_ROUND };

	hv_bench_measure(run, &plan);
}

static void measure_monitor(struct hv_bench_run *run,
			    struct hv_guest_call *hello)
{
	const struct hv_bench_side side = { "hello", measure_memory, hello };
	const struct hv_bench_row row = {
		.name = "monitor's memory",
		.unit = "MiB",
		.ours = { 0, 0 },
		.peer = { HV_BENCH_NO_PEER, 0 },
		.goal = { HV_GOAL_VALUE_AT_MOST, 1.5 },
	};
	const struct hv_bench_plan plan = { &side, 1, &row, 1, 1 };

	hv_bench_measure(run, &plan);
}

static void run_hello(struct hv_bench_run *run, const struct hv_bench *bench)
{
	char empty[PATH_MAX], bare_vm[PATH_MAX];
	struct hv_guest_answer answer;
	struct hv_guest_call hello;
	struct hv_error err = { 0 };

	/* Once with its output kept: if it fails, its words tell why; and it is
	 * in the page cache from then on. */
	if (hv_guest_call_init(&hello, run->guests_dir, "hello.elf", &err) < 0 ||
	    hv_guest_find(run->guests_dir, "empty", empty, &err) < 0 ||
	    hv_guest_find(run->guests_dir, "bare-vm", bare_vm, &err) < 0 ||
	    hv_guest_run(&hello, &answer, &err) < 0) {
		hv_bench_give_up(run, bench->name, &err);
		return;
	}
	measure_start(run, &hello, empty, bare_vm);
	measure_monitor(run, &hello);
}

const struct hv_bench hv_bench_hello = {
	.name = "hello",
	.about = "the hello guest from spawn to exit",
	.run = run_hello,
};
