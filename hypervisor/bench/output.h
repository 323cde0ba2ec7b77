/* SPDX-License-Identifier: MIT
 *
 * What a child said, and the figures in it: lines "key word word ...".
 */
#ifndef HV_BENCH_OUTPUT_H
#define HV_BENCH_OUTPUT_H

#include <stdbool.h>

struct hv_output {
	/* In printable ASCII and line ends; the rest is question marks. */
	char out[8192]; /* the start of its standard output, with a NUL */
	char err[1024]; /* and of its standard error */
};

#define HV_OUTPUT_WORD_BYTES 32

/* The index-th word after the key, cut to fit. false if there is none, or if the line
 * has no end: its writer was stopped in it. */
bool hv_output_word(const struct hv_output *output, const char *key,
		    unsigned index, char ret_word[HV_OUTPUT_WORD_BYTES]);
/* The line that is the better reason for a failure, without its end: a guest's panic;
 * of standard error the last that paravane itself said, else the first; the last of
 * standard output. */
void hv_output_reason(const struct hv_output *output, const char **ret_text,
		      int *ret_len);
/* The first word after the key as a finite number. */
bool hv_output_number(const struct hv_output *output, const char *key,
		      double *ret_number);

#endif
