/* SPDX-License-Identifier: MIT
 *
 * Benchmarks: what cmd-bench.c offers, plan.c measures and report.c prints.
 *
 * A benchmark (compute.c is the simplest to copy) describes a plan: sides that
 * can be measured, and rows that say which figure of which side is set against
 * which. The sides take turns, A B A B, so that a host that slows down over
 * minutes slows both. To add a benchmark, write its file, and put its struct
 * hv_bench into the table in cmd-bench.c.
 */
#ifndef HV_BENCH_H
#define HV_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../error.h"
#include "statistics.h"

/* What is aimed at; shown, and never a reason to fail. */
enum hv_goal_kind {
	HV_GOAL_NONE,
	HV_GOAL_RATIO_AT_LEAST,
	HV_GOAL_RATIO_AT_MOST,
	HV_GOAL_VALUE_AT_MOST,
	HV_GOAL_EXCESS_AT_MOST, /* over the peer, in the row's unit */
};

struct hv_goal {
	enum hv_goal_kind kind;
	double limit;
};

#define HV_BENCH_SIDES_MAX 4
#define HV_BENCH_FIGURES_MAX 16
#define HV_BENCH_NO_PEER UINT32_MAX

/* Something that can be measured again and again. One measurement may yield
 * several figures. A failure with HV_STATUS_HOST means that this host cannot;
 * any other, that something is wrong. */
struct hv_bench_side {
	const char *label;
	int (*measure)(void *arg, double *ret_figures, struct hv_error *err);
	void *arg;
};

/* The index-th figure of a plan's side. */
struct hv_figure {
	unsigned side, index;
};

struct hv_bench_row {
	char name[48];
	const char *unit;
	struct hv_figure ours;
	struct hv_figure peer; /* .side HV_BENCH_NO_PEER: a figure of its own */
	const char *peer_label; /* NULL: the label of the peer's side */
	struct hv_goal goal;
};

struct hv_bench_plan {
	const struct hv_bench_side *side;
	unsigned sides;
	const struct hv_bench_row *row;
	unsigned rows;
	unsigned rounds_factor; /* times the rounds asked for */
};

struct hv_bench_run;
struct hv_test_file;

struct hv_bench {
	const char *name;
	const char *about;
	void (*run)(struct hv_bench_run *run, const struct hv_bench *bench);
	const void *arg; /* the benchmark's own */
};

/* A row that was measured, or could not be. */
struct hv_bench_result {
	const struct hv_bench *bench;
	struct hv_bench_row row;
	const char *peer_label;
	unsigned samples; /* 0: not measured, and note says why */
	double *ours, *peer;
	struct hv_spread ours_spread, peer_spread, ratio_spread;
	double ratio; /* of the medians */
	char note[512];
};

/* One `paravane bench`. */
struct hv_bench_run {
	bool quick;
	unsigned rounds;
	uint64_t sample_ns;   /* how long one measurement should take */
	uint64_t deadline_ns; /* of hv_host_ns; then nothing more is begun */
	const char *block_path;         /* --file; NULL: a temporary one */
	bool overwrite;                 /* it may be written to */
	struct hv_test_file *test_file; /* opened by the first that needs it */
	const char *guests_dir;         /* NULL: look for them */
	bool progress;
	bool failed; /* something could not run that should have */
	const struct hv_bench *current;
	struct hv_bench_result *result;
	unsigned results;
};

/* plan.c: */

/* Measure the plan and append a result for each of its rows. */
void hv_bench_measure(struct hv_bench_run *run,
		      const struct hv_bench_plan *plan);
/* Append a result without figures: the current benchmark could not be run. */
void hv_bench_give_up(struct hv_bench_run *run, const char *row_name,
		      const struct hv_error *err);
void hv_bench_done(struct hv_bench_run *run);
/* How many operations fill run->sample_ns, if `ops` of them took `ns`. */
uint64_t hv_bench_ops(const struct hv_bench_run *run, uint64_t ops,
		      uint64_t ns);

/* report.c: */

/* Say on a terminal what is being done; wipe that away again. */
void hv_bench_progress(const struct hv_bench_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void hv_bench_progress_clear(const struct hv_bench_run *run);
void hv_bench_print(const struct hv_bench_run *run);
int hv_bench_write_json(const struct hv_bench_run *run, const char *path,
			struct hv_error *err);

/* The benchmarks: */
extern const struct hv_bench hv_bench_compute, hv_bench_hello, hv_bench_nop,
	hv_bench_clock;
#define HV_SMALL_BENCHES 4
extern const struct hv_bench hv_bench_small[HV_SMALL_BENCHES];
#define HV_KERNEL_BENCHES 5
extern const struct hv_bench hv_bench_kernel[HV_KERNEL_BENCHES];
#define HV_BLOCK_BENCHES 8
extern const struct hv_bench hv_bench_block[HV_BLOCK_BENCHES];
#define HV_NET_BENCHES 3
extern const struct hv_bench hv_bench_net[HV_NET_BENCHES];

#endif
