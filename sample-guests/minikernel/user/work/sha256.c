/* SPDX-License-Identifier: MIT
 *
 * Integer operations, in parallel and without branches: SHA-256, as in
 * ../../../sha256.c.
 */
#include "../../../sha256.h"

#include "work.h"

uint64_t work_sha256(long times)
{
	uint8_t *bytes = work_memory(1024), result[SHA256_BYTES];
	uint64_t digest = 0;
	struct sha256 hash;

	for (int i = 0; i < 1024; i++)
		bytes[i] = (uint8_t)(i * 7);
	work_starts();
	sha256_init(&hash);
	for (long i = 0; i < times; i++)
		sha256_update(&hash, bytes, 1024);
	sha256_final(&hash, result);
	work_stops();
	for (int i = 0; i < 8; i++)
		digest = digest << 8 | result[i];
	return digest;
}
