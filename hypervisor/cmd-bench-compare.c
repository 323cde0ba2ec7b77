/* SPDX-License-Identifier: MIT
 *
 * `paravane bench compare`: two files of `paravane bench techniques --json`, of two
 * machines or versions, side by side.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/survey-read.h"
#include "bench/techniques.h"
#include "cmd.h"

#define STATUS_REGRESSION 1

enum verdict { SAME, FASTER, SLOWER, UNKNOWN, VERDICTS };

static const char *const verdict_texts[] = {
	[SAME] = "same",
	[FASTER] = "faster",
	[SLOWER] = "SLOWER",
	[UNKNOWN] = "? (one round has no spread)",
};

struct request {
	const char *path[2];
	unsigned paths;
	bool fail_on_regression;
};

static const struct argp_option options[] = {
	{ "fail-on-regression", 'f', NULL, 0,
	  "Exit with 1 if anything is slower, or has other results", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Compare two files that `paravane bench techniques --json` wrote: what "
	"became faster or slower from A to B."
	"\vA figure is faster or slower in B if the spreads do not overlap, else "
	"it is the same. The spread is " HV_SPREAD_TEXT ".\n\n"
	"Exits with 0, also if something is slower; with 120 if a file is not one "
	"of those, is damaged or of another version.";

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'f':
		request->fail_on_regression = true;
		return 0;
	case ARGP_KEY_ARG:
		if (request->paths == 2)
			argp_error(state, "it compares two files; %s is a "
					  "third", arg);
		request->path[request->paths++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (request->paths < 2)
			argp_error(state, "it wants two files, of `paravane "
					  "bench techniques --json`");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum verdict verdict_of(const struct hv_record *a,
			       const struct hv_record *b)
{
	if (a->samples < 2 || b->samples < 2)
		return UNKNOWN;
	if (b->range.low > a->range.high)
		return SLOWER;
	return b->range.high < a->range.low ? FASTER : SAME;
}

/* As the tables call it; the file's word for one that is not of this version. */
static const char *title_of(const char *technique)
{
	for (unsigned t = 0; t < hv_techniques_count; t++)
		if (strcmp(hv_techniques[t].key, technique) == 0)
			return hv_techniques[t].title;
	return technique;
}

/* Other results of the same work. */
static bool differs(const struct hv_record *a, const struct hv_record *b)
{
	return a->digest && b->digest && a->times == b->times &&
	       strcmp(a->digest, b->digest) != 0;
}

static void print_range(const struct hv_record *record)
{
	char low[HV_TEXT_BYTES], median[HV_TEXT_BYTES], high[HV_TEXT_BYTES];
	char text[3 * HV_TEXT_BYTES + 8];

	hv_time_text(record->range.low, low);
	hv_time_text(record->range.median, median);
	hv_time_text(record->range.high, high);
	snprintf(text, sizeof(text), "%s (%s-%s)", median, low, high);
	printf(" %25s", text);
}

static enum verdict compare(const struct hv_record *a, const struct hv_record *b)
{
	enum verdict verdict = verdict_of(a, b);
	char ratio[HV_TEXT_BYTES];

	hv_ratio_text(b->range.median / a->range.median, ratio);
	printf("%-16.16s %-16.16s", a->title, title_of(a->technique));
	print_range(a);
	print_range(b);
	printf(" %6s  %s%s", ratio, verdict_texts[verdict],
	       differs(a, b) ? ", OTHER RESULTS" : "");
	if (a->times != b->times)
		printf(" (of %d and %d a round)", a->times, b->times);
	putchar('\n');
	return verdict;
}

static void print_file(char name, const struct hv_records *records)
{
	printf("%c: %s: %s, %s; Paravane %s, %s\n   KVM: %s\n   QEMU: %s\n", name,
	       records->path, hv_records_host(records, "cpu"),
	       hv_records_host(records, "kernel"),
	       hv_records_host(records, "paravane"),
	       hv_records_host(records, "date"),
	       hv_records_host(records, "kvm"),
	       hv_records_host(records, "qemu"));
}

/* The techniques of a task, whose first record this is, that only one file has: in
 * brackets, unless they are all that there are. Answers how many records it has. */
static size_t print_missing(const struct hv_records *in,
			    const struct hv_records *other, size_t first,
			    FILE *out)
{
	const struct hv_record *record = &in->record[first];
	size_t all = 0, missing = 0;
	const char *separator = "";

	for (; first + all < in->records &&
	       strcmp(record[all].task, record->task) == 0;
	     all++)
		missing += !hv_records_find(other, &record[all]);
	if (missing)
		fprintf(out, "; %s", record->title);
	if (!missing || missing == all)
		return all;
	fputs(" (", out);
	for (size_t i = 0; i < all; i++) {
		if (hv_records_find(other, &record[i]))
			continue;
		fprintf(out, "%s%s", separator, title_of(record[i].technique));
		separator = ", ";
	}
	fputc(')', out);
	return all;
}

/* What one file has and the other has not. */
static void print_only(char name, const struct hv_records *in,
		       const struct hv_records *other)
{
	char *list = NULL, *text;
	size_t len = 0;
	FILE *out = open_memstream(&list, &len);

	if (!out)
		abort();
	for (size_t i = 0; i < in->records;)
		i += print_missing(in, other, i, out);
	fclose(out);
	if (len && asprintf(&text, "only in %c:%s", name, list + 1) > 0) {
		hv_print_wrapped(0, text);
		free(text);
	}
	free(list);
}

static int compare_all(const struct request *request,
		       const struct hv_records *a, const struct hv_records *b)
{
	unsigned count[VERDICTS] = { 0 }, other_results = 0;

	print_file('A', a);
	print_file('B', b);
	printf("\n%-33s %25s %25s %6s\n", "time per operation, less is better",
	       "A (spread)", "B (spread)", "B / A");
	for (size_t i = 0; i < a->records; i++) {
		const struct hv_record *same = hv_records_find(b, &a->record[i]);

		if (!same)
			continue;
		count[compare(&a->record[i], same)]++;
		other_results += differs(&a->record[i], same);
	}
	putchar('\n');
	print_only('A', a, b);
	print_only('B', b, a);
	printf("%u the same, %u faster, %u slower", count[SAME], count[FASTER],
	       count[SLOWER]);
	if (count[UNKNOWN])
		printf(", %u without a spread", count[UNKNOWN]);
	if (other_results)
		printf(", %u with OTHER RESULTS", other_results);
	puts(" in B");
	return request->fail_on_regression && (count[SLOWER] || other_results) ?
		       STATUS_REGRESSION :
		       0;
}

int hv_cmd_bench_compare(int argc, char **argv)
{
	const struct argp argp = { .options = options,
				   .parser = parse_option,
				   .args_doc = "A.json B.json",
				   .doc = doc };
	struct hv_records a = { .path = NULL }, b = { .path = NULL };
	struct request request = { .paths = 0 };
	struct hv_error err = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (hv_records_open(&a, request.path[0], &err) < 0 ||
	    hv_records_open(&b, request.path[1], &err) < 0) {
		fprintf(stderr, "paravane: %s\n", err.text);
		status = (int)err.status;
	} else {
		status = compare_all(&request, &a, &b);
	}
	hv_records_done(&a);
	hv_records_done(&b);
	return status;
}
