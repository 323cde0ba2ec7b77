/* SPDX-License-Identifier: MIT
 *
 * memcpy and its kin. Up to 128 bytes are moved by loads and stores that
 * overlap in the middle, all loads first; more by 16-byte loops; much more by
 * the processor's string instructions, which a guest runs natively.
 */
#define PVG_DEFINES_THEM
#include <pvguest/libc.h>

#include "internal.h"

/* From about here on rep movsb is ahead of a loop of 16-byte moves. */
#define STRING_INSTRUCTION_BYTES 1024

typedef long long v16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t u64 __attribute__((aligned(1), may_alias));
typedef uint32_t u32 __attribute__((aligned(1), may_alias));
typedef uint16_t u16 __attribute__((aligned(1), may_alias));

#define LOAD(type, at) (*(const type *)(const void *)(at))
#define STORE(type, at) (*(type *)(void *)(at))

/* Both ends with one access each; they meet or overlap. */
#define MOVE_ENDS(type, to, from, len)                                        \
	do {                                                                  \
		type head_ = LOAD(type, from);                                \
		type tail_ = LOAD(type, (from) + (len) - sizeof(type));       \
									      \
		STORE(type, to) = head_;                                      \
		STORE(type, (to) + (len) - sizeof(type)) = tail_;             \
	} while (0)

/* At most 16 bytes. Correct for overlapping areas: loads come first. */
static void move_16(char *to, const char *from, size_t len)
{
	if (len >= 8)
		MOVE_ENDS(u64, to, from, len);
	else if (len >= 4)
		MOVE_ENDS(u32, to, from, len);
	else if (len >= 2)
		MOVE_ENDS(u16, to, from, len);
	else if (len == 1)
		*to = *from;
}

/* 17 to 64 bytes, overlapping allowed. */
static void move_64(char *to, const char *from, size_t len)
{
	v16 a = LOAD(v16, from), b = LOAD(v16, from + len - 16);
	v16 c = a, d = b;

	if (len > 32) {
		c = LOAD(v16, from + 16);
		d = LOAD(v16, from + len - 32);
		STORE(v16, to + 16) = c;
		STORE(v16, to + len - 32) = d;
	}
	STORE(v16, to) = a;
	STORE(v16, to + len - 16) = b;
}

/* More than 64 bytes, upwards: `to` is below `from` or they do not overlap. The
 * tail is loaded before the loop can overwrite it. */
static void move_up(char *to, const char *from, size_t len)
{
	v16 tail = LOAD(v16, from + len - 16);
	char *last = to + len - 16;

	for (; to < last; to += 16, from += 16)
		STORE(v16, to) = LOAD(v16, from);
	STORE(v16, last) = tail;
}

/* The same downwards, for `to` above `from`. */
static void move_down(char *to, const char *from, size_t len)
{
	v16 head = LOAD(v16, from);

	for (size_t left = len; left > 16; left -= 16)
		STORE(v16, to + left - 16) = LOAD(v16, from + left - 16);
	STORE(v16, to) = head;
}

void *memcpy(void *to, const void *from, size_t len)
{
	if (len <= 16) {
		move_16(to, from, len);
	} else if (len <= 64) {
		move_64(to, from, len);
	} else if (len < STRING_INSTRUCTION_BYTES) {
		move_up(to, from, len);
	} else {
		void *at = to;

		__asm__ volatile("rep movsb"
				 : "+D"(at), "+S"(from), "+c"(len)
				 :
				 : "memory");
	}
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	if (len <= 16)
		move_16(to, from, len);
	else if (len <= 64)
		move_64(to, from, len);
	else if ((uintptr_t)to - (uintptr_t)from < len)
		move_down(to, from, len);
	else if ((uintptr_t)from - (uintptr_t)to < len)
		move_up(to, from, len);
	else
		memcpy(to, from, len);
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	uint64_t eight = (unsigned char)byte * UINT64_C(0x0101010101010101);
	char *at = to;

	if (len < 16) {
		if (len >= 8) {
			STORE(u64, at) = eight;
			STORE(u64, at + len - 8) = eight;
		} else if (len >= 4) {
			STORE(u32, at) = (uint32_t)eight;
			STORE(u32, at + len - 4) = (uint32_t)eight;
		} else if (len >= 1) {
			at[0] = at[len / 2] = at[len - 1] = (char)byte;
		}
	} else if (len < STRING_INSTRUCTION_BYTES) {
		v16 sixteen = { (long long)eight, (long long)eight };
		char *last = at + len - 16;

		for (; at < last; at += 16)
			STORE(v16, at) = sixteen;
		STORE(v16, last) = sixteen;
	} else {
		__asm__ volatile("rep stosb"
				 : "+D"(at), "+c"(len)
				 : "a"(byte)
				 : "memory");
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (; len >= 8; x += 8, y += 8, len -= 8) {
		uint64_t p = LOAD(u64, x), q = LOAD(u64, y);

		if (p != q) /* the first differing byte decides */
			return __builtin_bswap64(p) < __builtin_bswap64(q) ? -1
									   : 1;
	}
	for (; len > 0; x++, y++, len--)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *in, int byte, size_t len)
{
	const unsigned char *at = in;

	for (; len > 0; at++, len--)
		if (*at == (unsigned char)byte)
			return (void *)(uintptr_t)at;
	return NULL;
}
