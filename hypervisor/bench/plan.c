/* SPDX-License-Identifier: MIT
 *
 * Measures a plan: its sides in turns, round after round, then its rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "bench.h"
#include "child.h"
#include "test-file.h"

/* What one round found. */
struct round {
	double figure[HV_BENCH_SIDES_MAX][HV_BENCH_FIGURES_MAX];
};

uint64_t hv_bench_ops(const struct hv_bench_run *run, uint64_t ops, uint64_t ns)
{
	double fit =
		(double)ops * (double)run->sample_ns / (double)(ns ? ns : 1);

	return fit < 1 ? 1 : (uint64_t)fit;
}

/* Whether nothing more is to be started. */
static bool is_over(const struct hv_bench_run *run)
{
	return hv_child_signal() || hv_host_ns() > run->deadline_ns;
}

static struct hv_bench_result *append(struct hv_bench_run *run,
				      const struct hv_bench_row *row)
{
	struct hv_bench_result *result;
	size_t bytes = (run->results + 1) * sizeof(*result);

	result = realloc(run->result, bytes);
	if (!result)
		abort();
	run->result = result;
	result += run->results++;
	*result =
		(struct hv_bench_result){ .bench = run->current, .row = *row };
	return result;
}

static void append_unmeasured(struct hv_bench_run *run,
			      const struct hv_bench_row *row,
			      const struct hv_error *err)
{
	struct hv_bench_result *result = append(run, row);

	memcpy(result->note, err->text, sizeof(result->note));
	if (err->status != HV_STATUS_HOST)
		run->failed = true;
}

void hv_bench_give_up(struct hv_bench_run *run, const char *row_name,
		      const struct hv_error *err)
{
	struct hv_bench_row row = { .unit = "", .peer.side = HV_BENCH_NO_PEER };

	if (hv_child_signal())
		return;
	snprintf(row.name, sizeof(row.name), "%s", row_name);
	append_unmeasured(run, &row, err);
}

static double *column(const struct round *round, unsigned rounds,
		      struct hv_figure figure)
{
	double *samples = calloc(rounds, sizeof(*samples));

	if (!samples)
		abort();
	for (unsigned i = 0; i < rounds; i++)
		samples[i] = round[i].figure[figure.side][figure.index];
	return samples;
}

static void append_measured(struct hv_bench_run *run,
			    const struct hv_bench_plan *plan,
			    const struct hv_bench_row *row,
			    const struct round *round, unsigned rounds)
{
	struct hv_bench_result *result = append(run, row);

	result->samples = rounds;
	result->ours = column(round, rounds, row->ours);
	result->ours_spread = hv_spread_of(result->ours, rounds);
	if (row->peer.side == HV_BENCH_NO_PEER)
		return;
	result->peer_label = row->peer_label ? row->peer_label :
					       plan->side[row->peer.side].label;
	result->peer = column(round, rounds, row->peer);
	result->peer_spread = hv_spread_of(result->peer, rounds);
	result->ratio_spread =
		hv_spread_of_ratios(result->ours, result->peer, rounds);
	result->ratio = result->ours_spread.median / result->peer_spread.median;
}

static int measure_round(const struct hv_bench_plan *plan, struct round *round,
			 struct hv_error *err)
{
	for (unsigned i = 0; i < plan->sides; i++) {
		const struct hv_bench_side *side = &plan->side[i];

		if (side->measure(side->arg, round->figure[i], err) < 0)
			return -1;
	}
	return 0;
}

/* How many rounds were measured. Once the time is up the rows at hand are
 * shown with the rounds they have. */
static unsigned measure_rounds(struct hv_bench_run *run,
			       const struct hv_bench_plan *plan,
			       struct round *round, unsigned rounds,
			       struct hv_error *err)
{
	unsigned done;

	for (done = 0; done < rounds && !is_over(run); done++) {
		hv_bench_progress(run, "%s, round %u of %u", plan->row[0].name,
				  done + 1, rounds);
		if (measure_round(plan, &round[done], err) < 0)
			return 0;
	}
	if (done == 0)
		hv_fail(err, HV_STATUS_HOST,
			"left out: the time for all benchmarks was over; name "
			"the ones you want");
	return done;
}

void hv_bench_measure(struct hv_bench_run *run,
		      const struct hv_bench_plan *plan)
{
	unsigned rounds = run->rounds * plan->rounds_factor;
	struct hv_error err = { 0 };
	struct round *round;
	unsigned done;

	if (rounds > HV_SAMPLES_MAX)
		rounds = HV_SAMPLES_MAX;
	round = calloc(rounds, sizeof(*round));
	if (!round)
		abort();
	done = measure_rounds(run, plan, round, rounds, &err);
	for (unsigned i = 0; i < plan->rows && !hv_child_signal(); i++)
		if (done)
			append_measured(run, plan, &plan->row[i], round, done);
		else
			append_unmeasured(run, &plan->row[i], &err);
	free(round);
}

void hv_bench_done(struct hv_bench_run *run)
{
	hv_test_file_free(run->test_file);
	for (unsigned i = 0; i < run->results; i++) {
		free(run->result[i].ours);
		free(run->result[i].peer);
	}
	free(run->result);
}
