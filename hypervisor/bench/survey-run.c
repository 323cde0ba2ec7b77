/* SPDX-License-Identifier: MIT
 *
 * Runs a survey: round after round of all tasks under all techniques in turns. See
 * techniques.h.
 *
 * Rounds are far apart in time, so that the spread over them has in it what the host
 * does over minutes. What has to fit the time is a *unit*: the nano-benchmarks of one
 * guest, or a workload, under all techniques; units that do not fit any more are left
 * out as a whole, so that no technique is favoured.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "child.h"
#include "techniques.h"

/* Every row has so many rounds before any has more. */
#define ROUNDS_LEAST 3
#define DEATHS_MAX 3 /* of a technique's guests in a round; then it is given up */
/* For a guest to start, and for a workload. */
#define SECONDS_LEAST 15u
#define SECONDS_WORK 40u
/* What a run may take beyond the survey's time. */
#define SECONDS_OVER 10u

struct unit {
	enum hv_program program;
	unsigned vcpus; /* nano: all tasks that want so many */
	unsigned task;  /* workload: this one */
	uint64_t cost_ns;
};

static void progress(const struct hv_survey *survey, unsigned round,
		     const char *what, const char *technique)
{
	double seconds = (double)(hv_host_ns() - survey->begun_ns) / 1e9;

	if (survey->progress)
		fprintf(stderr, "\r\033[K%.0f s, round %u of %u: %s, %s",
			seconds, round + 1, survey->rounds, what, technique);
}

unsigned hv_survey_times(const struct hv_survey *survey,
			 const struct hv_task *task)
{
	if (survey->times)
		return survey->times;
	return survey->host.interpreted ? task->times_interpreted : task->times;
}

static bool in_unit(const struct unit *unit, unsigned task)
{
	const struct hv_task *t = &hv_tasks[task];

	return t->program == unit->program &&
	       (unit->program == HV_PROGRAM_NANO ? t->vcpus == unit->vcpus :
						   unit->task == task);
}

static bool is_alive(const struct hv_survey *survey, const struct unit *unit,
		     unsigned task, unsigned technique)
{
	return survey->wanted[task] && in_unit(unit, task) &&
	       !survey->cell[task][technique].note[0];
}

static void note(struct hv_cell *cell, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void note(struct hv_cell *cell, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cell->note, sizeof(cell->note), format, args);
	va_end(args);
}

/* Samples of before stay: they were right. */
static void bury(struct hv_survey *survey, unsigned task, unsigned technique,
		 const struct hv_error *err)
{
	note(&survey->cell[task][technique], "%s", err->text);
	if (err->status != HV_STATUS_HOST)
		survey->failed = true;
}

static unsigned seconds_left(const struct hv_survey *survey,
			     const struct hv_call *call)
{
	uint64_t most = SECONDS_LEAST;

	uint64_t now_ns = hv_host_ns();
	uint64_t left = now_ns < survey->deadline_ns ?
				(survey->deadline_ns - now_ns) / HV_NS_PER_S :
				0;

	/* A nano-benchmark may take its budget twice. */
	if (call->program == HV_PROGRAM_NANO)
		most += 2 * survey->budget_us * call->words / 1000000;
	else
		most = SECONDS_WORK;
	left += SECONDS_OVER;
	return (unsigned)(left < most ? left : most);
}

static int run(const struct hv_survey *survey, unsigned technique,
	       struct hv_call *call, struct hv_answer *ret_answer,
	       struct hv_error *err)
{
	const struct hv_technique *t = &hv_techniques[technique];

	*err = (struct hv_error){ 0 };
	call->seconds = seconds_left(survey, call);
	return t->run(survey, t, call, ret_answer, err);
}

/* A whole number of an answer's line, from 1 on; false if it is none. */
static bool number_of(const struct hv_output *output, const char *key,
		      unsigned index, double *ret_number)
{
	char word[HV_OUTPUT_WORD_BYTES], *end;

	if (!hv_output_word(output, key, index, word))
		return false;
	errno = 0;
	*ret_number = (double)strtoull(word, &end, 10);
	return word[0] >= '0' && word[0] <= '9' && *end == '\0' && !errno &&
	       *ret_number > 0;
}

/* Of "KEY NS TIMES ...": ns per operation; 0 if there is no such line. */
static double ns_of(const struct hv_output *output, const char *key)
{
	double ns, times;

	if (!number_of(output, key, 0, &ns) ||
	    !number_of(output, key, 1, &times))
		return 0;
	return ns / times;
}

/* ---- nano-benchmarks: many in a run */

static int nano_run(const struct hv_survey *survey, const struct unit *unit,
		    unsigned technique, const unsigned *task, unsigned tasks,
		    struct hv_answer *ret_answer, struct hv_error *err)
{
	struct hv_call call = { .program = HV_PROGRAM_NANO,
				.vcpus = unit->vcpus };
	char budget[24];

