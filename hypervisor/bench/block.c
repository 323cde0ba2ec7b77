/* SPDX-License-Identifier: MIT
 *
 * Benchmarks: reads and writes of a disk in a guest, against an io_uring loop
 * in this process on the same file with the same flags, the same accesses and
 * the same number of them, at several depths.
 */
#include <inttypes.h>
#include <stdio.h>

#include "access.h"
#include "bare-uring.h"
#include "bench.h"
#include "guest.h"
#include "test-file.h"

#define SEED 88172645463325252u
#define TEST_FILE_BYTES (256u << 20)
#define QUICK_FILE_BYTES (64u << 20)
#define RANDOM_BYTES 4096u
#define SEQUENTIAL_BYTES (128u << 10)
#define BYTES_PER_MIB 1048576.0
#define TRIAL_NS 5000000u

static const uint32_t depths[] = { 1, 4, 32, HV_ACCESS_DEPTH_MAX };

/* One benchmark of this file. */
struct variant {
	bool random, write, direct;
};

static const struct variant variants[HV_BLOCK_BENCHES] = {
	{ .random = true },
	{ .random = true, .write = true },
	{ .random = false },
	{ .write = true },
	{ .direct = true, .random = true },
	{ .direct = true, .random = true, .write = true },
	{ .direct = true },
	{ .direct = true, .write = true },
};

/* One depth of it, both sides. */
struct contest {
	const struct variant *variant;
	struct hv_access access;
	struct hv_bare_uring bare;
	struct hv_guest_call guest;
	uint64_t ops;
};

/* Small accesses are counted, large ones weighed. */
static double speed(const struct contest *contest, double ns)
{
	double per_second = (double)contest->ops * 1e9 / ns;

	if (contest->variant->random)
		return per_second;
	return per_second * contest->access.bytes / BYTES_PER_MIB;
}

static int measure_bare(void *arg, double *ret_speed, struct hv_error *err)
{
	struct contest *contest = arg;
	uint64_t ns;

	if (hv_bare_uring_run(&contest->bare, contest->access, contest->ops,
			      &ns, err) < 0)
		return -1;
	*ret_speed = speed(contest, (double)ns);
	return 0;
}

static int exits_per_request(const struct hv_guest_answer *answer,
			     double *ret_exits, struct hv_error *err)
{
	double exits, requests;

	if (hv_guest_exits(answer, "/block/0/doorbells", &exits, err) < 0 ||
	    hv_guest_stat(answer, "/block/0/requests", &requests, err) < 0)
		return -1;
	*ret_exits = exits / requests;
	return 0;
}

/* Two figures: its speed, and its exits per request. */
static int measure_guest(void *arg, double *ret_figures, struct hv_error *err)
{
	struct contest *contest = arg;
	struct hv_guest_answer answer;
	double ns;

	if (hv_guest_run(&contest->guest, &answer, err) < 0 ||
	    hv_guest_number(&answer, "block", &ns, err) < 0)
		return -1;
	ret_figures[0] = speed(contest, ns);
	return exits_per_request(&answer, &ret_figures[1], err);
}

static void measure_both(struct hv_bench_run *run, struct contest *contest)
{
	const struct variant *variant = contest->variant;
	uint32_t depth = contest->bare.depth;
	const struct hv_bench_side sides[] = {
		{ "guest", measure_guest, contest },
		{ contest->bare.fixed ? "io_uring loop" : "io_uring, unpinned",
		  measure_bare, contest },
	};
	struct hv_bench_row rows[] = {
		{ .unit = variant->random ? "ops/s" : "MiB/s",
		  .ours = { 0, 0 },
		  .peer = { 1, 0 } },
		{ .unit = "per op",
		  .ours = { 0, 1 },
		  .peer = { HV_BENCH_NO_PEER, 0 } },
	};
	const struct hv_bench_plan plan = { sides, 2, rows, 2, 1 };

	snprintf(rows[0].name, sizeof(rows[0].name), "depth %" PRIu32, depth);
	snprintf(rows[1].name, sizeof(rows[1].name), "  exits, depth %" PRIu32,
		 depth);
	if (variant->random && !variant->write)
		rows[0].goal = (struct hv_goal){ HV_GOAL_RATIO_AT_LEAST, 0.90 };
	if (depth == 32)
		rows[1].goal = (struct hv_goal){ HV_GOAL_VALUE_AT_MOST, 0.02 };
	hv_bench_measure(run, &plan);
}

/* How many accesses make one measurement. */
static int find_ops(struct hv_bench_run *run, struct contest *contest,
		    struct hv_error *err)
{
	uint64_t ns = 0, ops = contest->bare.depth;

