/* SPDX-License-Identifier: MIT
 *
 * `paravane bench techniques`: the command line, and the files that it leaves. Read
 * bench/techniques.h first.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/report-file.h"
#include "bench/techniques.h"
#include "clock.h"
#include "cmd.h"
#include "parse.h"

/* So much of a time that fits a coffee, or a lunch. */
static const struct effort {
	unsigned rounds, budget_us, seconds;
} effort_full = { 15, 200000, 1500 }, effort_quick = { 7, 40000, 240 };

#define SECONDS_MOST 86400
#define TIMES_MOST 100000000
#define BUDGET_US_MOST 10000000

enum {
	KEY_QUICK = 'q',
	KEY_ROUNDS = 'r',
	KEY_JSON = 'j',
	KEY_PLOT = 'p',
	KEY_EXPLAIN = 'e',
	KEY_SECONDS = 's',
	KEY_BUDGET = 'b',
	KEY_TIMES = 't',
	KEY_GUESTS = 'g',
	KEY_LIST = 'l',
	KEY_HTML = 256,
	KEY_NO_EXITS,
};

static const struct argp_option options[] = {
	{ "quick", KEY_QUICK, NULL, 0,
	  "Seven rounds in under five minutes instead of fifteen in under half "
	  "an hour",
	  0 },
	{ "json", KEY_JSON, "FILE", 0,
	  "Also write all figures to FILE, for `paravane bench compare`", 0 },
	{ "plot", KEY_PLOT, "FILE", 0,
	  "Also write a plot to FILE as SVG; needs gnuplot", 0 },
	{ "html", KEY_HTML, "FILE", 0,
	  "Also write a report to FILE: the figures, the plot, the machine and "
	  "the reasons, in one file",
	  0 },
	{ "explain", KEY_EXPLAIN, NULL, 0,
	  "Say behind the tables why each figure is what it is", 0 },
	{ "rounds", KEY_ROUNDS, "N", 0,
	  "So many rounds, 1 to 100 (default 15, quick 7)", 0 },
	{ "seconds", KEY_SECONDS, "N", 0,
	  "End after so many seconds; rows that do not fit are left out under "
	  "all techniques (default 1500, quick 240)",
	  0 },
	{ "budget-us", KEY_BUDGET, "N", 0,
	  "Microseconds for each operation in each round (default 200000, quick "
	  "40000)",
	  0 },
	{ "times", KEY_TIMES, "N", 0,
	  "Do every workload N times a round instead of the number of its own",
	  0 },
	{ "no-exits", KEY_NO_EXITS, NULL, 0,
	  "Do not count exits, which takes runs of its own", 0 },
	{ "guests", KEY_GUESTS, "DIR", 0,
	  "Where the guests and programs that are measured are (default: beside "
	  "this program)",
	  0 },
	{ "list", KEY_LIST, NULL, 0, "List rows and techniques and exit", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Measure the same operations and workloads as a paravirtual kernel, as a "
	"kernel at ring 0 under KVM, by binary translation, and in a process."
	"\vROW is one that --list names; all are measured by default. Techniques "
	"take turns, round after round. What is not here, such as QEMU or "
	"/dev/kvm, is said, and the rest is measured.\n\n"
	"Exits with 0 if there are figures, though perhaps not those that this "
	"host cannot give; with 122 if there are none; with 125 if something "
	"failed: a guest that died, results that differ between techniques, a "
	"file that could not be written. Never for how fast it was.";

struct request {
	struct hv_survey *survey;
	const char *json_path, *plot_path, *html_path;
	unsigned seconds;
	bool explain, list;
};

static unsigned parse_number(struct argp_state *state, const char *option,
			     const char *text, unsigned most)
{
	unsigned number = hv_parse_count(text, most);

	if (!number)
		argp_error(state, "%s wants a number from 1 to %u, not %s",
			   option, most, text);
	return number;
}

static void want_row(struct argp_state *state, struct hv_survey *survey,
		     const char *key)
{
	int task = hv_task_find(key);

	if (task < 0)
		argp_error(state, "there is no row %s; --list shows them", key);
	else
		survey->wanted[task] = true;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;
	struct hv_survey *survey = request->survey;

	switch (key) {
	case KEY_QUICK:
		survey->quick = true;
		return 0;
	case KEY_JSON:
		request->json_path = arg;
		return 0;
	case KEY_PLOT:
		request->plot_path = arg;
		return 0;
	case KEY_HTML:
		request->html_path = arg;
		return 0;
	case KEY_EXPLAIN:
		request->explain = true;
		return 0;
	case KEY_ROUNDS:
		survey->rounds = parse_number(state, "--rounds", arg,
					      HV_ROUNDS_MAX);
		return 0;
	case KEY_SECONDS:
		request->seconds = parse_number(state, "--seconds", arg,
						SECONDS_MOST);
		return 0;
	case KEY_BUDGET:
		survey->budget_us = parse_number(state, "--budget-us", arg,
						 BUDGET_US_MOST);
		return 0;
	case KEY_TIMES:
		survey->times = parse_number(state, "--times", arg, TIMES_MOST);
		return 0;
	case KEY_NO_EXITS:
		survey->no_exits = true;
		return 0;
	case KEY_GUESTS:
		survey->guests_dir = arg;
		return 0;
	case KEY_LIST:
		request->list = true;
		return 0;
	case ARGP_KEY_ARG:
		want_row(state, survey, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int list(void)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		printf("%-16s %-16s %s\n", hv_tasks[i].key, hv_tasks[i].title,
		       hv_tasks[i].about);
	puts("\nunder each of these techniques:");
	for (unsigned t = 0; t < hv_techniques_count; t++)
		printf("%-16s %-16s %s\n", hv_techniques[t].key,
		       hv_techniques[t].title, hv_techniques[t].about);
	return 0;
}

static void fill_in(struct request *request)
{
	struct hv_survey *survey = request->survey;
	const struct effort *effort = survey->quick ? &effort_quick :
						      &effort_full;
	bool all = true;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		all &= !survey->wanted[i];
	for (unsigned i = 0; i < hv_tasks_count; i++)
		survey->wanted[i] |= all;
	if (!survey->rounds)
		survey->rounds = effort->rounds;
	if (!survey->budget_us)
		survey->budget_us = effort->budget_us;
	if (!request->seconds)
		request->seconds = effort->seconds;
	survey->begun_ns = hv_host_ns();
	survey->deadline_ns = survey->begun_ns + request->seconds * HV_NS_PER_S;
}

/* ---- files */

static void tell(struct request *request, const struct hv_error *err)
{
	fprintf(stderr, "paravane: %s\n", err->text);
	if (err->status != HV_STATUS_HOST)
		request->survey->failed = true;
}

/* A path that cannot be written to is forgotten at once, and the rest goes on. */
static void check_file(struct request *request, const char **path)
{
	struct hv_error err = { 0 };

	if (!*path || hv_report_file_check(*path, &err) == 0)
		return;
	*path = NULL;
	tell(request, &err);
	fputs("paravane: measuring goes on without that file\n", stderr);
}

static void write_text(struct request *request, const char *path,
		       const char *text, size_t len)
{
	struct hv_error err = { 0 };

	if (hv_report_file_write(path, text, len, &err) < 0)
		tell(request, &err);
}

static void write_json(struct request *request)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	hv_survey_json(request->survey, out);
	fclose(out);
	write_text(request, request->json_path, text, len);
	free(text);
}

static void write_html(struct request *request, const char *svg,
		       const char *why_no_plot)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	hv_survey_html(request->survey, svg, why_no_plot, out);
	fclose(out);
	write_text(request, request->html_path, text, len);
	free(text);
}

static void write_plots(struct request *request)
{
	struct hv_error err = { 0 };
	char *svg = hv_survey_plot(request->survey, &err);

	if (!svg)
		tell(request, &err);
	if (svg && request->plot_path)
		write_text(request, request->plot_path, svg, strlen(svg));
	if (request->html_path)
		write_html(request, svg, err.text);
	free(svg);
}

static int finish(struct request *request)
{
	struct hv_survey *survey = request->survey;

	hv_survey_print(survey, request->explain);
	if (request->json_path)
		write_json(request);
	if (!hv_child_signal() && (request->plot_path || request->html_path))
		write_plots(request);
	if (hv_child_signal())
		return HV_STATUS_SIGNAL + hv_child_signal();
	if (survey->failed)
		return HV_STATUS_FAILED;
	return hv_survey_has_figures(survey) ? 0 : HV_STATUS_HOST;
}

int hv_cmd_bench_techniques(int argc, char **argv)
{
	const struct argp argp = { .options = options,
				   .parser = parse_option,
				   .args_doc = "[ROW...]",
				   .doc = doc };
	struct request request = { .survey =
					   calloc(1, sizeof(struct hv_survey)) };
	int status;

	if (!request.survey)
		abort();
	request.survey->progress = isatty(STDERR_FILENO);
	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (request.list) {
		free(request.survey);
		return list();
	}
	fill_in(&request);
	check_file(&request, &request.json_path);
	check_file(&request, &request.plot_path);
	check_file(&request, &request.html_path);
	hv_host_describe(&request.survey->host);
	hv_survey_run(request.survey);
	status = finish(&request);
	free(request.survey);
	return status;
}
