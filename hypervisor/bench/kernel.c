/* SPDX-License-Identifier: MIT
 *
 * Benchmarks: what a kernel asks of the hypervisor, each beside the cheapest bare
 * program with KVM that gives the same, at the same ring. The guest's side is
 * tests/bench/kernel.c, the floors are in floor.h, and the table at the end says
 * which belong together.
 */
#include <sched.h>
#include <stdio.h>

#include "bench.h"
#include "floor.h"
#include "guest.h"

#define NS_PER_MS 1000000
/* Many short samples: what else the host does lasts longer than one. */
#define SAMPLES 2
#define PEERS_MAX 2
#define CASES_MAX 2
#define RATIO_MAX 1.25

/* A thing, and its floors; the goal holds for each. */
struct kernel_case {
	const char *key; /* of the guest */
	const char *name;
	struct {
		const char *label;
		hv_floor_fn *run;
	} floor[PEERS_MAX];
};

struct kernel {
	unsigned vcpus; /* that it needs, and as many CPUs */
	struct kernel_case cases[CASES_MAX];
};

static const struct kernel kernels[HV_KERNEL_BENCHES] = {
	{ .cases = { { "trap",
		       "exception",
		       { { "bare, by exit", hv_floor_trap_exit },
			 { "bare, by IDT gate", hv_floor_trap_gate } } } } },
	{ .cases = { { "timer-running",
		       "timer, running",
		       { { "bare, signal", hv_floor_timer_running } } },
		     { "timer-blocked",
		       "timer, blocked",
		       { { "bare, sleeping", hv_floor_timer_blocked } } } } },
	{ .vcpus = 2,
	  .cases = { { "event-running",
		       "event, running",
		       { { "bare, signal", hv_floor_event_running } } },
		     { "event-blocked",
		       "event, blocked",
		       { { "bare, futex", hv_floor_event_blocked } } } } },
	{ .cases = { { "user",
		       "user system call",
		       { { "bare, sync regs", hv_floor_user } } } } },
	{ .cases = { { "root",
		       "page-table load",
		       { { "bare, sync regs", hv_floor_root } } } } },
};

/* Sides and rows of one case. */
struct contest {
	struct hv_guest_side guest;
	struct hv_floor_side floor[PEERS_MAX];
	struct hv_bench_side side[1 + PEERS_MAX];
	struct hv_bench_row row[PEERS_MAX + 1];
	unsigned peers;
};

static void add_floors(struct contest *contest, const struct kernel_case *c,
		       uint64_t run_ns)
{
	unsigned n = 0;

	for (; n < PEERS_MAX && c->floor[n].run; n++) {
		struct hv_bench_row *row = &contest->row[n];

		contest->floor[n] =
			(struct hv_floor_side){ c->floor[n].run, run_ns };
		contest->side[1 + n] = (struct hv_bench_side){
			c->floor[n].label, hv_floor_measure,
			&contest->floor[n]
		};
		*row = (struct hv_bench_row){
			.unit = "ns",
			.peer = { 1 + n, 0 },
			.goal = { HV_GOAL_RATIO_AT_MOST, RATIO_MAX },
		};
		snprintf(row->name, sizeof(row->name), "%s", c->name);
	}
	contest->peers = n;
}

static void measure_case(struct hv_bench_run *run, const struct kernel *kernel,
			 const struct kernel_case *c,
			 const struct hv_guest_call *call)
{
	struct contest contest = {
		.guest = { .call = *call, .key = { c->key }, .counts = true },
		.side = { { "guest", hv_guest_measure, &contest.guest } },
	};
	struct hv_bench_plan plan = { .side = contest.side,
				      .row = contest.row,
				      .rounds_factor = SAMPLES };
	uint64_t run_ns = run->sample_ns / SAMPLES;

	contest.guest.call.vcpus = kernel->vcpus;
	hv_guest_arg_number(&contest.guest.call, run_ns / NS_PER_MS);
	hv_guest_arg_text(&contest.guest.call, c->key);
	add_floors(&contest, c, run_ns);
	contest.row[contest.peers] = (struct hv_bench_row){
		.name = "  exits",
		.unit = "per op",
		.ours = { 0, 1 },
		.peer = { HV_BENCH_NO_PEER, 0 },
	};
	plan.sides = plan.rows = contest.peers + 1;
	hv_bench_measure(run, &plan);
}

/* Two vCPUs on one CPU take turns of milliseconds, on both sides. */
static int check_cpus(const struct kernel *kernel, struct hv_error *err)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ||
	    (unsigned)CPU_COUNT(&cpus) >= kernel->vcpus)
		return 0;
	return hv_fail(err, HV_STATUS_HOST,
		       "needs two CPUs: on one, two vCPUs only wait for each other's turn to end");
}

static void run_kernel(struct hv_bench_run *run, const struct hv_bench *bench)
{
	const struct kernel *kernel = bench->arg;
	struct hv_error err = { 0 };
	struct hv_guest_call call;

	if (check_cpus(kernel, &err) < 0 ||
	    hv_guest_call_init(&call, run->guests_dir, "kernel.elf", &err) < 0) {
		hv_bench_give_up(run, kernel->cases[0].name, &err);
		return;
	}
	for (unsigned i = 0; i < CASES_MAX && kernel->cases[i].key; i++)
		measure_case(run, kernel, &kernel->cases[i], &call);
}

const struct hv_bench hv_bench_kernel[HV_KERNEL_BENCHES] = {
	{ "trap", "an exception to its handler and back", run_kernel,
	  &kernels[0] },
	{ "timer", "from a deadline to the handler of its event", run_kernel,
	  &kernels[1] },
	{ "event", "from one vCPU to a handler on another", run_kernel,
	  &kernels[2] },
	{ "user", "user mode to the kernel and back, with SYSCALL", run_kernel,
	  &kernels[3] },
	{ "root", "the kernel goes on with other page tables", run_kernel,
	  &kernels[4] },
};
