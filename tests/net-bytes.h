/* SPDX-License-Identifier: MIT
 *
 * Numbers of two bytes in packets, the first byte the greater, and the sums of the
 * Internet's protocols over them. For host programs and guests.
 */
#ifndef TESTS_NET_BYTES_H
#define TESTS_NET_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* Of up to 128 KiB and what was summed before them. A checksum is its complement. */
static inline uint32_t sum16(uint32_t sum, const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

#endif
