/* SPDX-License-Identifier: MIT
 *
 * The file under the block benchmarks.
 */
#ifndef HV_BENCH_TEST_FILE_H
#define HV_BENCH_TEST_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../error.h"

struct hv_test_file {
	char path[PATH_MAX];
	int fd;
	uint64_t bytes;
};

/* Open the user's file, or with NULL make one of so many bytes in $TMPDIR or
 * /var/tmp. That one has no name from the start, so nothing can leave it
 * behind; its path leads through this process, and works while it is open. */
int hv_test_file_open(struct hv_test_file **ret_file, const char *path,
		      uint64_t bytes, struct hv_error *err);
/* Put the file where a measurement wants it: all of it in the page cache, or
 * all of it on the disk and none in the cache. */
int hv_test_file_settle(const struct hv_test_file *file, bool cached,
			struct hv_error *err);
void hv_test_file_free(struct hv_test_file *file);

#endif
