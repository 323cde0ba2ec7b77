/* SPDX-License-Identifier: MIT
 *
 * Reading, writing, flushing, discarding and zeroing a disk of 9 MiB called
 * "test".
 *
 * Clauses: D7, D10, D12, D17.
 */
#include "disk.h"

#define MIB (1u << 20)

static struct pvg_blk disk;
static uint8_t *buffer;

static void config(void)
{
	const struct pv_blk_config *c = &disk.config;

	tap_equal((int64_t)c->size_bytes, 9 * MIB, "the size is the file's");
	tap_ok(c->logical_block_bytes >= 512 && c->logical_block_bytes <= 4096,
	       "the block size is between 512 and 4096");
	tap_ok(c->segments_max >= 128, "lists may have 128 segments");
	tap_ok(c->request_bytes_max >= MIB, "requests may have 1 MiB");
	tap_equal(c->flags & PV_BLK_READ_ONLY, 0, "it is not read-only");
}

static void reads(void)
{
	tap_equal(pvg_blk_read(&disk, 0, buffer, 4096), 0, "read a page");
	tap_ok(disk_is_pattern(buffer, 0, 4096), "with the right data");
	tap_equal(pvg_blk_read(&disk, 9 * MIB - 4096, buffer, 4096), 0,
		  "read the last page");
	tap_ok(disk_is_pattern(buffer, 9 * MIB - 4096, 4096), "with its data");
	tap_equal(pvg_blk_read(&disk, MIB, buffer, MIB), 0, "read 1 MiB");
	tap_ok(disk_is_pattern(buffer, MIB, MIB), "with its data");
	tap_equal(pvg_blk_read(&disk, 0, buffer, 9 * MIB), 0,
		  "read more than one request can");
	tap_ok(disk_is_pattern(buffer, 0, 9 * MIB), "with all its data");
	tap_equal(pvg_blk_read(&disk, 9 * MIB, buffer, 4096), -PV_ERANGE,
		  "there is nothing past the end");
}

static void largest_request(void)
{
	struct pvg_blk_request request = { .done = NULL };
	uint32_t len = (uint32_t)disk.config.request_bytes_max;

	pvg_blk_prep_read(&request, 4096, buffer, len);
	memset(buffer, 0, len);
	tap_equal(pvg_blk_submit(&disk, &request), 0, "the largest request");
	tap_equal(pvg_blk_wait_for(&disk, &request), 0, "succeeds");
	tap_equal(request.done_bytes, len, "and says so");
	tap_ok(disk_is_pattern(buffer, 4096, len), "with its data");
}

static void write_request(void)
{
	struct pvg_blk_request request = { .done = NULL };

	memset(buffer, 0x22, MIB);
	pvg_blk_prep_write(&request, 2 * MIB, buffer, MIB);
	tap_equal(pvg_blk_submit(&disk, &request), 0, "a request to write");
	tap_equal(pvg_blk_wait_for(&disk, &request), 0, "succeeds");
	memset(buffer, 0, 3 * MIB);
	pvg_blk_read(&disk, MIB, buffer, 3 * MIB);
	tap_ok(disk_is_byte(buffer + MIB, 0x22, MIB), "it is on the disk");
	tap_ok(disk_is_pattern(buffer, MIB, MIB) &&
		       disk_is_pattern(buffer + 2 * MIB, 3 * MIB, MIB),
	       "and what is beside it is untouched");
}

static void writes(void)
{
	memset(buffer, 0x11, 3 * MIB);
	tap_equal(pvg_blk_write(&disk, MIB, buffer, 3 * MIB), 0, "write 3 MiB");
	tap_equal(pvg_blk_flush(&disk), 0, "flush");
	memset(buffer, 0, 5 * MIB);
	tap_equal(pvg_blk_read(&disk, 0, buffer, 5 * MIB), 0, "read it back");
	tap_ok(disk_is_byte(buffer + MIB, 0x11, 3 * MIB), "what was written is there");
	tap_ok(disk_is_pattern(buffer, 0, MIB), "what is before it is untouched");
	tap_ok(disk_is_pattern(buffer + 4 * MIB, 4 * MIB, MIB),
	       "what is behind it is untouched");
}

static void zeroes(void)
{
	tap_equal(pvg_blk_zero(&disk, 5 * MIB, MIB), 0, "zero 1 MiB");
	pvg_blk_read(&disk, 5 * MIB - 4096, buffer, MIB + 8192);
	tap_ok(disk_is_byte(buffer + 4096, 0, MIB), "it reads as zeroes");
	tap_ok(disk_is_pattern(buffer, 5 * MIB - 4096, 4096) &&
		       disk_is_pattern(buffer + 4096 + MIB, 6 * MIB, 4096),
	       "its neighbours are untouched");
}

static void discards(void)
{
	int status = pvg_blk_discard(&disk, 7 * MIB, MIB);

	if (disk.config.flags & PV_BLK_CAN_DISCARD)
		tap_equal(status, 0, "discard 1 MiB");
	else
		tap_equal(status, -PV_EOPNOTSUPP, "this disk cannot discard");
	pvg_blk_read(&disk, 7 * MIB - 4096, buffer, MIB + 8192);
	tap_ok(disk_is_pattern(buffer, 7 * MIB - 4096, 4096) &&
		       disk_is_pattern(buffer + 4096 + MIB, 8 * MIB, 4096),
	       "its neighbours are untouched");
	tap_equal(pvg_blk_write(&disk, 7 * MIB, buffer, 4096), 0,
		  "what was discarded can be written");
}

int main(void)
{
	struct pvg_blk again;

	buffer = disk_buffer(10 * MIB);
	tap_equal(pvg_blk_open(&disk, "nothing"), -PV_ENODEV,
		  "no disk has another name");
	if (!tap_equal(pvg_blk_open(&disk, "test"), 0, "the disk opens by its name"))
		return tap_done();
	tap_equal(pvg_blk_open(&again, "test"), -PV_EBUSY, "once");
	config();
	reads();
	largest_request();
	write_request();
	writes();
	zeroes();
	discards();
	pvg_blk_close(&disk);
	tap_equal(pvg_blk_open_index(&disk, 0), 0, "it opens again, by its place");
	tap_equal(pvg_blk_read(&disk, 0, buffer, 4096), 0, "and reads");
	pvg_blk_close(&disk);
	return tap_done();
}
