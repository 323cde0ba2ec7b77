/* SPDX-License-Identifier: MIT
 *
 * Child processes of a benchmark: one at a time, with a timeout, and none left
 * behind when the user presses Ctrl-C.
 */
#ifndef HV_BENCH_CHILD_H
#define HV_BENCH_CHILD_H

#include <stdint.h>

#include "../error.h"
#include "output.h"

/* Take over SIGINT, SIGTERM and SIGALRM. Once per process. */
void hv_child_init(void);
/* From now on a child is stopped after so many seconds; 30 at first. */
void hv_child_timeout(unsigned seconds);
/* The signal that asked the program to end, or 0. */
int hv_child_signal(void);

/* Run a program to its end. Its standard output and error go to *ret_output,
 * or nowhere if that is NULL. On success *ret_status is its wait status, and
 * *ret_ns the time from just before the spawn to its end. */
int hv_child_run(char *const argv[], struct hv_output *ret_output,
		 int *ret_status, uint64_t *ret_ns, struct hv_error *err);

/* Run a function of this program in a process of its own and keep what it
 * prints. It answers 0 for success; else the first line that it printed on
 * standard error is the reason. */
int hv_child_call(int (*function)(void *arg), void *arg,
		  struct hv_output *ret_output, struct hv_error *err);

#endif
