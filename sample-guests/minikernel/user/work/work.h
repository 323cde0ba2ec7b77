/* SPDX-License-Identifier: MIT
 *
 * What the workloads have in common. Each is a file, and a line of the table in
 * work.c; they know of nothing but ../lib.h, so that they are the same under Linux.
 */
#ifndef MINIKERNEL_WORK_H
#define MINIKERNEL_WORK_H

#include "../lib.h"

/* Around the work itself, not what has to be there first. The parts add up. */
void work_starts(void);
void work_stops(void);

/* Do it so many times; a digest of all that came of it. */
uint64_t work_fork(long times);
uint64_t work_pipe(long times);
uint64_t work_demand(long times);
uint64_t work_compile(long times);
uint64_t work_copy(long times);
uint64_t work_sha256(long times);
uint64_t work_sieve(long times);
uint64_t work_disk(long times);

/* What `work NAME NUMBER` is in a process that a workload started: see work.c. */
int fork_leave(long number);
int compile_front(long number);
int compile_back(long number);

/* Become one of these: exec. */
__attribute__((noreturn)) void work_become(const char *name, long number);

/* sbrk, or a sentence and the end. */
void *work_memory(size_t bytes);

static inline uint64_t digest_add(uint64_t digest, uint64_t value)
{
	digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return digest ^ digest >> 29;
}

/* Numbers that look random, from any but 0 (xorshift64). */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

#define RANDOM_SEED UINT64_C(88172645463325252)

#endif
