/* SPDX-License-Identifier: MIT
 *
 * A survey on a terminal, in at most 100 columns. See techniques.h.
 */
#include <stdio.h>
#include <string.h>

#include "../version.h"
#include "techniques.h"

#define COLUMNS 100
#define LABEL 16 /* columns; a cell takes 21 more */
#define CELL 21
#define CELLS_MOST ((COLUMNS - LABEL) / CELL)

/* Words, broken at blanks, each line behind so many blanks but the first. */
void hv_print_wrapped(unsigned indent, const char *text)
{
	unsigned at = indent;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > indent && at + 1 + len > COLUMNS) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		}
		printf("%s%.*s", at > indent ? " " : "", (int)len, text);
		at += (unsigned)len + (at > indent);
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

static void print_host(const struct hv_survey *survey)
{
	const struct hv_host *host = &survey->host;

	printf("%s, %u CPU%s, %s; Paravane " HV_VERSION "\nKVM: %s\nQEMU: %s\n",
	       host->cpu, host->cpus, host->cpus == 1 ? "" : "s", host->kernel,
	       host->kvm, host->qemu);
	if (host->interpreted) {
		putchar('\n');
		hv_print_wrapped(0, HV_SOFTWARE_KVM_TEXT);
	}
}

static void print_heads(unsigned from, unsigned to, const char *title)
{
	int at = printf("\n%-*s", LABEL, title) - 1;

	for (unsigned t = from; t < to; t++)
		at += printf("%*s", (int)(LABEL + CELL * (t - from + 1)) - at,
			     hv_techniques[t].title);
	putchar('\n');
}

/* The sign takes two bytes and one column. */
static void print_cell(const struct hv_cell *cell, double best)
{
	char time[HV_TEXT_BYTES], range[HV_TEXT_BYTES], ratio[HV_TEXT_BYTES];
	double median;

	if (!cell->samples) {
		printf("%*s", CELL, "-");
		return;
	}
	median = hv_range_of(cell->sample, cell->samples).median;
	hv_time_text(median, time);
	hv_range_text(cell, range);
	hv_ratio_text(median / best, ratio);
	printf("%8s %s%-4s %6s", time, range[0] ? "±" : " ", range, ratio);
}

static void print_times(const struct hv_survey *survey, enum hv_program program,
			const char *title, unsigned from, unsigned to)
{
	if (!hv_survey_has_any(survey, program))
		return;
	print_heads(from, to, title);
	for (unsigned i = 0; i < hv_tasks_count; i++) {
		if (hv_tasks[i].program != program || !hv_survey_has(survey, i))
			continue;
		printf("%-*s", LABEL, hv_tasks[i].title);
		for (unsigned t = from; t < to; t++)
			print_cell(&survey->cell[i][t],
				   hv_survey_best(survey, i));
		putchar('\n');
	}
}

/* Where there is any count there is this one; KVM's own take Linux 5.14. */
static bool is_counted(const struct hv_survey *survey, unsigned task)
{
	for (unsigned t = 0; t < hv_techniques_count; t++)
		if (survey->cell[task][t].count[HV_COUNT_PROGRAM] >= 0)
			return true;
	return false;
}

static bool any_counted(const struct hv_survey *survey)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (is_counted(survey, i))
			return true;
	return false;
}

static bool any_interpreted(const struct hv_survey *survey)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		for (unsigned t = 0; t < hv_techniques_count; t++)
			if (survey->cell[i][t].count[HV_COUNT_INTERPRETED] > 0)
				return true;
	return false;
}

/* Exits, and in brackets those to the program; or instructions. */
static void print_count(const struct hv_cell *cell, enum hv_count count)
{
	char first[HV_TEXT_BYTES], second[HV_TEXT_BYTES];
	char text[2 * HV_TEXT_BYTES + 8];

	hv_count_text(cell->count[count], first);
	snprintf(text, sizeof(text), "%s", first);
	if (count == HV_COUNT_EXITS && cell->count[HV_COUNT_PROGRAM] >= 0) {
		hv_count_text(cell->count[HV_COUNT_PROGRAM], second);
		snprintf(text, sizeof(text), "%s (%s)", first, second);
	}
	printf("%*s", CELL, text);
}

static void print_counts(const struct hv_survey *survey, enum hv_count count,
			 const char *title, unsigned from, unsigned to)
{
	print_heads(from, to, title);
	for (unsigned i = 0; i < hv_tasks_count; i++) {
		if (!is_counted(survey, i))
			continue;
		printf("%-*s", LABEL, hv_tasks[i].title);
		for (unsigned t = from; t < to; t++)
			print_count(&survey->cell[i][t], count);
		putchar('\n');
	}
}

