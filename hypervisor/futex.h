/* SPDX-License-Identifier: MIT
 *
 * Waiting for a word to change. Whoever waits looks again when it returns: it may do
 * so for nothing, or because a signal came.
 */
#ifndef HV_FUTEX_H
#define HV_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* While it is `seen`, until somebody wakes. */
static inline void hv_futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

/* The same, no longer than until hv_host_ns is at_ns. */
static inline void hv_futex_wait_until(_Atomic uint32_t *word, uint32_t seen,
				       uint64_t at_ns)
{
	const struct timespec at = { .tv_sec = (time_t)(at_ns / HV_NS_PER_S),
				     .tv_nsec = (long)(at_ns % HV_NS_PER_S) };

	syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, &at, NULL,
		FUTEX_BITSET_MATCH_ANY);
}

/* All who wait. Also from signal handlers. */
static inline void hv_futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

#endif
