/* SPDX-License-Identifier: MIT
 *
 * Benchmark: pure computation in a guest against the same objects linked into
 * this program and run in a process of their own. Both sides touch their memory
 * first, both have it in huge pages, both take the time from the time-stamp
 * counter without leaving their code.
 */
#include <compute-kernels.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../clock.h"
#include "../units.h"
#include "bench.h"
#include "guest.h"

/* All kernels once. */
#define PASS_NS (COMPUTE_KERNELS * 10000000)
#define ALL COMPUTE_KERNELS /* the index of the figure for all of them */

_Static_assert(COMPUTE_KERNELS < HV_BENCH_FIGURES_MAX, "too many kernels");

struct compute {
	struct hv_guest_call guest;
	unsigned rounds;
	/* Empty until one was seen. */
	char checksum[COMPUTE_KERNELS][HV_OUTPUT_WORD_BYTES];
};

static void *make_buffer(void)
{
	uint8_t *map = mmap(NULL, COMPUTE_BUFFER_BYTES + HV_HUGE_PAGE_BYTES,
			    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	map += -(uintptr_t)map % HV_HUGE_PAGE_BYTES;
	madvise(map, COMPUTE_BUFFER_BYTES, MADV_HUGEPAGE);
	return map;
}

/* As time_kernel of sample-guests/compute.c. */
static void time_kernel(const struct compute_kernel *kernel, void *buffer,
			unsigned rounds)
{
	uint64_t checksum = kernel->run(buffer, kernel->iterations);
	uint64_t start_ns = hv_host_ns();

	for (unsigned i = 0; i < rounds; i++)
		kernel->run(buffer, kernel->iterations);
	printf("%s %" PRIu64 " %016" PRIx64 "\n", kernel->name,
	       (hv_host_ns() - start_ns) / rounds, checksum);
}

static int run_native(void *arg)
{
	const struct compute *compute = arg;
	void *buffer = make_buffer();

	if (!buffer)
		return -1;
	for (unsigned i = 0; i < COMPUTE_KERNELS; i++)
		time_kernel(&compute_kernels[i], buffer, compute->rounds);
	return 0;
}

/* Different sums would mean that the two sides did not do the same. */
static int check(struct compute *compute, unsigned kernel,
		 const struct hv_output *output, struct hv_error *err)
{
	char *known = compute->checksum[kernel], sum[HV_OUTPUT_WORD_BYTES];

	hv_output_word(output, compute_kernels[kernel].name, 1, sum);
	if (!known[0])
		memcpy(known, sum, sizeof(sum));
	if (strcmp(known, sum) == 0)
		return 0;
	return hv_fail(err, HV_STATUS_FAILED,
		       "kernel %s gives %s here and %s there: compute.elf and "
		       "the program are of different builds",
		       compute_kernels[kernel].name, known, sum);
}

/* Runs a second of each kernel, then of all of them one after another. */
static int read_figures(struct compute *compute, const struct hv_output *output,
			double *ret_figures, struct hv_error *err)
{
	double ns, sum_ns = 0;

	for (unsigned i = 0; i < COMPUTE_KERNELS; i++) {
		const char *name = compute_kernels[i].name;

		if (check(compute, i, output, err) < 0)
			return -1;
		if (!hv_output_number(output, name, &ns))
			return hv_fail(err, HV_STATUS_FAILED,
				       "compute.elf printed no time for %s",
				       name);
		ret_figures[i] = 1e9 / ns;
		sum_ns += ns;
	}
	ret_figures[ALL] = 1e9 / sum_ns;
	return 0;
}

static int measure_guest(void *arg, double *ret_figures, struct hv_error *err)
{
	struct compute *compute = arg;
	struct hv_guest_answer answer;

	if (hv_guest_run(&compute->guest, &answer, err) < 0)
		return -1;
	return read_figures(compute, &answer.output, ret_figures, err);
}

static int measure_native(void *arg, double *ret_figures, struct hv_error *err)
{
	struct hv_output output;

	if (hv_child_call(run_native, arg, &output, err) < 0)
		return -1;
	return read_figures(arg, &output, ret_figures, err);
}

static struct hv_bench_row make_row(const char *name, unsigned figure)
{
	struct hv_bench_row row = {
		.unit = "runs/s",
		.ours = { 0, figure },
		.peer = { 1, figure },
		.goal = { HV_GOAL_RATIO_AT_LEAST, 0.99 },
	};

	snprintf(row.name, sizeof(row.name), "%s", name);
	return row;
}

static void run_compute(struct hv_bench_run *run, const struct hv_bench *bench)
{
	struct compute compute = { 0 };
	const struct hv_bench_side sides[] = {
		{ "guest", measure_guest, &compute },
		{ "native process", measure_native, &compute },
	};
	struct hv_bench_row rows[COMPUTE_KERNELS + 1];
	const struct hv_bench_plan plan = { sides, 2, rows, COMPUTE_KERNELS + 1,
					    2 };
	struct hv_error err = { 0 };

	if (hv_guest_call_init(&compute.guest, run->guests_dir, "compute.elf", &err) < 0) {
		hv_bench_give_up(run, bench->name, &err);
		return;
	}
	compute.rounds = (unsigned)hv_bench_ops(run, 1, PASS_NS);
	hv_guest_arg_number(&compute.guest, compute.rounds);
	for (unsigned i = 0; i < COMPUTE_KERNELS; i++)
		rows[i] = make_row(compute_kernels[i].name, i);
	rows[ALL] = make_row("all together", ALL);
	hv_bench_measure(run, &plan);
}

const struct hv_bench hv_bench_compute = {
	.name = "compute",
	.about = "pure computation, the same objects on both sides",
	.run = run_compute,
};
