/* SPDX-License-Identifier: MIT
 *
 * Writes all of the first disk and flushes it. Exits with 0, or with the number
 * of the first error as the contract has it.
 */
#include <pvguest/pvguest.h>

#define PIECE (1u << 20)

int main(void)
{
	uint8_t *buffer = aligned_alloc(4096, PIECE);
	struct pvg_blk disk;
	int status = pvg_blk_open_index(&disk, 0);

	memset(buffer, 0x5a, PIECE);
	for (uint64_t at = 0; !status && at < disk.config.size_bytes; at += PIECE)
		status = pvg_blk_write(&disk, at, buffer, PIECE);
	if (!status)
		status = pvg_blk_flush(&disk);
	return -status;
}
