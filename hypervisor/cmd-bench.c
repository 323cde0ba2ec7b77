/* SPDX-License-Identifier: MIT
 *
 * `paravane bench`: the command line and the table of benchmarks. How they are
 * measured is bench/plan.c; read bench/bench.h first. `paravane bench techniques` is
 * another thing, cmd-bench-techniques.c.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/child.h"
#include "clock.h"
#include "cmd.h"
#include "parse.h"

static const struct hv_bench *const benches[] = {
	&hv_bench_compute,   &hv_bench_hello,     &hv_bench_nop,
	&hv_bench_clock,     &hv_bench_small[0],  &hv_bench_small[1],
	&hv_bench_small[2],  &hv_bench_small[3],  &hv_bench_kernel[0],
	&hv_bench_kernel[1], &hv_bench_kernel[2], &hv_bench_kernel[3],
	&hv_bench_kernel[4], &hv_bench_block[0],  &hv_bench_block[1],
	&hv_bench_block[2],  &hv_bench_block[3],  &hv_bench_block[4],
	&hv_bench_block[5],  &hv_bench_block[6],  &hv_bench_block[7],
	&hv_bench_net[0],    &hv_bench_net[1],    &hv_bench_net[2],
};
#define BENCHES (sizeof(benches) / sizeof(*benches))

/* The whole of a run fits its limit on a host like those it was made on; on a
 * slower one, rows that do not fit any more are left out. */
struct effort {
	unsigned rounds;
	uint64_t sample_ns;
	uint64_t limit_ns;
};
static const struct effort effort_full = { 5, 250000000, 290000000000 };
static const struct effort effort_quick = { 3, 60000000, 55000000000 };

#define ROUNDS_MAX 100

enum {
	KEY_QUICK = 'q',
	KEY_ROUNDS = 'r',
	KEY_FILE = 'f',
	KEY_JSON = 'j',
	KEY_GUESTS = 'g',
	KEY_LIST = 'l',
	KEY_OVERWRITE = 256,
};

