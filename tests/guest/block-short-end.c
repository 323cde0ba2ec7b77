/* SPDX-License-Identifier: MIT
 *
 * A disk of 1,000,100 bytes ends within a block: what is past its size reads as
 * zeroes, and what is written there is dropped.
 *
 * Clauses: D3.
 */
#include "disk.h"

#define SIZE UINT64_C(1000100)
#define LAST (SIZE / 512 * 512)

int main(void)
{
	uint8_t *buffer = disk_buffer(8192);
	struct pvg_blk disk;

	if (!tap_equal(pvg_blk_open_index(&disk, 0), 0, "the disk opens"))
		return tap_done();
	tap_equal((int64_t)disk.config.size_bytes, (int64_t)SIZE,
		  "its size is exact");
	tap_equal((int64_t)pvg_blk_blocks(&disk), (SIZE + 511) / 512,
		  "the short block counts");
	tap_equal(pvg_blk_read(&disk, LAST, buffer, 512), 0, "read the short block");
	tap_ok(disk_is_pattern(buffer, LAST, SIZE - LAST), "with its data");
	tap_ok(disk_is_byte(buffer + (SIZE - LAST), 0, 512 - (SIZE - LAST)),
	       "and zeroes behind");
	memset(buffer, 0xa5, 8192);
	tap_equal(pvg_blk_read(&disk, LAST - 4096, buffer, 4608), 0,
		  "read blocks up to it");
	tap_ok(disk_is_pattern(buffer, LAST - 4096, 4096 + SIZE - LAST) &&
		       disk_is_byte(buffer + 4096 + (SIZE - LAST), 0,
				    512 - (SIZE - LAST)),
	       "with their data");
	tap_equal(buffer[4608], 0xa5, "nothing is written past the buffer");
	tap_equal(pvg_blk_read(&disk, LAST + 512, buffer, 512), -PV_ERANGE,
		  "there is no block behind");

	memset(buffer, 0x77, 1024);
	tap_equal(pvg_blk_write(&disk, LAST - 512, buffer, 1024), 0,
		  "write into the short block");
	tap_equal(pvg_blk_flush(&disk), 0, "flush");
	memset(buffer, 0xa5, 1024);
	pvg_blk_read(&disk, LAST - 512, buffer, 1024);
	tap_ok(disk_is_byte(buffer, 0x77, 512 + SIZE - LAST),
	       "what fits the size is there");
	tap_ok(disk_is_byte(buffer + 512 + (SIZE - LAST), 0, 512 - (SIZE - LAST)),
	       "what does not was dropped");
	tap_equal(pvg_blk_zero(&disk, LAST, 512), 0, "zero the short block");
	pvg_blk_read(&disk, LAST, buffer, 512);
	tap_ok(disk_is_byte(buffer, 0, 512), "it reads as zeroes");
	pvg_blk_close(&disk);
	tap_equal(pvg_blk_open_index(&disk, 0), 0, "it opens again");
	tap_equal((int64_t)disk.config.size_bytes, (int64_t)SIZE,
		  "and the disk has not grown");
	pvg_blk_close(&disk);
	return tap_done();
}