	snprintf(budget, sizeof(budget), "%lu", survey->budget_us);
	call.word[call.words++] = budget;
	for (unsigned i = 0; i < tasks; i++)
		call.word[call.words++] = hv_tasks[task[i]].key;
	return run(survey, technique, &call, ret_answer, err);
}

/* Whether the task has a line, and so a sample. */
static bool nano_take(struct hv_survey *survey, unsigned task,
		      unsigned technique, const struct hv_answer *answer)
{
	struct hv_cell *cell = &survey->cell[task][technique];
	double ns = ns_of(&answer->output, hv_tasks[task].key);

	if (ns <= 0)
		return false;
	if (cell->samples < HV_ROUNDS_MAX)
		cell->sample[cell->samples++] = ns;
	return true;
}

/* In a run of its own, so that it is clear what dies. */
static bool nano_alone(struct hv_survey *survey, const struct unit *unit,
		       unsigned task, unsigned technique, struct hv_error *err)
{
	struct hv_answer answer;
	int rc = nano_run(survey, unit, technique, &task, 1, &answer, err);

	if (hv_child_signal())
		return true;
	if (rc < 0) {
		bury(survey, task, technique, err);
		return false;
	}
	if (!nano_take(survey, task, technique, &answer))
		note(&survey->cell[task][technique],
		     "there is nothing like it here");
	return true;
}

/* All in one run. If that dies, each of which there was no line is tried once more,
 * alone, up to a number of deaths. */
static void nano_round(struct hv_survey *survey, const struct unit *unit,
		       unsigned technique)
{
	unsigned task[HV_TASKS_MAX], tasks = 0, deaths = 0;
	struct hv_answer answer;
	struct hv_error err;
	int rc;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (is_alive(survey, unit, i, technique))
			task[tasks++] = i;
	if (tasks == 0)
		return;
	rc = nano_run(survey, unit, technique, task, tasks, &answer, &err);
	if (tasks == 1)
		deaths = DEATHS_MAX; /* it was alone */
	for (unsigned i = 0; i < tasks && !hv_child_signal(); i++) {
		if (nano_take(survey, task[i], technique, &answer))
			continue;
		if (rc == 0)
			note(&survey->cell[task[i]][technique],
			     "there is nothing like it here");
		else if (deaths == DEATHS_MAX)
			bury(survey, task[i], technique, &err);
		else if (!nano_alone(survey, unit, task[i], technique, &err))
			deaths++;
	}
}

static int nano_count_once(struct hv_survey *survey, unsigned task,
			   unsigned technique, uint64_t times,
			   struct hv_answer *ret_answer, struct hv_error *err)
{
	struct hv_call call = { .program = HV_PROGRAM_NANO,
				.vcpus = hv_tasks[task].vcpus,
				.words = 1 };
	char word[64];

	snprintf(word, sizeof(word), "%s=%lu", hv_tasks[task].key, times);
	call.word[0] = word;
	return run(survey, technique, &call, ret_answer, err);
}

/* The fewer of two runs: what disturbs them, such as a clock that is calibrated once
 * more, or a processor that is late, only adds. */
static int nano_count(struct hv_survey *survey, unsigned task,
		      unsigned technique, uint64_t times,
		      double ret_count[HV_COUNTS], struct hv_error *err)
{
	struct hv_answer first, second;

	if (nano_count_once(survey, task, technique, times, &first, err) < 0 ||
	    nano_count_once(survey, task, technique, times, &second, err) < 0)
		return -1;
	for (unsigned i = 0; i < HV_COUNTS; i++)
		ret_count[i] = first.count[i] < second.count[i] ?
				       first.count[i] :
				       second.count[i];
	return 0;
}

/* ---- workloads: one a run */

struct work {
	double ns; /* per operation */
	double count[HV_COUNTS];
	char digest[HV_OUTPUT_WORD_BYTES];
};

static int work_run(struct hv_survey *survey, unsigned task, unsigned technique,
		    uint64_t times, struct work *ret_work, struct hv_error *err)
{
	const char *name = hv_tasks[task].key;
	struct hv_call call = { .program = HV_PROGRAM_WORK,
				.vcpus = hv_tasks[task].vcpus,
				.words = 2 };
	struct hv_answer answer = { .count = { 0 } };
	char number[24], key[32];
	double done;

	snprintf(number, sizeof(number), "%lu", times);
	snprintf(key, sizeof(key), "work %s", name);
	call.word[0] = name;
	call.word[1] = number;
	if (run(survey, technique, &call, &answer, err) < 0)
		return -1;
	ret_work->ns = ns_of(&answer.output, key);
	memcpy(ret_work->count, answer.count, sizeof(answer.count));
	if (ret_work->ns > 0 && number_of(&answer.output, key, 1, &done) &&
	    done == (double)times &&
	    hv_output_word(&answer.output, key, 2, ret_work->digest) &&
	    strlen(ret_work->digest) == 16 &&
	    strspn(ret_work->digest, "0123456789abcdef") == 16)
		return 0;
	return hv_fail(err, HV_STATUS_FAILED,
		       "it ended well, but without a line `work %s NS %lu "
		       "DIGEST'",
		       name, times);
}