static const struct argp_option options[] = {
	{ "quick", KEY_QUICK, NULL, 0,
	  "Under a minute instead of under five, with wider spreads", 0 },
	{ "rounds", KEY_ROUNDS, "N", 0,
	  "Measure every side N times, 1 to 100 (default 5, quick 3); the time "
	  "allowed grows with it",
	  0 },
	{ "json", KEY_JSON, "FILE", 0, "Also write the figures to FILE", 0 },
	{ "file", KEY_FILE, "PATH", 0,
	  "Run the block benchmarks on this file or disk (default: a temporary "
	  "file of 256 MiB, with --quick 64 MiB, in $TMPDIR or /var/tmp)",
	  0 },
	{ "overwrite", KEY_OVERWRITE, NULL, 0,
	  "Let the write benchmarks destroy what is in --file; without this "
	  "they are left out",
	  0 },
	{ "guests", KEY_GUESTS, "DIR", 0,
	  "Where the guests and programs of the benchmarks are (default: "
	  "beside this program)",
	  0 },
	{ "list", KEY_LIST, NULL, 0, "List the benchmarks and exit", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Measure Paravane against the best this host could do without it; with "
	"`techniques', the same kernels under every technique of virtualization "
	"there is here, and with `compare' two such measurements."
	"\vNAME selects benchmarks by the beginning of their name; all run by "
	"default. Both sides of a row are measured in turns in the same run. "
	"Ratios carry over to other hosts better than figures do.\n\n"
	"Exits with 0 if rows have figures, though perhaps not those that this "
	"host cannot give; with 122 if none has; with 125 if something failed. "
	"Never for how fast it was.";

struct request {
	struct hv_bench_run run;
	const char *json_path;
	char **name;
	unsigned names;
	unsigned rounds;
	bool list;
};

static bool named(const struct request *request, const struct hv_bench *bench)
{
	for (unsigned i = 0; i < request->names; i++)
		if (strncmp(bench->name, request->name[i],
			    strlen(request->name[i])) == 0)
			return true;
	return request->names == 0;
}

static void check_name(struct argp_state *state, const char *name)
{
	for (size_t i = 0; i < BENCHES; i++)
		if (strncmp(benches[i]->name, name, strlen(name)) == 0)
			return;
	argp_error(state, "there is no benchmark %s; --list shows them", name);
}

static unsigned parse_rounds(struct argp_state *state, const char *text)
{
	unsigned rounds = hv_parse_count(text, ROUNDS_MAX);

	if (!rounds)
		argp_error(state,
			   "--rounds wants a number from 1 to %d, not %s",
			   ROUNDS_MAX, text);
	return rounds;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case KEY_QUICK:
		request->run.quick = true;
		return 0;
	case KEY_ROUNDS:
		request->rounds = parse_rounds(state, arg);
		return 0;
	case KEY_JSON:
		request->json_path = arg;
		return 0;
	case KEY_FILE:
		request->run.block_path = arg;
		return 0;
	case KEY_OVERWRITE:
		request->run.overwrite = true;
		return 0;
	case KEY_GUESTS:
		request->run.guests_dir = arg;
		return 0;
	case KEY_LIST:
		request->list = true;
		return 0;
	case ARGP_KEY_ARGS:
		request->name = state->argv + state->next;
		request->names = (unsigned)(state->argc - state->next);
		for (unsigned i = 0; i < request->names; i++)
			check_name(state, request->name[i]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int list(void)
{
	for (size_t i = 0; i < BENCHES; i++)
		printf("%-30s %s\n", benches[i]->name, benches[i]->about);
	return 0;
}

static void set_effort(struct hv_bench_run *run, unsigned rounds)
{
	const struct effort *effort = run->quick ? &effort_quick : &effort_full;
	uint64_t limit_ns = effort->limit_ns;

	run->rounds = rounds ? rounds : effort->rounds;
	if (run->rounds > effort->rounds)
		limit_ns = limit_ns * run->rounds / effort->rounds;
	run->sample_ns = effort->sample_ns;
	run->deadline_ns = hv_host_ns() + limit_ns;
}

static void run_all(struct request *request)
{
	struct hv_bench_run *run = &request->run;

	for (size_t i = 0; i < BENCHES && !hv_child_signal(); i++) {
		run->current = benches[i];
		if (named(request, run->current))
			run->current->run(run, run->current);
	}
	hv_bench_progress_clear(run);
}

static bool none_measured(const struct hv_bench_run *run)
{
	for (unsigned i = 0; i < run->results; i++)
		if (run->result[i].samples)
			return false;
	return true;
}

static int finish(const struct request *request)
{
	struct hv_error err = { 0 };

	hv_bench_print(&request->run);
	if (request->json_path &&
	    hv_bench_write_json(&request->run, request->json_path, &err) < 0) {
		fprintf(stderr, "paravane: %s\n", err.text);
		return (int)err.status;
	}
	if (hv_child_signal())
		return HV_STATUS_SIGNAL + hv_child_signal();
	if (request->run.failed)
		return HV_STATUS_FAILED;
	return none_measured(&request->run) ? HV_STATUS_HOST : 0;
}

/* `paravane bench techniques` and `compare` parse what is theirs. */
static bool is_subcommand(int argc, char **argv, int *ret_status)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "techniques", hv_cmd_bench_techniques },
		{ "compare", hv_cmd_bench_compare },
	};
	static char name[64];

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (argc < 2 || strcmp(argv[1], commands[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "paravane bench %s",
			 commands[i].name);
		argv[1] = name;
		*ret_status = commands[i].run(argc - 1, argv + 1);
		return true;
	}
	return false;
}

int hv_cmd_bench(int argc, char **argv)
{
	const struct argp argp = { .options = options,
				   .parser = parse_option,
				   .args_doc = "[NAME...]\n"
					       "techniques [OPTION...] [ROW...]\n"
					       "compare A.json B.json",
				   .doc = doc };
	struct request request = { .run.progress = isatty(STDERR_FILENO) };
	int status;

	if (is_subcommand(argc, argv, &status))
		return status;
	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (request.list)
		return list();
	hv_child_init();
	set_effort(&request.run, request.rounds);
	run_all(&request);
	status = finish(&request);
	hv_bench_done(&request.run);
	return status;
}
