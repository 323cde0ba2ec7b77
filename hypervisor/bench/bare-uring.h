/* SPDX-License-Identifier: MIT
 *
 * The peer of the block benchmarks: an io_uring loop with everything that makes
 * one fast (registered file, registered buffers, fixed operations, completions
 * reaped on the submitting thread) and nothing else.
 */
#ifndef HV_BENCH_BARE_URING_H
#define HV_BENCH_BARE_URING_H

#include <liburing.h>

#include "../error.h"
#include "access.h"

struct hv_bare_uring {
	int fd;
	uint32_t depth;
	struct io_uring ring;
	uint8_t *buffers; /* one for each of depth */
	uint64_t buffers_bytes;
	bool fixed; /* they are registered: the memlock limit allowed it */
};

/* A ring as fast as this kernel has one. 0 or -errno. */
int hv_bare_uring_init(struct io_uring *ret_ring, unsigned entries);
int hv_bare_uring_create(struct hv_bare_uring *bare, const char *path,
			 bool direct, uint32_t depth, uint32_t access_bytes,
			 struct hv_error *err);
/* Do these accesses, depth of them at a time; the time they took. */
int hv_bare_uring_run(struct hv_bare_uring *bare, struct hv_access access,
		      uint64_t ops, uint64_t *ret_ns, struct hv_error *err);
void hv_bare_uring_done(struct hv_bare_uring *bare);

#endif
