/* SPDX-License-Identifier: MIT
 *
 * Random numbers, all from the host's kernel, good enough for keys.
 */
#ifndef PVGUEST_RANDOM_H
#define PVGUEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fill with random bytes. 0, or -PV_EOPNOTSUPP without PV_FEATURE_RANDOM. Cost
 * 1 exit for each PV_RANDOM_MAX_BYTES. */
int pvg_random_fill(void *ret_bytes, size_t len_bytes);

/* 64 random bits; panics without PV_FEATURE_RANDOM. Cost 1 exit for every 64
 * calls: numbers are fetched ahead and each is wiped when given out. */
uint64_t pvg_random_u64(void);

#ifdef __cplusplus
}
#endif
#endif
