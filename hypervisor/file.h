/* SPDX-License-Identifier: MIT
 *
 * A file from anywhere, read piece by piece and never mapped: one that shrinks under
 * a mapping is a SIGBUS, under a read it is a sentence, and pages that are not mapped
 * do not count against the monitor's memory.
 */
#ifndef HV_FILE_H
#define HV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct hv_file {
	const char *path;    /* the caller's; "" for a buffer */
	int fd;              /* or -1: */
	const uint8_t *data; /* the caller's buffer */
	uint64_t bytes, mtime_ns; /* when it was opened */
};

/* As a file: what is in [data, data + bytes), which must outlive it. */
struct hv_file hv_file_of(const void *data, size_t bytes);
/* A regular file: anything else is "not `what`". path must outlive it. 0, or -1 with
 * err. */
int hv_file_open(struct hv_file *ret_file, const char *path, const char *what,
		 struct hv_error *err);
void hv_file_done(struct hv_file *file);

/* Fail with "PATH: " and what is wrong. -1. */
int hv_file_bad(const struct hv_file *file, struct hv_error *err,
		const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Whether it has all these bytes. */
bool hv_file_has(const struct hv_file *file, uint64_t offset, uint64_t bytes);
/* Copy them; -ENODATA if they are not all there (any more), or another -errno. */
int hv_file_read(const struct hv_file *file, uint64_t offset, void *ret,
		 size_t bytes);
/* The same, but fails with a reason: `lack` if they are not all there. */
int hv_file_need(const struct hv_file *file, uint64_t offset, void *ret,
		 size_t bytes, const char *lack, struct hv_error *err);

#endif
