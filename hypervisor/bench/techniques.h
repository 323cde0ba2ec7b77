/* SPDX-License-Identifier: MIT
 *
 * `paravane bench techniques`: the same tasks under every way of running a kernel,
 * and in a process. A *task* (survey-tasks.c) is a row, a *technique*
 * (technique-list.c) a column, a *cell* what one took under the other; the
 * *survey* is all of it. Techniques run a program and say what it printed; what it
 * means is found out in one place for all, survey-run.c.
 */
#ifndef HV_BENCH_TECHNIQUES_H
#define HV_BENCH_TECHNIQUES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../error.h"
#include "output.h"
#include "statistics.h"

#define HV_TASKS_MAX 32
#define HV_TECHNIQUES_MAX 8
#define HV_ROUNDS_MAX 100

/* ---- tasks */

enum hv_program {
	HV_PROGRAM_NANO, /* nano-benchmarks, many in a run: tests/bench/nano.c */
	HV_PROGRAM_WORK, /* one workload a run: minikernel's program `work` */
	HV_PROGRAMS
};

struct hv_task {
	const char *key;   /* as the program knows it */
	const char *title; /* at most 16 columns */
	enum hv_program program;
	unsigned vcpus;
	/* Of a workload, under all techniques, since its digest depends on it; and
	 * on hosts whose KVM interprets ring 0. */
	unsigned times, times_interpreted;
	const char *about; /* what one operation is */
};

extern const struct hv_task hv_tasks[];
extern const unsigned hv_tasks_count;

/* The task with this key; -1 if there is none. */
int hv_task_find(const char *key);
/* Why the task takes what it takes there, or NULL. `interpreted`: KVM here is
 * software that interprets ring 0. survey-explain.c */
const char *hv_task_why(const struct hv_task *task, const char *technique,
			bool interpreted);

/* ---- techniques */

struct hv_survey;

/* A program to be run, with the words after its name. */
struct hv_call {
	enum hv_program program;
	unsigned vcpus;
	unsigned seconds; /* then it is stopped */
	const char *word[HV_TASKS_MAX + 1];
	unsigned words;
};

/* What is counted of a guest. */
enum hv_count {
	HV_COUNT_EXITS,       /* all, by KVM */
	HV_COUNT_PROGRAM,     /* those of them that reach the program */
	HV_COUNT_INTERPRETED, /* instructions that KVM interpreted */
	HV_COUNTS,
};

struct hv_answer {
	struct hv_output output; /* also of a run that failed */
	double count[HV_COUNTS]; /* of the whole run; below 0: not known */
};

struct hv_technique {
	const char *key;
	const char *title; /* at most 16 columns */
	const char *about;
	/* NULL, or why nothing is counted. */
	const char *no_exits;
	/* Whether it can be had for this program; if not, *err says why. */
	int (*find)(const struct hv_survey *survey,
		    const struct hv_technique *technique,
		    enum hv_program program, struct hv_error *err);
	int (*run)(const struct hv_survey *survey,
		   const struct hv_technique *technique,
		   const struct hv_call *call, struct hv_answer *ret_answer,
		   struct hv_error *err);
	const char *image_suffix; /* "nano" + this is the guest; NULL: none */
	const char *engine;       /* of `paravane run`; NULL: its choice */
};

/* Engines added later join here: technique-list.c. */
extern const struct hv_technique hv_techniques[];
extern const unsigned hv_techniques_count;

/* technique-list.c: the guest that a technique runs a program by. */
#define HV_IMAGE_NAME_BYTES 64
void hv_technique_image(const struct hv_technique *technique,
			enum hv_program program,
			char ret_name[HV_IMAGE_NAME_BYTES]);
/* What `work` reads, under all techniques. */
#define HV_WORK_DISK "minikernel.img"

/* technique-paravane.c, technique-qemu.c, technique-process.c */
int hv_paravane_find(const struct hv_survey *survey,
		     const struct hv_technique *technique,
		     enum hv_program program, struct hv_error *err);
int hv_paravane_run(const struct hv_survey *survey,
		    const struct hv_technique *technique,
		    const struct hv_call *call, struct hv_answer *ret_answer,
		    struct hv_error *err);
int hv_qemu_find(const struct hv_survey *survey,
		 const struct hv_technique *technique, enum hv_program program,
		 struct hv_error *err);
int hv_qemu_run(const struct hv_survey *survey,
		const struct hv_technique *technique,
		const struct hv_call *call, struct hv_answer *ret_answer,
		struct hv_error *err);
int hv_process_find(const struct hv_survey *survey,
		    const struct hv_technique *technique,
		    enum hv_program program, struct hv_error *err);
int hv_process_run(const struct hv_survey *survey,
		   const struct hv_technique *technique,
		   const struct hv_call *call, struct hv_answer *ret_answer,
		   struct hv_error *err);
/* The nano-benchmarks in a process: what nano.c is in a guest. process-nano.c */
int hv_process_nano(void *call);

/* ---- the survey */

struct hv_cell {
	char note[512]; /* "", or why there are no figures, or no more of them */
	double sample[HV_ROUNDS_MAX]; /* ns per operation, one a round */
	unsigned samples;
	double count[HV_COUNTS];     /* per operation; below 0: not known */
	double run_count[HV_COUNTS]; /* of a workload's last run, as a whole */
	char digest[17]; /* of a workload's results, hexadecimal */
};

