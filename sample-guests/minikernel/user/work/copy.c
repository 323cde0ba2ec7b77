/* SPDX-License-Identifier: MIT
 *
 * Copies of memory, of several sizes and alignments, in the two ways that libraries
 * do it: 16 bytes at a time, and by the processor's own instruction.
 *
 * Source and target do not lie at the same place of whatever table of translations a
 * machine keeps by the lower bits of the page number (QEMU's has 64 entries at least):
 * copies between pages that do are something else, and ten times slower.
 */
#include "work.h"

#define BYTES (256u << 10)
#define APART (BYTES + 37 * 4096)

typedef uint64_t vector __attribute__((vector_size(16), aligned(1), may_alias));

/* At least 16 bytes: the last vector may overlap the one before. */
static void copy_vectors(char *to, const char *from, size_t len)
{
	for (size_t at = 0; at + sizeof(vector) <= len; at += sizeof(vector))
		*(vector *)(to + at) = *(const vector *)(from + at);
	*(vector *)(to + len - sizeof(vector)) =
		*(const vector *)(from + len - sizeof(vector));
}

static void copy_string(char *to, const char *from, size_t len)
{
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(len)
			 :
			 : "memory");
}

uint64_t work_copy(long times)
{
	static const uint16_t sizes[] = { 16, 100, 512, 1500, 4096, 4096, 9000,
					  20000 };
	uint64_t state = RANDOM_SEED, digest = 0, word;
	char *source = work_memory(APART + BYTES);
	char *target = source + APART;

	for (size_t i = 0; i < BYTES; i++) {
		source[i] = (char)(random_next(&state) >> 32);
		target[i] = 0;
	}
	work_starts();
	for (long i = 0; i < times; i++) {
		uint64_t random = random_next(&state);
		size_t len = sizes[random % 8];
		char *from = source + (random >> 8) % (BYTES - len);
		char *to = target + (random >> 32) % (BYTES - len);

		/* Some are aligned, as pages and structures are. */
		if (random >> 3 & 1) {
			from = source + ((from - source) & ~63l);
			to = target + ((to - target) & ~63l);
		}
		if (random >> 4 & 1)
			copy_vectors(to, from, len);
		else
			copy_string(to, from, len);
		digest = digest_add(digest, (unsigned char)to[len / 2]);
	}
	work_stops();
	for (size_t i = 0; i < BYTES; i += sizeof(word)) {
		memcpy(&word, target + i, sizeof(word));
		digest = digest_add(digest, word);
	}
	return digest;
}
