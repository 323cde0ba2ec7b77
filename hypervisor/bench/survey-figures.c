/* SPDX-License-Identifier: MIT
 *
 * What follows from a survey's samples, and how figures are written. See
 * techniques.h.
 */
#include <stdio.h>
#include <string.h>

#include "techniques.h"

bool hv_survey_has(const struct hv_survey *survey, unsigned task)
{
	for (unsigned t = 0; t < hv_techniques_count; t++)
		if (survey->cell[task][t].samples)
			return true;
	return false;
}

bool hv_survey_has_any(const struct hv_survey *survey, enum hv_program program)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (hv_tasks[i].program == program && hv_survey_has(survey, i))
			return true;
	return false;
}

bool hv_survey_has_figures(const struct hv_survey *survey)
{
	return hv_survey_has_any(survey, HV_PROGRAM_NANO) ||
	       hv_survey_has_any(survey, HV_PROGRAM_WORK);
}

double hv_survey_best(const struct hv_survey *survey, unsigned task)
{
	double best = 0, median;

	for (unsigned t = 0; t < hv_techniques_count; t++) {
		const struct hv_cell *cell = &survey->cell[task][t];

		if (!cell->samples)
			continue;
		median = hv_range_of(cell->sample, cell->samples).median;
		if (best == 0 || median < best)
			best = median;
	}
	return best;
}

int hv_survey_agrees(const struct hv_survey *survey, unsigned task)
{
	const char *first = NULL;
	int agrees = -1;

	for (unsigned t = 0; t < hv_techniques_count; t++) {
		const struct hv_cell *cell = &survey->cell[task][t];

		if (!cell->digest[0])
			continue;
		if (!first)
			first = cell->digest;
		else if (strcmp(first, cell->digest))
			return 0;
		else
			agrees = 1;
	}
	return agrees;
}

unsigned hv_survey_agreeing(const struct hv_survey *survey, bool agree)
{
	unsigned tasks = 0;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		tasks += hv_survey_agrees(survey, i) == (agree ? 1 : 0);
	return tasks;
}

bool hv_survey_uncounted(const struct hv_survey *survey)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		for (unsigned t = 0; t < hv_techniques_count; t++) {
			const struct hv_cell *cell = &survey->cell[i][t];

			if (!hv_techniques[t].no_exits && cell->samples &&
			    !cell->note[0] && cell->count[HV_COUNT_PROGRAM] < 0)
				return !survey->no_exits;
		}
	return false;
}

void hv_survey_rounds(const struct hv_survey *survey, unsigned *ret_least,
		      unsigned *ret_most)
{
	unsigned least = HV_ROUNDS_MAX, most = 0;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		for (unsigned t = 0; t < hv_techniques_count; t++) {
			unsigned samples = survey->cell[i][t].samples;

			if (samples && samples < least)
				least = samples;
			if (samples > most)
				most = samples;
		}
	*ret_most = most;
	*ret_least = most ? least : 0;
}

/* Whether an earlier cell of the technique had the same note, and so its gap. */
static bool told_before(const struct hv_survey *survey, unsigned technique,
			unsigned task)
{
	for (unsigned i = 0; i < task; i++)
		if (strcmp(survey->cell[i][technique].note,
			   survey->cell[task][technique].note) == 0)
			return true;
	return false;
}

/* Whether the task is one of the gap's: 1, 0; -1 if it was not wanted. */
static int is_of_gap(const struct hv_survey *survey, const struct hv_gap *gap,
		     unsigned task)
{
	if (!survey->wanted[task])
		return -1;
	return strcmp(survey->cell[task][gap->technique].note, gap->note) == 0;
}

static void add_name(struct hv_gap *gap, const char *name)
{
	size_t len = strlen(gap->tasks);

	snprintf(gap->tasks + len, sizeof(gap->tasks) - len, "%s%s",
		 len ? "; " : "", name);
}

/* All of a kind by its name, else the tasks by theirs. */
static bool list_kind(const struct hv_survey *survey, struct hv_gap *gap,
		      enum hv_program program, const char *name)
{
	unsigned of_gap = 0, wanted = 0;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (hv_tasks[i].program == program) {
			of_gap += is_of_gap(survey, gap, i) == 1;
			wanted += is_of_gap(survey, gap, i) >= 0;
		}
	if (wanted > 1 && of_gap == wanted) {
		add_name(gap, name);
		return true;
	}
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (hv_tasks[i].program == program &&
		    is_of_gap(survey, gap, i) == 1)
			add_name(gap, hv_tasks[i].title);
	return of_gap == wanted;
}

static void list_tasks(const struct hv_survey *survey, struct hv_gap *gap)
{
	bool all;

	gap->tasks[0] = '\0';
	all = list_kind(survey, gap, HV_PROGRAM_NANO, "operations");
	all &= list_kind(survey, gap, HV_PROGRAM_WORK, "workloads");
	if (all)
		gap->tasks[0] = '\0';
}

bool hv_survey_gap(const struct hv_survey *survey, struct hv_gap_place *place,
		   struct hv_gap *ret_gap)
{
	for (; place->technique < hv_techniques_count; place->technique++) {
		for (; place->task < hv_tasks_count; place->task++) {
			unsigned t = place->technique, i = place->task;

			if (!survey->cell[i][t].note[0] ||
			    told_before(survey, t, i))
				continue;
			place->task++;
			ret_gap->technique = t;
			ret_gap->note = survey->cell[i][t].note;
			list_tasks(survey, ret_gap);
			return true;
		}
		place->task = 0;
	}
	return false;
}

/* Three digits. */
static void three_digits(double value, const char *unit,
			 char text[HV_TEXT_BYTES])
{
	snprintf(text, HV_TEXT_BYTES, "%.*f%s",
		 value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, unit);
}

void hv_time_text(double ns, char ret_text[HV_TEXT_BYTES])
{
	static const char *const units[] = { " ns", " us", " ms", " s" };
	unsigned unit = 0;

	while (unit < 3 && ns >= 999.5) {
		ns /= 1000;
		unit++;
	}
	three_digits(ns, units[unit], ret_text);
}

void hv_range_text(const struct hv_cell *cell, char ret_text[HV_TEXT_BYTES])
{
	struct hv_range range;
	double percent;

	ret_text[0] = '\0';
	if (cell->samples < 2)
		return;
	range = hv_range_of(cell->sample, cell->samples);
	percent = (range.high - range.low) / 2 / range.median * 100;
	if (percent < 1000)
		snprintf(ret_text, HV_TEXT_BYTES, "%.0f%%", percent);
	else
		snprintf(ret_text, HV_TEXT_BYTES, ">999%%");
}

void hv_ratio_text(double ratio, char ret_text[HV_TEXT_BYTES])
{
	if (ratio < 99999.5)
		three_digits(ratio, "x", ret_text);
	else
		snprintf(ret_text, HV_TEXT_BYTES, "%.0ex", ratio);
}

void hv_count_text(double count, char ret_text[HV_TEXT_BYTES])
{
	if (count < 0)
		snprintf(ret_text, HV_TEXT_BYTES, "-");
	else if (count < 0.0005)
		snprintf(ret_text, HV_TEXT_BYTES, "0");
	else if (count < 0.1)
		snprintf(ret_text, HV_TEXT_BYTES, "%.3f", count);
	else
		three_digits(count, "", ret_text);
}