static void print_exits(const struct hv_survey *survey, unsigned from,
			unsigned to)
{
	if (any_counted(survey))
		print_counts(survey, HV_COUNT_EXITS, "Exits per operation",
			     from, to);
	if (any_interpreted(survey))
		print_counts(survey, HV_COUNT_INTERPRETED, "Interpreted", from,
			     to);
}

/* Once, under all columns. */
static void print_legend_of_counts(const struct hv_survey *survey)
{
	if (!any_counted(survey))
		return;
	putchar('\n');
	hv_print_wrapped(0, HV_EXIT_TEXT " In brackets: how many of those.");
	if (any_interpreted(survey))
		hv_print_wrapped(0, "Interpreted: how many instructions of the "
				    "guest KVM interpreted per operation, by "
				    "its own count.");
	for (unsigned t = 0; t < hv_techniques_count; t++)
		if (hv_techniques[t].no_exits)
			printf("No counts for %s: %s.\n",
			       hv_techniques[t].title,
			       hv_techniques[t].no_exits);
	if (hv_survey_uncounted(survey))
		hv_print_wrapped(0, HV_UNCOUNTED_TEXT);
}

static void print_digests(const struct hv_survey *survey)
{
	unsigned same = hv_survey_agreeing(survey, true);

	if (same)
		printf("\n%u workload%s the same results everywhere, by their "
		       "digests.\n",
		       same, same == 1 ? " has" : "s have");
	for (unsigned i = 0; i < hv_tasks_count; i++) {
		if (hv_survey_agrees(survey, i) != 0)
			continue;
		printf("\nRESULTS DIFFER of %s:", hv_tasks[i].title);
		for (unsigned t = 0; t < hv_techniques_count; t++)
			if (survey->cell[i][t].digest[0])
				printf(" %s %s;", hv_techniques[t].title,
				       survey->cell[i][t].digest);
		putchar('\n');
	}
}

static void print_gaps(const struct hv_survey *survey)
{
	struct hv_gap_place place = { 0 };
	struct hv_gap gap;
	char text[1100];

	for (bool first = true; hv_survey_gap(survey, &place, &gap);
	     first = false) {
		if (first)
			puts("\nNot measured, or no more after that:");
		snprintf(text, sizeof(text), "%s%s%s%s: %s",
			 hv_techniques[gap.technique].title,
			 gap.tasks[0] ? " (" : "", gap.tasks,
			 gap.tasks[0] ? ")" : "", gap.note);
		printf("- ");
		hv_print_wrapped(2, text);
	}
}

static void print_why(const struct hv_survey *survey)
{
	char text[1024];

	for (unsigned i = 0; i < hv_tasks_count; i++) {
		if (!hv_survey_has(survey, i))
			continue;
		snprintf(text, sizeof(text), "%s: %s.", hv_tasks[i].title,
			 hv_tasks[i].about);
		putchar('\n');
		hv_print_wrapped(0, text);
		for (unsigned t = 0; t < hv_techniques_count; t++) {
			const char *why = hv_task_why(
				&hv_tasks[i], hv_techniques[t].key,
				survey->host.interpreted);

			if (!why || !survey->cell[i][t].samples)
				continue;
			printf("  %-16s  ", hv_techniques[t].title);
			hv_print_wrapped(20, why);
		}
	}
}

static void print_tables(const struct hv_survey *survey)
{
	unsigned least, most, to;
	char text[512], upto[16] = "";

	hv_survey_rounds(survey, &least, &most);
	if (most > least)
		snprintf(upto, sizeof(upto), " to %u", most);
	snprintf(text, sizeof(text),
		 "Time per operation, less is better: the median of %u%s "
		 "round%s, ± half their spread, and how many times the best of "
		 "the row. The spread is " HV_SPREAD_TEXT ".",
		 least, upto, most == 1 ? "" : "s");
	putchar('\n');
	hv_print_wrapped(0, text);
	for (unsigned from = 0; from < hv_techniques_count; from = to) {
		to = from + CELLS_MOST < hv_techniques_count ?
			     from + CELLS_MOST :
			     hv_techniques_count;
		print_times(survey, HV_PROGRAM_NANO, "Operations", from, to);
		print_times(survey, HV_PROGRAM_WORK, "Workloads", from, to);
		print_exits(survey, from, to);
	}
	print_legend_of_counts(survey);
}

void hv_survey_print(const struct hv_survey *survey, bool explain)
{
	print_host(survey);
	if (hv_survey_has_figures(survey))
		print_tables(survey);
	print_digests(survey);
	print_gaps(survey);
	if (explain)
		print_why(survey);
	printf("\nIt took %.0f s. What such figures cannot show: "
	       "docs/measuring.md.\n",
	       survey->seconds);
}
