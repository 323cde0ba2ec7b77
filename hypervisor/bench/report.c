/* SPDX-License-Identifier: MIT
 *
 * What a run found, as a table and as JSON, and the progress line meanwhile.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../json.h"
#include "bench.h"

void hv_bench_progress_clear(const struct hv_bench_run *run)
{
	if (run->progress)
		fputs("\r\033[K", stderr);
}

void hv_bench_progress(const struct hv_bench_run *run, const char *format, ...)
{
	va_list args;

	if (!run->progress)
		return;
	hv_bench_progress_clear(run);
	fprintf(stderr, "%s: ", run->current->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

static bool has_peer(const struct hv_bench_result *result)
{
	return result->row.peer.side != HV_BENCH_NO_PEER;
}

static bool goal_met(const struct hv_bench_result *result)
{
	double limit = result->row.goal.limit;
	double ours = result->ours_spread.median;

	switch (result->row.goal.kind) {
	case HV_GOAL_RATIO_AT_LEAST:
		return result->ratio >= limit;
	case HV_GOAL_RATIO_AT_MOST:
		return result->ratio <= limit;
	case HV_GOAL_VALUE_AT_MOST:
		return ours <= limit;
	case HV_GOAL_EXCESS_AT_MOST:
		return ours - result->peer_spread.median <= limit;
	case HV_GOAL_NONE:
		break;
	}
	return true;
}

static const char *goal_words(enum hv_goal_kind kind)
{
	switch (kind) {
	case HV_GOAL_RATIO_AT_LEAST:
		return "ratio >= ";
	case HV_GOAL_RATIO_AT_MOST:
		return "ratio <= ";
	case HV_GOAL_VALUE_AT_MOST:
		return "<= ";
	case HV_GOAL_EXCESS_AT_MOST:
		return "<= peer + ";
	case HV_GOAL_NONE:
		break;
	}
	return "";
}

static void goal_text(const struct hv_goal *goal, char text[32])
{
	snprintf(text, 32, "%s%.4g", goal_words(goal->kind), goal->limit);
}

/* Four significant digits, but no fewer than stand before the point and no more
 * than five after it. */
static int decimals(double value)
{
	int after = 5;

	for (double limit = 0.1; after > 0 && value >= limit; limit *= 10)
		after--;
	return after;
}

/* The distance of the quartiles from the median, the mean of the two, in
 * percent of it. The JSON has both. */
static double spread_percent(struct hv_spread spread)
{
	if (spread.median <= 0)
		return 0;
	return (spread.q3 - spread.q1) / 2 / spread.median * 100;
}

/* What a row without a peer leaves empty: its figure, its name, the ratio. */
#define PEER_COLUMNS (17 + 20 + 17)

static void print_spread(double value, struct hv_spread spread)
{
	printf(" %9.*f ±%4.1f%%", decimals(value), value,
	       spread_percent(spread));
}

static void print_goal(const struct hv_bench_result *result)
{
	int skip = has_peer(result) ? 0 : PEER_COLUMNS;
	char text[32];

	if (result->row.goal.kind == HV_GOAL_NONE)
		return;
	goal_text(&result->row.goal, text);
	printf("%*s  %s: %s", skip, "", text,
	       goal_met(result) ? "met" : "not met");
}

static void print_figures(const struct hv_bench_result *result)
{
	print_spread(result->ours_spread.median, result->ours_spread);
	if (has_peer(result)) {
		print_spread(result->peer_spread.median, result->peer_spread);
		printf("  %-18s", result->peer_label);
		print_spread(result->ratio, result->ratio_spread);
	}
	print_goal(result);
	putchar('\n');
}

static void print_result(const struct hv_bench_result *result)
{
	printf("  %-18s %-6s", result->row.name, result->row.unit);
	if (result->samples)
		print_figures(result);
	else
		printf("   %s\n", result->note);
}

/* What one row of a benchmark says of why it has no figures need not be said by
 * those after it. */
static bool repeats(const struct hv_bench_result *result,
		    const struct hv_bench_result *before)
{
	return before && before->bench == result->bench && !result->samples &&
	       !before->samples && strcmp(before->note, result->note) == 0;
}

