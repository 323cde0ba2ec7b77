/* SPDX-License-Identifier: MIT
 *
 * A survey as one HTML file that needs no other. See techniques.h.
 */
#include <string.h>

#include "../version.h"
#include "techniques.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Paravane: techniques of virtualization, measured</title>\n"
	"<style>\n"
	"body { font: 16px/1.45 sans-serif; color: #111; background: #fff;\n"
	"       max-width: 72em; margin: 2em auto; padding: 0 1em; }\n"
	"h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; }\n"
	"table { border-collapse: collapse; width: 100%; }\n"
	"th, td { padding: .3em .6em; text-align: left; vertical-align: top;\n"
	"         border-bottom: 1px solid #ccc; }\n"
	"thead th { border-bottom: 2px solid #111; }\n"
	"td.figure { text-align: right; width: 18%; }\n"
	"th.figure { text-align: right; }\n"
	"td.best { font-weight: bold; background: #eee; }\n"
	"small { color: #555; display: block; font-weight: normal; }\n"
	"svg { width: 100%; height: auto; }\n"
	".note { border-left: 4px solid #111; padding: .2em .8em; }\n"
	".bad { font-weight: bold; border: 2px solid #111; padding: .5em; }\n"
	"code { font-size: .9em; }\n"
	"@media print { body { max-width: none; margin: 0; } }\n"
	"</style>\n</head>\n<body>\n";

