/* SPDX-License-Identifier: MIT
 *
 * A survey as a plot, by gnuplot: a bar for each cell on logarithmic axes, told apart
 * by grey level and pattern, so that it can be printed. See techniques.h.
 *
 * gnuplot finds its script, and leaves its plot, in files that have no names.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../version.h"
#include "child.h"
#include "techniques.h"

#define SECONDS_MOST 30

/* From the darkest to the lightest, and each pattern (of gnuplot's `test') another. */
static const struct {
	const char *grey;
	unsigned pattern;
} looks[] = {
	{ "#202020", 3 }, /* filled */
	{ "#404040", 4 }, /* one diagonal */
	{ "#b0b0b0", 3 }, /* filled */
	{ "#404040", 0 }, /* empty */
	{ "#404040", 2 }, /* crossed */
	{ "#404040", 5 }, /* the other diagonal */
	{ "#707070", 3 },
	{ "#404040", 1 },
};
_Static_assert(sizeof(looks) / sizeof(*looks) >= HV_TECHNIQUES_MAX,
	       "every technique wants a look of its own");

static bool has_column(const struct hv_survey *survey, enum hv_program program,
		       unsigned technique)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (hv_tasks[i].program == program &&
		    survey->cell[i][technique].samples)
			return true;
	return false;
}

/* A logarithmic axis has no 0. */
static void put_bar(FILE *script, const struct hv_cell *cell)
{
	struct hv_range range;

	if (!cell->samples) {
		fputs(" NaN NaN NaN", script);
		return;
	}
	range = hv_range_of(cell->sample, cell->samples);
	if (range.low < range.median / 10)
		range.low = range.median / 10;
	fprintf(script, " %g %g %g", range.median, range.low, range.high);
}

static void put_data(const struct hv_survey *survey, enum hv_program program,
		     FILE *script)
{
	fprintf(script, "$rows%u << END\n", program);
	for (unsigned i = 0; i < hv_tasks_count; i++) {
		if (hv_tasks[i].program != program || !hv_survey_has(survey, i))
			continue;
		fprintf(script, "\"%s\"", hv_tasks[i].title);
		for (unsigned t = 0; t < hv_techniques_count; t++)
			put_bar(script, &survey->cell[i][t]);
		fputc('\n', script);
	}
	fputs("END\n", script);
}

/* A panel. Its key is above it, since bars may reach the top. */
static void put_plot(const struct hv_survey *survey, enum hv_program program,
		     const char *title, FILE *script)
{
	const char *separator = "";

	fprintf(script, "set title \"%s\"\nplot ", title);
	for (unsigned t = 0; t < hv_techniques_count; t++) {
		if (!has_column(survey, program, t))
			continue;
		fprintf(script,
			"%s$rows%u using %u:%u:%u:xtic(1) title \"%s\" "
			"lc rgb \"%s\" fs pattern %u border rgb \"#000000\"",
			separator, program, 3 * t + 2, 3 * t + 3, 3 * t + 4,
			hv_techniques[t].title, looks[t].grey,
			looks[t].pattern);
		separator = ", \\\n  ";
	}
	fputc('\n', script);
}

/* Within '...', where gnuplot replaces nothing. */
static void put_quoted(FILE *script, const char *text)
{
	for (; *text; text++)
		fputc(*text == '\'' ? ' ' : *text, script);
}

