/* SPDX-License-Identifier: MIT
 *
 * Benchmarks: a guest's network, against an io_uring loop in a process of its own at
 * the same end of the same kind of socket. At the other end is the same load.
 */
#include <stdio.h>

#include "bench.h"
#include "guest.h"
#include "net-load.h"

#define TRIAL_NS 5000000u
#define ECHO_BYTES 64

/* One benchmark of this file. */
struct variant {
	enum hv_net_work work;
	uint32_t frame_bytes;
	const char *guest_word;
	const char *row;
};

static const struct variant variants[HV_NET_BENCHES] = {
	{ HV_NET_ECHO, ECHO_BYTES, "echo", "64 B, there and back" },
	{ HV_NET_SEND, HV_NET_FRAME_MAX_BYTES, "send", "1514 B, sent" },
	{ HV_NET_RECEIVE, HV_NET_FRAME_MAX_BYTES, "receive",
	  "1514 B, received" },
};

struct contest {
	const struct variant *variant;
	struct hv_net_task task;
	struct hv_guest_call guest;
};

/* Round trips take a time, streams have a speed. */
static double figure(const struct contest *contest, uint64_t ns)
{
	double each = (double)ns / (double)contest->task.frames;

	return contest->task.work == HV_NET_ECHO ? each : 1e9 / each;
}

static int run_bare(struct contest *contest, uint64_t *ret_ns,
		    struct hv_error *err)
{
	struct hv_error load_err = { 0 };
	struct hv_net_load *load;
	int fd, r, load_r;

	if (hv_net_load_start(&load, &contest->task, &fd, err) < 0)
		return -1;
	r = hv_bare_net_run(&contest->task, fd, err);
	load_r = hv_net_load_finish(load, ret_ns, &load_err);
	if (r == 0 && load_r < 0)
		*err = load_err;
	return r < 0 ? r : load_r;
}

static int measure_bare(void *arg, double *ret_figure, struct hv_error *err)
{
	struct contest *contest = arg;
	uint64_t ns;

	if (run_bare(contest, &ns, err) < 0)
		return -1;
	*ret_figure = figure(contest, ns);
	return 0;
}

/* Two figures: how fast, and its exits per frame. */
static int measure_guest(void *arg, double *ret_figures, struct hv_error *err)
{
	struct contest *contest = arg;
	struct hv_error load_err = { 0 };
	struct hv_guest_answer answer;
	struct hv_net_load *load;
	int fd, r, load_r;
	uint64_t ns = 0;
	double exits;

	if (hv_net_load_start(&load, &contest->task, &fd, err) < 0)
		return -1;
	snprintf(contest->guest.net, sizeof(contest->guest.net), "fd=%d", fd);
	r = hv_guest_run(&contest->guest, &answer, err);
	load_r = hv_net_load_finish(load, &ns, &load_err);
	if (r == 0 && load_r < 0)
		*err = load_err;
	if (r < 0 || load_r < 0 ||
	    hv_guest_exits(&answer, "/net/0/doorbells", &exits, err) < 0)
		return -1;
	ret_figures[0] = figure(contest, ns);
	ret_figures[1] = exits / (double)contest->task.frames;
	return 0;
}

static void measure_both(struct hv_bench_run *run, struct contest *contest)
{
	bool trip = contest->task.work == HV_NET_ECHO;
	const struct hv_bench_side sides[] = {
		{ "guest", measure_guest, contest },
		{ "io_uring loop", measure_bare, contest },
	};
	struct hv_bench_row rows[] = {
		{ .unit = trip ? "ns" : "frames/s",
		  .ours = { 0, 0 },
		  .peer = { 1, 0 } },
		{ .name = "  exits",
		  .unit = "per frame",
		  .ours = { 0, 1 },
		  .peer = { HV_BENCH_NO_PEER, 0 } },
	};
	const struct hv_bench_plan plan = { sides, 2, rows, 2, 1 };

	snprintf(rows[0].name, sizeof(rows[0].name), "%s",
		 contest->variant->row);
	hv_bench_measure(run, &plan);
}

/* How many frames make one measurement. */
static int find_frames(struct hv_bench_run *run, struct contest *contest,
		       struct hv_error *err)
{
	uint64_t ns = 0;

	for (contest->task.frames = HV_NET_DEPTH;; contest->task.frames *= 4) {
		if (run_bare(contest, &ns, err) < 0)
			return -1;
		if (ns >= TRIAL_NS)
			break;
	}
	contest->task.frames = hv_bench_ops(run, contest->task.frames, ns);
	return 0;
}

static void run_net(struct hv_bench_run *run, const struct hv_bench *bench)
{
	const struct variant *variant = bench->arg;
	struct contest contest = {
		.variant = variant,
		.task = { .work = variant->work,
			  .frame_bytes = variant->frame_bytes },
	};
	struct hv_error err = { 0 };

	hv_bench_progress(run, "%s", variant->row);
	if (hv_guest_call_init(&contest.guest, run->guests_dir, "net.elf",
			       &err) < 0 ||
	    find_frames(run, &contest, &err) < 0) {
		hv_bench_give_up(run, variant->row, &err);
		return;
	}
	hv_guest_arg_text(&contest.guest, variant->guest_word);
	hv_guest_arg_number(&contest.guest, contest.task.frames);
	hv_guest_arg_number(&contest.guest, contest.task.frame_bytes);
	measure_both(run, &contest);
}

const struct hv_bench hv_bench_net[HV_NET_BENCHES] = {
	{ "net-echo", "a frame to the guest and back, over a socket", run_net,
	  &variants[0] },
	{ "net-send", "frames from the guest to a socket", run_net,
	  &variants[1] },
	{ "net-receive", "frames from a socket to the guest", run_net,
	  &variants[2] },
};