static void put_text(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void put_element(FILE *out, const char *before, const char *text,
			const char *behind)
{
	fputs(before, out);
	put_text(out, text);
	fputs(behind, out);
}

static void put_host_row(FILE *out, const char *name, const char *value)
{
	put_element(out, "<tr><th>", name, "</th>");
	put_element(out, "<td>", value, "</td></tr>\n");
}

static void put_host(const struct hv_survey *survey, FILE *out)
{
	const struct hv_host *host = &survey->host;
	char cpus[16], rounds[64];
	unsigned least, most;

	hv_survey_rounds(survey, &least, &most);
	snprintf(cpus, sizeof(cpus), "%u", host->cpus);
	snprintf(rounds, sizeof(rounds), "%u%s%.0u in %.0f seconds%s", least,
		 most > least ? " to " : "", most > least ? most : 0,
		 survey->seconds, survey->quick ? ", quick" : "");
	fputs("<h2>The machine</h2>\n<table>\n", out);
	put_host_row(out, "Processor", host->cpu);
	put_host_row(out, "CPUs", cpus);
	put_host_row(out, "Kernel", host->kernel);
	put_host_row(out, "KVM", host->kvm);
	put_host_row(out, "QEMU", host->qemu);
	put_host_row(out, "Paravane", HV_VERSION);
	put_host_row(out, "Date", host->date);
	put_host_row(out, "Rounds", rounds);
	fputs("</table>\n", out);
	if (host->interpreted)
		fputs("<p class=\"note\">" HV_SOFTWARE_KVM_TEXT "</p>\n", out);
}

static void put_techniques(FILE *out)
{
	fputs("<h2>The techniques</h2>\n<table>\n", out);
	for (unsigned t = 0; t < hv_techniques_count; t++)
		put_host_row(out, hv_techniques[t].title,
			     hv_techniques[t].about);
	fputs("</table>\n", out);
}

static void put_heads(FILE *out, const char *first)
{
	put_element(out, "<table>\n<thead><tr><th>", first, "</th>");
	for (unsigned t = 0; t < hv_techniques_count; t++)
		put_element(out, "<th class=\"figure\">",
			    hv_techniques[t].title, "</th>");
	fputs("</tr></thead>\n<tbody>\n", out);
}

static void put_count(double count, const char *what, FILE *out)
{
	char text[HV_TEXT_BYTES];

	if (count < 0)
		return;
	hv_count_text(count, text);
	fprintf(out, "<small>%s %s</small>", text, what);
}

static void put_cell(const struct hv_cell *cell, double best, FILE *out)
{
	char text[HV_TEXT_BYTES];
	double median;

	if (!cell->samples) {
		fputs("<td class=\"figure\">&ndash;</td>", out);
		return;
	}
	median = hv_range_of(cell->sample, cell->samples).median;
	hv_time_text(median, text);
	fprintf(out, "<td class=\"figure%s\">%s", median == best ? " best" : "",
		text);
	hv_range_text(cell, text);
	if (text[0])
		fprintf(out, " &plusmn;%s", text);
	hv_ratio_text(median / best, text);
	if (median != best)
		fprintf(out, "<small>%s the best</small>", text);
	put_count(cell->count[HV_COUNT_EXITS], "exits", out);
	put_count(cell->count[HV_COUNT_PROGRAM], "to the program", out);
	put_count(cell->count[HV_COUNT_INTERPRETED], "interpreted", out);
	fputs("</td>", out);
}

static void put_row(const struct hv_survey *survey, unsigned task, FILE *out)
{
	const struct hv_task *t = &hv_tasks[task];

	put_element(out, "<tr><th>", t->title, "<small>");
	put_text(out, t->about);
	if (t->program == HV_PROGRAM_WORK)
		fprintf(out, "; %u of them a round",
			hv_survey_times(survey, t));
	fputs("</small></th>", out);
	for (unsigned i = 0; i < hv_techniques_count; i++)
		put_cell(&survey->cell[task][i], hv_survey_best(survey, task),
			 out);
	fputs("</tr>\n", out);
}

static void put_times(const struct hv_survey *survey, enum hv_program program,
		      const char *title, FILE *out)
{
	if (!hv_survey_has_any(survey, program))
		return;
	put_element(out, "<h2>", title, "</h2>\n");
	put_heads(out, "");
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (hv_tasks[i].program == program && hv_survey_has(survey, i))
			put_row(survey, i, out);
	fputs("</tbody></table>\n", out);
}

static void put_legend(const struct hv_survey *survey, FILE *out)
{
	fputs("<p>Each figure is the time of one operation: less is better, and "
	      "the best of a row is grey. It is the median of the rounds "
	      "&plusmn; half their spread, which is " HV_SPREAD_TEXT
	      ". In the plot the spread is the thin line; one that would reach "
	      "0 ends at a tenth of the bar.</p>\n"
	      "<p>Beneath, where they were counted, stand <i>exits</i> per "
	      "operation, how many of those went <i>to the program</i>, and the "
	      "instructions that KVM <i>interpreted</i>. " HV_EXIT_TEXT,
	      out);
	for (unsigned t = 0; t < hv_techniques_count; t++)
		if (hv_techniques[t].no_exits) {
			put_element(out, " No counts for ",
				    hv_techniques[t].title, ": ");
			put_element(out, "", hv_techniques[t].no_exits, ".");
		}
	if (hv_survey_uncounted(survey))
		fputs(" " HV_UNCOUNTED_TEXT, out);
	fputs("</p>\n", out);
}

static void put_digests(const struct hv_survey *survey, FILE *out)
{
	bool any = false;

	for (unsigned i = 0; i < hv_tasks_count; i++)
		any |= hv_survey_agrees(survey, i) >= 0;
	if (!any)
		return;
	fputs("<h2>Do they compute the same?</h2>\n"
	      "<p>A digest over each workload's results; all of a row must be "
	      "the same.</p>\n",
	      out);
	if (hv_survey_agreeing(survey, false))
		fputs("<p class=\"bad\">The results of some workloads differ. "
		      "Something computed wrongly.</p>\n",
		      out);
	put_heads(out, "");
	for (unsigned i = 0; i < hv_tasks_count; i++) {
		int agrees = hv_survey_agrees(survey, i);

		if (agrees < 0)
			continue;
		put_element(out, "<tr><th>", hv_tasks[i].title, "<small>");
		fputs(agrees ? "the same</small></th>" :
			       "DIFFERENT</small></th>",
		      out);
		for (unsigned t = 0; t < hv_techniques_count; t++) {
			const char *digest = survey->cell[i][t].digest;

			fprintf(out,
				"<td class=\"figure\"><code>%s</code></td>",
				digest[0] ? digest : "&ndash;");
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

static void put_gaps(const struct hv_survey *survey, FILE *out)
{
	struct hv_gap_place place = { 0 };
	struct hv_gap gap;

	for (bool first = true; hv_survey_gap(survey, &place, &gap);
	     first = false) {
		if (first)
			fputs("<h2>What is missing</h2>\n<p>Not measured, or "
			      "no more after that:</p>\n<ul>\n",
			      out);
		put_element(out, "<li><b>", hv_techniques[gap.technique].title,
			    "</b>");
		if (gap.tasks[0])
			put_element(out, " (", gap.tasks, ")");
		put_element(out, ": ", gap.note, "</li>\n");
	}
	place = (struct hv_gap_place){ 0 };
	if (hv_survey_gap(survey, &place, &gap))
		fputs("</ul>\n", out);
}

static void put_why(const struct hv_survey *survey, FILE *out)
{
	fputs("<h2>Why</h2>\n", out);
	for (unsigned i = 0; i < hv_tasks_count; i++) {
		if (!hv_survey_has(survey, i))
			continue;
		put_element(out, "<h3>", hv_tasks[i].title, "</h3>\n<ul>\n");
		for (unsigned t = 0; t < hv_techniques_count; t++) {
			const char *why = hv_task_why(
				&hv_tasks[i], hv_techniques[t].key,
				survey->host.interpreted);

			if (!why || !survey->cell[i][t].samples)
				continue;
			put_element(out, "<li><b>", hv_techniques[t].title,
				    "</b>: ");
			put_element(out, "", why, "</li>\n");
		}
		fputs("</ul>\n", out);
	}
}

/* Without what only a file of its own has before it. */
static void put_svg(const char *svg, const char *why_no_plot, FILE *out)
{
	const char *element = svg ? strstr(svg, "<svg") : NULL;

	if (element)
		fputs(element, out);
	else
		put_element(out, "<p>There is no plot: ",
			    why_no_plot ? why_no_plot : "it is not one of SVG",
			    ".</p>\n");
}

void hv_survey_html(const struct hv_survey *survey, const char *svg,
		    const char *why_no_plot, FILE *out)
{
	fputs(head, out);
	fputs("<h1>Techniques of virtualization, measured</h1>\n"
	      "<p>The same sources, run as a paravirtual kernel, as a kernel at "
	      "ring 0 whose privileged instructions trap and are emulated, by "
	      "binary translation, and in a process. Made by "
	      "<code>paravane bench techniques</code>; how, and what it cannot "
	      "show, is in <code>docs/measuring.md</code>.</p>\n",
	      out);
	put_host(survey, out);
	put_techniques(out);
	fputs("<h2>The figures</h2>\n", out);
	put_svg(svg, why_no_plot, out);
	put_legend(survey, out);
	put_times(survey, HV_PROGRAM_NANO, "Operations", out);
	put_times(survey, HV_PROGRAM_WORK, "Workloads", out);
	put_digests(survey, out);
	put_gaps(survey, out);
	put_why(survey, out);
	fputs("</body>\n</html>\n", out);
}
