/* SPDX-License-Identifier: MIT
 *
 * What block tests share: the disk's pattern, and a buffer.
 */
#ifndef TESTS_GUEST_DISK_H
#define TESTS_GUEST_DISK_H

#include "../pattern.h"
#include "tap.h"

/* Whether [bytes, bytes + len) is the pattern from this offset on. */
static inline bool disk_is_pattern(const void *bytes, uint64_t offset_bytes,
				   uint64_t len_bytes)
{
	const uint8_t *b = bytes;

	for (uint64_t i = 0; i < len_bytes; i++)
		if (b[i] != pattern_byte(offset_bytes + i))
			return false;
	return true;
}

static inline bool disk_is_byte(const void *bytes, uint8_t byte,
				uint64_t len_bytes)
{
	const uint8_t *b = bytes;

	for (uint64_t i = 0; i < len_bytes; i++)
		if (b[i] != byte)
			return false;
	return true;
}

/* Aligned for any disk. Ends the program with a report if there is none. */
static inline uint8_t *disk_buffer(size_t len_bytes)
{
	uint8_t *buffer = aligned_alloc(4096, len_bytes);

	pvg_assert(buffer != NULL);
	memset(buffer, 0xa5, len_bytes);
	return buffer;
}

#endif