static void work_round(struct hv_survey *survey, unsigned task,
		       unsigned technique)
{
	struct hv_cell *cell = &survey->cell[task][technique];
	unsigned times = hv_survey_times(survey, &hv_tasks[task]);
	struct hv_error err;
	struct work work;
	int rc;

	rc = work_run(survey, task, technique, times, &work, &err);
	if (hv_child_signal())
		return;
	if (rc == 0 && cell->digest[0] && strcmp(cell->digest, work.digest))
		rc = hv_fail(&err, HV_STATUS_FAILED,
			     "its results differ between rounds: digest %s, "
			     "then %s",
			     cell->digest, work.digest);
	if (rc < 0) {
		bury(survey, task, technique, &err);
		return;
	}
	memcpy(cell->digest, work.digest, sizeof(cell->digest));
	memcpy(cell->run_count, work.count, sizeof(cell->run_count));
	if (cell->samples < HV_ROUNDS_MAX)
		cell->sample[cell->samples++] = work.ns;
}

/* ---- exits: what a run has more than another of an eighth of the operations */

static int count_both(struct hv_survey *survey, unsigned task,
		       unsigned technique, uint64_t fewer, uint64_t times,
		       double ret_few[HV_COUNTS], double ret_all[HV_COUNTS],
		       struct hv_error *err)
{
	struct work work;

	if (hv_tasks[task].program == HV_PROGRAM_NANO) {
		if (nano_count(survey, task, technique, fewer, ret_few,
			       err) < 0)
			return -1;
		return nano_count(survey, task, technique, times, ret_all,
				  err);
	}
	if (work_run(survey, task, technique, fewer, &work, err) < 0)
		return -1;
	memcpy(ret_few, work.count, sizeof(work.count));
	memcpy(work.count, survey->cell[task][technique].run_count,
	       sizeof(work.count));
	if (times != hv_survey_times(survey, &hv_tasks[task]) &&
	    work_run(survey, task, technique, times, &work, err) < 0)
		return -1;
	memcpy(ret_all, work.count, sizeof(work.count));
	return 0;
}

/* Long enough that an interrupt of the host's now and then is little. */
#define COUNT_NS 100e6
#define COUNT_TIMES_LEAST 16

static uint64_t count_times(const struct hv_survey *survey, unsigned task,
			    const struct hv_cell *cell)
{
	double times = COUNT_NS / cell->sample[0];

	if (hv_tasks[task].program == HV_PROGRAM_WORK)
		times = hv_survey_times(survey, &hv_tasks[task]);
	else if (times < COUNT_TIMES_LEAST)
		times = COUNT_TIMES_LEAST;
	return times < 2 ? 2 : (uint64_t)times;
}

static void count(struct hv_survey *survey, unsigned task, unsigned technique)
{
	struct hv_cell *cell = &survey->cell[task][technique];
	uint64_t times = count_times(survey, task, cell);
	uint64_t fewer = (times + 7) / 8;
	double few[HV_COUNTS], all[HV_COUNTS];
	struct hv_error err;
	int rc;

	rc = count_both(survey, task, technique, fewer, times, few, all, &err);
	if (hv_child_signal())
		return;
	if (rc < 0) {
		bury(survey, task, technique, &err);
		return;
	}
	for (unsigned i = 0; i < HV_COUNTS; i++) {
		double more = all[i] > few[i] ? all[i] - few[i] : 0;

		if (all[i] >= 0)
			cell->count[i] = more / (double)(times - fewer);
	}
	/* Of two small numbers either may be off. */
	if (cell->count[HV_COUNT_EXITS] >= 0 &&
	    cell->count[HV_COUNT_PROGRAM] > cell->count[HV_COUNT_EXITS])
		cell->count[HV_COUNT_PROGRAM] = cell->count[HV_COUNT_EXITS];
}

static void count_all(struct hv_survey *survey)
{
	uint64_t half_ns = survey->begun_ns +
			   (survey->deadline_ns - survey->begun_ns) / 2;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		for (unsigned t = 0; t < hv_techniques_count; t++) {
			if (hv_techniques[t].no_exits || hv_child_signal() ||
			    hv_host_ns() > half_ns ||
			    !survey->cell[i][t].samples ||
			    survey->cell[i][t].note[0])
				continue;
			progress(survey, 0, "counting exits", hv_tasks[i].title);
			count(survey, i, t);
		}
}

