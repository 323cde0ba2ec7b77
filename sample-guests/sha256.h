/* SPDX-License-Identifier: MIT
 *
 * SHA-256 (FIPS 180-4) in portable, freestanding C.
 */
#ifndef SAMPLE_SHA256_H
#define SAMPLE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX_CHARS 64

struct sha256 {
	uint32_t state[8];
	uint64_t len_bytes;
	uint8_t block[64]; /* its first len_bytes % 64 bytes are waiting */
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *bytes, size_t len_bytes);
/* The digest of everything so far; the hash is used up. */
void sha256_final(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES]);
/* A digest as text, terminated. */
void sha256_hex(const uint8_t digest[SHA256_BYTES],
		char ret_text[SHA256_HEX_CHARS + 1]);

#endif
