/* SPDX-License-Identifier: MIT
 *
 * Benchmark: the guest library's allocator against the host's C library.
 */
#include <stdlib.h>

#include "../clock.h"
#include "bench.h"
#include "guest.h"
#include "malloc-loop.h"

/* A pair is some 20 ns. */
#define PAIR_NS 20

static uint64_t pairs;

static int measure_native(void *arg, double *ret_ns, struct hv_error *err)
{
	uint64_t start_ns = hv_host_ns();

	(void)arg;
	(void)err;
	hv_malloc_loop(pairs);
	*ret_ns = (double)(hv_host_ns() - start_ns) / (double)pairs;
	return 0;
}

static void run_malloc(struct hv_bench_run *run, const struct hv_bench *bench)
{
	struct hv_guest_side guest = { .key = { "malloc" } };
	const struct hv_bench_side sides[] = {
		{ "guest", hv_guest_measure, &guest },
		{ "malloc of the host", measure_native, NULL },
	};
	const struct hv_bench_row row = { .name = "malloc and free",
					  .unit = "ns",
					  .ours = { 0, 0 },
					  .peer = { 1, 0 } };
	const struct hv_bench_plan plan = { sides, 2, &row, 1, 2 };
	struct hv_error err = { 0 };

	if (hv_guest_call_init(&guest.call, run, "micro.elf", &err) < 0) {
		hv_bench_give_up(run, bench->name, &err);
		return;
	}
	pairs = hv_bench_ops(run, 1, PAIR_NS) / 2;
	hv_guest_arg_number(&guest.call, pairs);
	hv_guest_arg_text(&guest.call, "malloc");
	hv_bench_measure(run, &plan);
}

const struct hv_bench hv_bench_malloc = {
	.name = "malloc",
	.about = "replacing one of 64 live objects",
	.run = run_malloc,
};