static void put_header(const struct hv_survey *survey, int svg_fd,
		       unsigned panels, FILE *script)
{
	fprintf(script,
		"set terminal svg size 1000,%u font \"sans-serif,14\" "
		"background rgb \"white\"\n"
		"set output \"/proc/%d/fd/%d\"\n",
		80 + 480 * panels, getpid(), svg_fd);
	fputs("set encoding utf8\n"
	      "set style data histograms\n"
	      "set style histogram errorbars gap 1.5 lw 1\n"
	      "set boxwidth 0.9\nset errorbars 0.4 lc rgb \"#000000\"\n"
	      "set logscale y\n"
	      "set ytics (\"0.1 ns\" 0.1, \"1 ns\" 1, \"10 ns\" 10, \"100 ns\" 100, "
	      "\"1 us\" 1e3, \"10 us\" 1e4, \"100 us\" 1e5, \"1 ms\" 1e6, "
	      "\"10 ms\" 1e7, \"100 ms\" 1e8, \"1 s\" 1e9, \"10 s\" 1e10) "
	      "nomirror\n"
	      "set ylabel \"time per operation, logarithmic (lower is better)\"\n"
	      "set xtics rotate by -35 nomirror scale 0\n"
	      "set grid ytics lc rgb \"#c0c0c0\"\nset border 3\n"
	      "set key outside top center horizontal\n"
	      "set rmargin 8\n",
	      script);
	fprintf(script, "set multiplot layout %u,1 title '", panels);
	put_quoted(script, survey->host.cpu);
	fprintf(script, ", %u CPU%s, ", survey->host.cpus,
		survey->host.cpus == 1 ? "" : "s");
	put_quoted(script, survey->host.kernel);
	fprintf(script, "; Paravane " HV_VERSION "%s' noenhanced font ',12'\n",
		survey->host.interpreted ?
			"; KVM is software, and interprets ring 0" :
			"");
}

static void put_script(const struct hv_survey *survey, int svg_fd, FILE *script)
{
	bool nano = hv_survey_has_any(survey, HV_PROGRAM_NANO);
	bool work = hv_survey_has_any(survey, HV_PROGRAM_WORK);

	put_data(survey, HV_PROGRAM_NANO, script);
	put_data(survey, HV_PROGRAM_WORK, script);
	put_header(survey, svg_fd, (unsigned)nano + (unsigned)work, script);
	if (nano)
		put_plot(survey, HV_PROGRAM_NANO, "Operations", script);
	if (work)
		put_plot(survey, HV_PROGRAM_WORK, "Workloads", script);
	fputs("unset multiplot\n", script);
}

static int run_gnuplot(int script_fd, struct hv_error *err)
{
	static struct hv_output output;
	char path[PATH_MAX], script[64];
	char *const argv[] = { path, script, NULL };
	const char *text;
	uint64_t ns;
	int status, len;

	if (!hv_program_find("gnuplot", path))
		return hv_fail(err, HV_STATUS_HOST,
			       "gnuplot is not in $PATH: Debian has it in the "
			       "package gnuplot-nox, which ./demo and ./check "
			       "install");
	snprintf(script, sizeof(script), "/proc/%d/fd/%d", getpid(), script_fd);
	hv_child_timeout(SECONDS_MOST);
	if (hv_child_run(argv, &output, &status, &ns, err) < 0)
		return -1;
	if (status == 0)
		return 0;
	hv_output_reason(&output, &text, &len);
	return hv_fail(err, HV_STATUS_FAILED,
		       "gnuplot failed with wait status %#x: %.*s",
		       (unsigned)status, len, text);
}

/* All of a file as text, to be freed; NULL if it is empty. */
static char *read_all(int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = len > 0 ? malloc((size_t)len + 1) : NULL;

	if (text && pread(fd, text, (size_t)len, 0) == len) {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

static char *plot(const struct hv_survey *survey, int script_fd, int svg_fd,
		  struct hv_error *err)
{
	FILE *script = fdopen(dup(script_fd), "w");
	char *svg = NULL;
	int rc = -1;

	if (script) {
		put_script(survey, svg_fd, script);
		rc = fclose(script);
	}
	if (rc == 0 && run_gnuplot(script_fd, err) < 0)
		return NULL;
	if (rc == 0)
		svg = read_all(svg_fd);
	if (!svg)
		hv_fail(err, HV_STATUS_FAILED, "gnuplot's plot is missing");
	return svg;
}

char *hv_survey_plot(const struct hv_survey *survey, struct hv_error *err)
{
	int script = memfd_create("paravane-plot-script", MFD_CLOEXEC);
	int svg = memfd_create("paravane-plot", MFD_CLOEXEC);
	char *text = NULL;

	if (!hv_survey_has_figures(survey))
		hv_fail(err, HV_STATUS_HOST, "there is nothing to plot");
	else if (script < 0 || svg < 0)
		hv_fail(err, HV_STATUS_FAILED,
			"cannot make files for gnuplot: %s", strerror(errno));
	else
		text = plot(survey, script, svg, err);
	if (script >= 0)
		close(script);
	if (svg >= 0)
		close(svg);
	return text;
}
