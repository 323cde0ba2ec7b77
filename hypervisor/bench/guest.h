/* SPDX-License-Identifier: MIT
 *
 * Guests as children: `paravane run` with the program itself, and the programs
 * beside it.
 */
#ifndef HV_BENCH_GUEST_H
#define HV_BENCH_GUEST_H

#include <limits.h>

#include "bench.h"
#include "child.h"

#define HV_GUEST_ARGS_MAX 40

/* A `paravane run` to be. */
struct hv_guest_call {
	char path[PATH_MAX];      /* of the image */
	char block[2 * PATH_MAX]; /* of --block; "" for none */
	char net[24];             /* of --net; "" for none */
	char arg[HV_GUEST_ARGS_MAX][24];
	unsigned args;
	unsigned vcpus;     /* 0: one */
	const char *engine; /* NULL: the one that paravane takes */
};

struct hv_guest_answer {
	struct hv_output output;
	char stats[16384]; /* the JSON of --stats */
};

/* Find a guest image or a program of the benchmarks by its file name, in this
 * folder, or with NULL beside the program. */
int hv_guest_find(const char *guests_dir, const char *name,
		  char ret_path[PATH_MAX], struct hv_error *err);
/* Find an image and start a call of it. */
int hv_guest_call_init(struct hv_guest_call *call, const char *guests_dir,
		       const char *name, struct hv_error *err);
/* Copy a path into an option, where a comma is written twice: of --block, and of
 * QEMU's -drive. False if it does not fit. */
bool hv_option_path(char *to, size_t bytes, const char *path);
/* Give it a disk: a path, and options of --block after it. */
int hv_guest_block(struct hv_guest_call *call, const char *path,
		   const char *options, struct hv_error *err);
void hv_guest_arg_text(struct hv_guest_call *call, const char *text);
void hv_guest_arg_number(struct hv_guest_call *call, uint64_t number);

/* Run it and keep what it said, also if it failed. Anything but status 0 is a
 * failure, in the words of its standard error, else of its last line. */
int hv_guest_run(const struct hv_guest_call *call,
		 struct hv_guest_answer *ret_answer, struct hv_error *err);
/* Run it with its output discarded, without --stats, and take the time. */
int hv_guest_time(const struct hv_guest_call *call, uint64_t *ret_ns,
		  struct hv_error *err);

/* A side that is a guest; its figures are the numbers after these keys, and then,
 * if the guest says how often it did the first thing ("KEY ns times"), the exits
 * each time took. */
struct hv_guest_side {
	struct hv_guest_call call;
	const char *key[HV_BENCH_FIGURES_MAX];
	bool counts;
};
int hv_guest_measure(void *guest_side, double *ret_figures,
		     struct hv_error *err);

/* A number of the guest's output, see hv_output_number, or a failure. */
int hv_guest_number(const struct hv_guest_answer *answer, const char *key,
		    double *ret_number, struct hv_error *err);
/* A number of its --stats by JSON pointer, such as "/ram_bytes"; of an object,
 * such as "/exits", the sum of what is in it. */
int hv_guest_stat(const struct hv_guest_answer *answer, const char *pointer,
		  double *ret_number, struct hv_error *err);
/* All exits of the run, doorbells among them that an eventfd took, which are cheaper:
 * so many as there are at this pointer. */
int hv_guest_exits(const struct hv_guest_answer *answer, const char *doorbells,
		   double *ret_exits, struct hv_error *err);

#endif
