/* SPDX-License-Identifier: MIT
 *
 * Random numbers for tests on either side: xorshift64 from a fixed seed, so that
 * what fails once fails again.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(void)
{
	static uint64_t seed = 88172645463325252;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

#endif