void hv_bench_print(const struct hv_bench_run *run)
{
	const struct hv_bench_result *before = NULL;

	printf("Medians; ±: half the distance between the quartiles. "
	       "Ratio: paravane to peer.\n");
	printf("  %-18s %-6s %16s %16s  %-18s %16s  %s\n", "", "unit",
	       "paravane      ", "peer      ", "which peer", "ratio      ",
	       "goal");
	for (unsigned i = 0; i < run->results; i++) {
		const struct hv_bench_result *result = &run->result[i];

		if (!before || result->bench != before->bench)
			printf("%s: %s\n", result->bench->name,
			       result->bench->about);
		if (!repeats(result, before))
			print_result(result);
		before = result;
	}
}

static void put_number(struct json_object *object, const char *key,
		       double value)
{
	hv_json_put(object, key, json_object_new_double(value));
}

static struct json_object *spread_json(double median, struct hv_spread spread)
{
	struct json_object *object = json_object_new_object();

	put_number(object, "median", median);
	put_number(object, "q1", spread.q1);
	put_number(object, "q3", spread.q3);
	return object;
}

static struct json_object *side_json(const double *sample, unsigned samples,
				     struct hv_spread spread)
{
	struct json_object *object = spread_json(spread.median, spread);
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < samples; i++)
		json_object_array_add(list, json_object_new_double(sample[i]));
	hv_json_put(object, "samples", list);
	return object;
}

static struct json_object *goal_json(const struct hv_bench_result *result)
{
	struct json_object *object = json_object_new_object();
	char text[32];

	goal_text(&result->row.goal, text);
	hv_json_put_text(object, "text", text);
	put_number(object, "limit", result->row.goal.limit);
	hv_json_put(object, "met", json_object_new_boolean(goal_met(result)));
	return object;
}

static void put_peer(struct json_object *object,
		     const struct hv_bench_result *result)
{
	struct json_object *peer =
		side_json(result->peer, result->samples, result->peer_spread);

	hv_json_put_text(peer, "name", result->peer_label);
	hv_json_put(object, "peer", peer);
	hv_json_put(object, "ratio",
		    spread_json(result->ratio, result->ratio_spread));
}

static struct json_object *result_json(const struct hv_bench_result *result)
{
	struct json_object *object = json_object_new_object();

	hv_json_put_text(object, "benchmark", result->bench->name);
	hv_json_put_text(object, "row", result->row.name);
	if (!result->samples) {
		hv_json_put_text(object, "not_measured", result->note);
		return object;
	}
	hv_json_put_text(object, "unit", result->row.unit);
	hv_json_put(object, "paravane",
		    side_json(result->ours, result->samples,
			      result->ours_spread));
	if (has_peer(result))
		put_peer(object, result);
	if (result->row.goal.kind != HV_GOAL_NONE)
		hv_json_put(object, "goal", goal_json(result));
	return object;
}

static struct json_object *host_json(void)
{
	struct json_object *object = json_object_new_object();
	struct utsname host;

	uname(&host);
	hv_json_put_text(object, "kernel", host.release);
	hv_json_put(object, "cpus",
		    json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	return object;
}

static struct json_object *run_json(const struct hv_bench_run *run)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	hv_json_put_u64(object, "version", 1);
	hv_json_put(object, "host", host_json());
	hv_json_put(object, "quick", json_object_new_boolean(run->quick));
	hv_json_put_u64(object, "rounds", run->rounds);
	for (unsigned i = 0; i < run->results; i++)
		json_object_array_add(list, result_json(&run->result[i]));
	hv_json_put(object, "results", list);
	return object;
}

int hv_bench_write_json(const struct hv_bench_run *run, const char *path,
			struct hv_error *err)
{
	FILE *file = fopen(path, "we");
	struct json_object *object;
	int rc = -1;

	if (file) {
		object = run_json(run);
		rc = hv_json_print(file, object);
		json_object_put(object);
		if (fclose(file) < 0)
			rc = -1;
	}
	if (rc >= 0)
		return 0;
	return hv_fail(err, HV_STATUS_FAILED, "cannot write %.300s: %s", path,
		       strerror(errno));
}
