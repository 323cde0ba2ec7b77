/* SPDX-License-Identifier: MIT
 *
 * SHA-256. The 64 rounds are written out eight at a time with the names of the
 * state rotated instead of its values, and the message schedule lives in the 16
 * words of the block: that keeps the loop in registers.
 */
#include "sha256.h"

/* Freestanding compilers inline a copy of known size only if told by name. */
#define memcpy __builtin_memcpy

static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static inline uint32_t ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static inline uint32_t big_endian(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return __builtin_bswap32(word);
}

/* Word i of the schedule, i from 16 on, in place of word i - 16. */
static inline uint32_t extend(uint32_t w[16], int i)
{
	uint32_t a = w[(i + 1) & 15], b = w[(i + 14) & 15];

	w[i & 15] += (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[(i + 9) & 15] +
		     (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	return w[i & 15];
}

#define ROUND(a, b, c, d, e, f, g, h, i, word)                                \
	do {                                                                  \
		uint32_t t_ = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +     \
			      (g ^ (e & (f ^ g))) + k[i] + (word);            \
									      \
		d += t_;                                                      \
		h = t_ + (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +              \
		    ((a & b) | (c & (a | b)));                                \
	} while (0)

#define EIGHT_ROUNDS(i, word)                                                 \
	do {                                                                  \
		ROUND(a, b, c, d, e, f, g, h, (i) + 0, word((i) + 0));        \
		ROUND(h, a, b, c, d, e, f, g, (i) + 1, word((i) + 1));        \
		ROUND(g, h, a, b, c, d, e, f, (i) + 2, word((i) + 2));        \
		ROUND(f, g, h, a, b, c, d, e, (i) + 3, word((i) + 3));        \
		ROUND(e, f, g, h, a, b, c, d, (i) + 4, word((i) + 4));        \
		ROUND(d, e, f, g, h, a, b, c, (i) + 5, word((i) + 5));        \
		ROUND(c, d, e, f, g, h, a, b, (i) + 6, word((i) + 6));        \
		ROUND(b, c, d, e, f, g, h, a, (i) + 7, word((i) + 7));        \
	} while (0)

#define FIRST_WORD(i) (w[i] = big_endian(at + 4 * (i)))
#define NEXT_WORD(i) extend(w, i)

static void add_block(uint32_t state[8], const uint8_t *at)
{
	uint32_t w[16];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	EIGHT_ROUNDS(0, FIRST_WORD);
	EIGHT_ROUNDS(8, FIRST_WORD);
	for (int i = 16; i < 64; i += 16) {
		EIGHT_ROUNDS(i, NEXT_WORD);
		EIGHT_ROUNDS(i + 8, NEXT_WORD);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256_init(struct sha256 *hash)
{
	*hash = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
					    0xa54ff53a, 0x510e527f, 0x9b05688c,
					    0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t len_bytes)
{
	size_t waiting = hash->len_bytes % 64;
	const uint8_t *at = bytes;

	hash->len_bytes += len_bytes;
	if (waiting > 0) {
		size_t more = 64 - waiting;

		if (more > len_bytes)
			more = len_bytes;
		memcpy(hash->block + waiting, at, more);
		if (waiting + more < 64)
			return;
		add_block(hash->state, hash->block);
		at += more;
		len_bytes -= more;
	}
	for (; len_bytes >= 64; at += 64, len_bytes -= 64)
		add_block(hash->state, at);
	memcpy(hash->block, at, len_bytes);
}

void sha256_final(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES])
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t bits = __builtin_bswap64(hash->len_bytes * 8);
	size_t waiting = hash->len_bytes % 64;

	sha256_update(hash, padding, (waiting < 56 ? 56 : 120) - waiting);
	sha256_update(hash, &bits, sizeof(bits));
	for (int i = 0; i < 8; i++) {
		uint32_t word = __builtin_bswap32(hash->state[i]);

		memcpy(ret_digest + 4 * i, &word, sizeof(word));
	}
}

void sha256_hex(const uint8_t digest[SHA256_BYTES],
		char ret_text[SHA256_HEX_CHARS + 1])
{
	for (int i = 0; i < SHA256_BYTES; i++) {
		ret_text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		ret_text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	ret_text[SHA256_HEX_CHARS] = '\0';
}
