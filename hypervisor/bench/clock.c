/* SPDX-License-Identifier: MIT
 *
 * Benchmark: reading the clock in a guest, against the bare time-stamp counter
 * in the same guest, and against clock_gettime of a Linux process (vDSO).
 */
#include <time.h>

#include "../clock.h"
#include "bench.h"
#include "guest.h"

/* One reading is some 20 ns on any host that has a usable counter. */
#define READING_NS 20

static uint64_t readings;

static int measure_native(void *arg, double *ret_ns, struct hv_error *err)
{
	uint64_t start_ns = hv_host_ns();

	(void)arg;
	(void)err;
	for (uint64_t i = 0; i < readings; i++)
		hv_host_ns();
	*ret_ns = (double)(hv_host_ns() - start_ns) / (double)readings;
	return 0;
}

static void run_clock(struct hv_bench_run *run, const struct hv_bench *bench)
{
	struct hv_guest_side guest = { .key = { "clock", "rdtsc" } };
	const struct hv_bench_side sides[] = {
		{ "guest", hv_guest_measure, &guest },
		{ "clock_gettime", measure_native, NULL },
	};
	const struct hv_bench_row rows[] = {
		{ .name = "clock read",
		  .unit = "ns",
		  .ours = { 0, 0 },
		  .peer = { 0, 1 },
		  .peer_label = "rdtsc, same guest",
		  .goal = { HV_GOAL_EXCESS_AT_MOST, 5 } },
		{ .name = "clock read",
		  .unit = "ns",
		  .ours = { 0, 0 },
		  .peer = { 1, 0 } },
	};
	const struct hv_bench_plan plan = { sides, 2, rows, 2, 2 };
	struct hv_error err = { 0 };

	if (hv_guest_call_init(&guest.call, run->guests_dir, "micro.elf", &err) < 0) {
		hv_bench_give_up(run, bench->name, &err);
		return;
	}
	readings = hv_bench_ops(run, 1, READING_NS) / 2;
	hv_guest_arg_number(&guest.call, readings);
	hv_guest_arg_text(&guest.call, "clock");
	hv_guest_arg_text(&guest.call, "rdtsc");
	hv_bench_measure(run, &plan);
}

const struct hv_bench hv_bench_clock = {
	.name = "clock",
	.about = "reading the monotonic clock",
	.run = run_clock,
};