	for (; ns < TRIAL_NS; ops *= 4)
		if (hv_bare_uring_run(&contest->bare, contest->access, ops, &ns,
				      err) < 0)
			return -1;
	contest->ops = hv_bench_ops(run, ops / 4, ns);
	if (contest->ops < contest->bare.depth)
		contest->ops = contest->bare.depth;
	return 0;
}

static int make_call(struct hv_bench_run *run, struct contest *contest,
		     struct hv_error *err)
{
	struct hv_guest_call *guest = &contest->guest;
	const struct variant *variant = contest->variant;

	if (hv_guest_call_init(guest, run->guests_dir, "blk.elf", err) < 0 ||
	    hv_guest_block(guest, run->test_file->path,
			   variant->direct ? ",direct" : "", err) < 0)
		return -1;
	hv_guest_arg_text(guest, variant->random ? "random" : "sequential");
	hv_guest_arg_text(guest, variant->write ? "write" : "read");
	hv_guest_arg_number(guest, contest->access.bytes);
	hv_guest_arg_number(guest, contest->bare.depth);
	hv_guest_arg_number(guest, contest->ops);
	hv_guest_arg_number(guest, contest->access.blocks);
	hv_guest_arg_number(guest, SEED);
	return 0;
}

static void measure_depth(struct hv_bench_run *run,
			  const struct variant *variant, uint32_t depth)
{
	uint32_t bytes = variant->random ? RANDOM_BYTES : SEQUENTIAL_BYTES;
	struct contest contest = {
		.variant = variant,
		.access = { .write = variant->write,
			    .random = variant->random,
			    .bytes = bytes,
			    .state = SEED,
			    .blocks = run->test_file->bytes / bytes },
	};
	struct hv_error err = { 0 };
	char name[32];

	snprintf(name, sizeof(name), "depth %" PRIu32, depth);
	hv_bench_progress(run, "%s", name);
	if (hv_bare_uring_create(&contest.bare, run->test_file->path,
				 variant->direct, depth, bytes, &err) < 0) {
		hv_bench_give_up(run, name, &err);
		return;
	}
	if (find_ops(run, &contest, &err) < 0 ||
	    make_call(run, &contest, &err) < 0)
		hv_bench_give_up(run, name, &err);
	else
		measure_both(run, &contest);
	hv_bare_uring_done(&contest.bare);
}

static int open_test_file(struct hv_bench_run *run, struct hv_error *err)
{
	if (run->test_file)
		return 0;
	hv_bench_progress(run, "%s", "making the test file");
	return hv_test_file_open(&run->test_file, run->block_path,
				 run->quick ? QUICK_FILE_BYTES :
					      TEST_FILE_BYTES,
				 err);
}

static int prepare(struct hv_bench_run *run, const struct variant *variant,
		   struct hv_error *err)
{
	if (variant->write && run->block_path && !run->overwrite)
		return hv_fail(err, HV_STATUS_HOST,
			       "left out, since it would destroy what is in "
			       "%.300s: allow it with --overwrite",
			       run->block_path);
	if (open_test_file(run, err) < 0)
		return -1;
	return hv_test_file_settle(run->test_file, !variant->direct, err);
}

static void run_block(struct hv_bench_run *run, const struct hv_bench *bench)
{
	const struct variant *variant = bench->arg;
	struct hv_error err = { 0 };

	if (prepare(run, variant, &err) < 0) {
		hv_bench_give_up(run, "all depths", &err);
		return;
	}
	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++)
		if (!hv_child_signal())
			measure_depth(run, variant, depths[i]);
}

const struct hv_bench hv_bench_block[HV_BLOCK_BENCHES] = {
	{ "block-random-read", "4 KiB random reads in the page cache",
	  run_block, &variants[0] },
	{ "block-random-write", "4 KiB random writes to the page cache",
	  run_block, &variants[1] },
	{ "block-sequential-read", "128 KiB sequential reads in the page cache",
	  run_block, &variants[2] },
	{ "block-sequential-write",
	  "128 KiB sequential writes to the page cache", run_block,
	  &variants[3] },
	{ "block-random-read-direct", "4 KiB random reads with O_DIRECT",
	  run_block, &variants[4] },
	{ "block-random-write-direct", "4 KiB random writes with O_DIRECT",
	  run_block, &variants[5] },
	{ "block-sequential-read-direct",
	  "128 KiB sequential reads with O_DIRECT", run_block, &variants[6] },
	{ "block-sequential-write-direct",
	  "128 KiB sequential writes with O_DIRECT", run_block, &variants[7] },
};