/* The machine, as the report describes it. */
struct hv_host {
	char cpu[128], kernel[256], kvm[256], qemu[256], date[32];
	unsigned cpus; /* that this process may use */
	bool interpreted; /* KVM is software here and interprets ring 0 */
};

struct hv_survey {
	/* What is asked for: */
	bool quick;
	unsigned rounds;
	uint64_t budget_us;    /* for each nano-benchmark and round */
	unsigned times;        /* of all workloads; 0: their own */
	bool no_exits;         /* are to be counted */
	const char *guests_dir; /* NULL: beside the program */
	bool progress;
	bool wanted[HV_TASKS_MAX];
	/* And found: */
	uint64_t begun_ns, deadline_ns;
	struct hv_host host;
	struct hv_cell cell[HV_TASKS_MAX][HV_TECHNIQUES_MAX];
	bool failed; /* something went wrong that should not */
	double seconds;
};

/* survey-run.c */
void hv_survey_run(struct hv_survey *survey);
/* How often a workload is done. */
unsigned hv_survey_times(const struct hv_survey *survey,
			 const struct hv_task *task);

/* survey-host.c */

/* Also takes over the signals of child.h. */
void hv_host_describe(struct hv_host *host);
/* The full path of a program in $PATH; false if there is none. */
bool hv_program_find(const char *name, char ret_path[4096]);

/* survey-figures.c: what follows from the samples. */

/* Whether any technique has a figure for it. */
bool hv_survey_has(const struct hv_survey *survey, unsigned task);
/* Whether there are figures of operations, or of workloads. */
bool hv_survey_has_any(const struct hv_survey *survey, enum hv_program program);
/* Whether there are figures at all. */
bool hv_survey_has_figures(const struct hv_survey *survey);
/* The least median of a task's row; 0 if it has none. */
double hv_survey_best(const struct hv_survey *survey, unsigned task);
/* Whether all digests of a task are the same: 1, 0; -1 if fewer than two. */
int hv_survey_agrees(const struct hv_survey *survey, unsigned task);
/* The number of tasks whose digests agree, or differ. */
unsigned hv_survey_agreeing(const struct hv_survey *survey, bool agree);
/* Whether exits of a cell that has them were not counted, for want of time. */
bool hv_survey_uncounted(const struct hv_survey *survey);
/* The least and the most rounds that a cell has. */
void hv_survey_rounds(const struct hv_survey *survey, unsigned *ret_least,
		      unsigned *ret_most);

/* What could not be measured: the cells of a technique that have the same note. */
struct hv_gap {
	unsigned technique;
	char tasks[400]; /* their titles; "" for all that were wanted */
	const char *note;
};
/* The next gap, from {0} on; false if there is none any more. */
struct hv_gap_place {
	unsigned technique, task;
};
bool hv_survey_gap(const struct hv_survey *survey, struct hv_gap_place *place,
		   struct hv_gap *ret_gap);

#define HV_TEXT_BYTES 16
/* "49.4 us" */
void hv_time_text(double ns, char ret_text[HV_TEXT_BYTES]);
/* "4%": half of the range, of the median; "" for a single sample */
void hv_range_text(const struct hv_cell *cell, char ret_text[HV_TEXT_BYTES]);
/* "2.61x", "11724x", "2e+06x" */
void hv_ratio_text(double ratio, char ret_text[HV_TEXT_BYTES]);
/* "0.002"; "-" for what is not known */
void hv_count_text(double count, char ret_text[HV_TEXT_BYTES]);

/* survey-table.c, survey-json.c, survey-plot.c, survey-html.c: the same figures for
 * a terminal, programs, lectures and readers. */
void hv_survey_print(const struct hv_survey *survey, bool explain);
/* Words for the terminal, each line behind so many blanks but the first. */
void hv_print_wrapped(unsigned indent, const char *text);
void hv_survey_json(const struct hv_survey *survey, FILE *out);
/* The plot as SVG, to be freed; NULL and the reason in *err without gnuplot. */
char *hv_survey_plot(const struct hv_survey *survey, struct hv_error *err);
/* svg: NULL if there is none, then why_no_plot says why. */
void hv_survey_html(const struct hv_survey *survey, const char *svg,
		    const char *why_no_plot, FILE *out);

/* What the survey's JSON files say they are. */
#define HV_SURVEY_FORMAT "paravane bench techniques"
#define HV_SURVEY_VERSION 1

/* How the spread is made; said wherever one is shown. */
#define HV_SPREAD_TEXT                                                        \
	"from the least to the greatest of the rounds, each moved outward by "   \
	"1/(rounds - 1) of the distance between the two"

/* Said beside the figures: of a host whose KVM is software; of exits, where some were
 * counted; and where some were not. */
#define HV_SOFTWARE_KVM_TEXT                                                  \
	"KVM is software on this host: what trap-and-emulate runs at ring 0 is " \
	"interpreted, about a thousand times slower than a processor with VT-x " \
	"or AMD-V runs it, where most operations do not even exit. Read that "    \
	"column as software KVM's."
#define HV_EXIT_TEXT                                                          \
	"An exit: the processor leaves the guest for KVM, which serves some "     \
	"itself and hands the others on to the program, paravane, at a higher "   \
	"price."
#define HV_UNCOUNTED_TEXT                                                     \
	"Not counted: what had not had its turn when half of the time was over."

#endif
