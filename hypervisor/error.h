/* SPDX-License-Identifier: MIT
 *
 * A failure on its way to the command that prints it: one sentence that says
 * what is wrong, where, and what to do, and the status to exit with. Functions
 * that can fail for a reason the user must read take a struct hv_error * and
 * return 0 or -1; purely internal ones return -errno.
 */
#ifndef HV_ERROR_H
#define HV_ERROR_H

#include "status.h"

struct hv_error {
	enum hv_status status;
	char text[512];
};

/* Fill *err (the first failure wins) and return -1, for `return hv_fail(...)`. */
int hv_fail(struct hv_error *err, enum hv_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