/* ---- units and rounds */

static const char *unit_title(const struct unit *unit)
{
	if (unit->program == HV_PROGRAM_WORK)
		return hv_tasks[unit->task].title;
	return unit->vcpus > 1 ? "nano-benchmarks of two vCPUs" :
				 "nano-benchmarks";
}

/* Another technique begins each time: who follows whom would be part of it. */
static void unit_round(struct hv_survey *survey, struct unit *unit,
		       unsigned round)
{
	uint64_t start_ns = hv_host_ns();

	for (unsigned i = 0; i < hv_techniques_count; i++) {
		unsigned t = (i + round) % hv_techniques_count;

		if (hv_child_signal())
			return;
		progress(survey, round, unit_title(unit),
			 hv_techniques[t].title);
		if (unit->program == HV_PROGRAM_NANO)
			nano_round(survey, unit, t);
		else if (is_alive(survey, unit, unit->task, t))
			work_round(survey, unit->task, t);
	}
	unit->cost_ns = hv_host_ns() - start_ns;
}

static void leave_out(struct hv_survey *survey, const struct unit *unit)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		for (unsigned t = 0; t < hv_techniques_count; t++)
			if (is_alive(survey, unit, i, t))
				note(&survey->cell[i][t],
				     "left out: the time for all rows was "
				     "over; name the ones that you want");
}

/* In the first round, a third of the time: what is begun is to have three rounds. Then
 * what it took is known. */
static bool fits(const struct hv_survey *survey, const struct unit *unit,
		 unsigned round)
{
	uint64_t now_ns = hv_host_ns();
	uint64_t all_ns = survey->deadline_ns - survey->begun_ns;
	unsigned share = survey->rounds < ROUNDS_LEAST ? survey->rounds :
							 ROUNDS_LEAST;

	if (round == 0)
		return now_ns - survey->begun_ns < all_ns / share;
	return now_ns + unit->cost_ns < survey->deadline_ns;
}

static unsigned make_units(struct unit unit[HV_TASKS_MAX + 2])
{
	unsigned units = 0;

	unit[units++] = (struct unit){ HV_PROGRAM_NANO, 1, 0, 0 };
	unit[units++] = (struct unit){ HV_PROGRAM_NANO, 2, 0, 0 };
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (hv_tasks[i].program == HV_PROGRAM_WORK)
			unit[units++] =
				(struct unit){ HV_PROGRAM_WORK, 1, i, 0 };
	return units;
}

/* Why a task cannot be measured under a technique at all: missing, as the technique
 * says of the task's program; or it takes more CPUs. */
static void find_cell(struct hv_survey *survey, unsigned task,
		      unsigned technique, const struct hv_error *missing)
{
	struct hv_cell *cell = &survey->cell[task][technique];

	for (unsigned c = 0; c < HV_COUNTS; c++)
		cell->count[c] = -1;
	if (!survey->wanted[task])
		return;
	if (missing->status)
		note(cell, "%s", missing->text);
	else if (hv_tasks[task].vcpus > survey->host.cpus)
		note(cell, "it takes %u CPUs, and this host has %u",
		     hv_tasks[task].vcpus, survey->host.cpus);
}

static void find_all(struct hv_survey *survey)
{
	for (unsigned t = 0; t < hv_techniques_count; t++) {
		const struct hv_technique *technique = &hv_techniques[t];
		struct hv_error missing[HV_PROGRAMS] = { { 0 } };

		for (unsigned p = 0; p < HV_PROGRAMS; p++)
			technique->find(survey, technique, (enum hv_program)p,
					&missing[p]);
		for (unsigned i = 0; i < hv_tasks_count; i++)
			find_cell(survey, i, t, &missing[hv_tasks[i].program]);
	}
}

void hv_survey_run(struct hv_survey *survey)
{
	struct unit unit[HV_TASKS_MAX + 2];
	unsigned units = make_units(unit);

	find_all(survey);
	for (unsigned round = 0; round < survey->rounds; round++) {
		for (unsigned u = 0; u < units && !hv_child_signal(); u++)
			if (fits(survey, &unit[u], round))
				unit_round(survey, &unit[u], round);
			else if (round == 0)
				leave_out(survey, &unit[u]);
		if (round == 0 && !survey->no_exits)
			count_all(survey);
	}
	if (hv_survey_agreeing(survey, false))
		survey->failed = true;
	survey->seconds = (double)(hv_host_ns() - survey->begun_ns) / 1e9;
	if (survey->progress)
		fputs("\r\033[K", stderr);
}
