/* SPDX-License-Identifier: MIT
 *
 * What test disks are filled with, known to the host program that fills them
 * and to the guests that read them: every 8-byte word tells where it lies.
 */
#ifndef TESTS_PATTERN_H
#define TESTS_PATTERN_H

#include <stdint.h>

/* The word at a byte offset that is a multiple of 8. */
static inline uint64_t pattern_word(uint64_t offset_bytes)
{
	return (offset_bytes + 8) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint8_t pattern_byte(uint64_t offset_bytes)
{
	return (uint8_t)(pattern_word(offset_bytes & ~UINT64_C(7)) >>
			 (offset_bytes & 7) * 8);
}

#endif
