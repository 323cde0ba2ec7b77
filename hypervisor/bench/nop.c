/* SPDX-License-Identifier: MIT
 *
 * Benchmark: what an operation costs that does nothing, against the same exit
 * in a loop of KVM_RUN. The difference is the monitor's dispatch.
 */
#include "../clock.h"
#include "bare-kvm.h"
#include "bench.h"
#include "guest.h"

#define TRIAL_EXITS 500

struct bare_side {
	struct hv_bare_kvm bare;
	uint64_t exits;
};

static int run_exits(struct bare_side *side, uint64_t exits, uint64_t *ret_ns,
		     struct hv_error *err)
{
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < exits; i++)
		if (hv_bare_run_to(&side->bare.cpu[0], HV_BARE_PORT_CALL,
				   err) < 0)
			return -1;
	*ret_ns = hv_host_ns() - start_ns;
	return 0;
}

static int measure_bare(void *arg, double *ret_ns, struct hv_error *err)
{
	struct bare_side *side = arg;
	uint64_t ns;

	if (run_exits(side, side->exits, &ns, err) < 0)
		return -1;
	*ret_ns = (double)ns / (double)side->exits;
	return 0;
}

static void measure_both(struct hv_bench_run *run, struct bare_side *bare,
			 struct hv_guest_side *guest)
{
	const struct hv_bench_side sides[] = {
		{ "guest", hv_guest_measure, guest },
		{ "bare KVM_RUN loop", measure_bare, bare },
	};
	const struct hv_bench_row row = {
		.name = "null operation",
		.unit = "ns",
		.ours = { 0, 0 },
		.peer = { 1, 0 },
		.goal = { HV_GOAL_RATIO_AT_MOST, 1.05 },
	};
	const struct hv_bench_plan plan = { sides, 2, &row, 1, 2 };

	hv_guest_arg_number(&guest->call, bare->exits);
	hv_guest_arg_text(&guest->call, "nop");
	hv_bench_measure(run, &plan);
}

static int prepare(struct hv_bench_run *run, struct bare_side *bare,
		   struct hv_guest_side *guest, struct hv_error *err)
{
	uint64_t ns;

	if (hv_guest_call_init(&guest->call, run->guests_dir, "micro.elf", err) < 0 ||
	    hv_bare_kvm_create(&bare->bare, 1, err) < 0)
		return -1;
	if (hv_bare_begin(&bare->bare.cpu[0], hv_bare_call, false, err) < 0 ||
	    run_exits(bare, TRIAL_EXITS, &ns, err) < 0) {
		hv_bare_kvm_done(&bare->bare);
		return -1;
	}
	bare->exits = hv_bench_ops(run, TRIAL_EXITS, ns);
	return 0;
}

static void run_nop(struct hv_bench_run *run, const struct hv_bench *bench)
{
	struct hv_guest_side guest = { .key = { "nop" } };
	struct hv_error err = { 0 };
	struct bare_side bare;

	if (prepare(run, &bare, &guest, &err) < 0) {
		hv_bench_give_up(run, bench->name, &err);
		return;
	}
	measure_both(run, &bare, &guest);
	hv_bare_kvm_done(&bare.bare);
}

const struct hv_bench hv_bench_nop = {
	.name = "nop",
	.about = "an operation that does nothing, there and back",
	.run = run_nop,
};
