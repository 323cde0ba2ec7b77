/* SPDX-License-Identifier: MIT
 *
 * Which blocks the block benchmarks read or write: one generator for the host's
 * loop and the guest's, so that both go the same way. Freestanding.
 */
#ifndef HV_BENCH_ACCESS_H
#define HV_BENCH_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#define HV_ACCESS_DEPTH_MAX 128u

struct hv_access {
	bool write, random;
	uint32_t bytes;  /* of each access */
	uint64_t blocks; /* accesses that fit the disk */
	uint64_t state;  /* the seed, not 0; then the generator's */
	uint64_t next;   /* sequential: the next block */
};

/* The next access's offset in bytes. xorshift64: a few instructions, far below
 * what is measured, and good enough to defeat read-ahead. */
static inline uint64_t hv_access_next(struct hv_access *access)
{
	uint64_t block;

	if (access->random) {
		access->state ^= access->state << 13;
		access->state ^= access->state >> 7;
		access->state ^= access->state << 17;
		block = access->state % access->blocks;
	} else {
		block = access->next++ % access->blocks;
	}
	return block * access->bytes;
}

#endif
