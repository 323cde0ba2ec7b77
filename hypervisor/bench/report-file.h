/* SPDX-License-Identifier: MIT
 *
 * Files that a long measurement ends with: whether they can be written is known before
 * it begins, and what is there is the whole file or the one of before.
 */
#ifndef HV_BENCH_REPORT_FILE_H
#define HV_BENCH_REPORT_FILE_H

#include <stddef.h>

#include "../error.h"

/* Whether it could be written now. Leaves nothing behind. */
int hv_report_file_check(const char *path, struct hv_error *err);
/* Write it under another name in the same folder, then give it its own. What is no
 * regular file, such as a pipe, is written to as it is. */
int hv_report_file_write(const char *path, const char *text, size_t len,
			 struct hv_error *err);

#endif
