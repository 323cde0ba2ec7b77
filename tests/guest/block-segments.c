/* SPDX-License-Identifier: MIT
 *
 * Scatter-gather lists: 1, 2 (the last inline), 3 (the first indirect), 128 and
 * the most there are, read and written, in descending addresses.
 *
 * Clauses: D2.
 */
#include "disk.h"

static struct pvg_blk disk;
static struct pv_blk_segment *list;
static uint8_t *buffer;
static uint32_t piece;

/* Segment i of n lies in the (n - i)-th piece of the buffer. */
static int transfer(enum pv_blk_op op, uint16_t segments)
{
	struct pvg_blk_request request = { .done = NULL };

	for (uint16_t i = 0; i < segments; i++)
		list[i] = (struct pv_blk_segment){
			.gpa = pvg_gpa(buffer + (segments - 1u - i) * piece),
			.len_bytes = piece,
		};
	pvg_blk_prep_segments(&request, op, 65536, list, segments);
	if (pvg_blk_submit(&disk, &request) < 0)
		return -1;
	return pvg_blk_wait_for(&disk, &request);
}

static bool scattered_pattern(uint16_t segments)
{
	for (uint16_t i = 0; i < segments; i++)
		if (!disk_is_pattern(buffer + (segments - 1u - i) * piece,
				     65536 + i * (uint64_t)piece, piece))
			return false;
	return true;
}

static void round_trip(uint16_t segments)
{
	uint8_t *plain = disk_buffer(segments * piece);
	char name[64];

	pvg_snprintf(name, sizeof(name), "read into %u segments", segments);
	tap_equal(transfer(PV_BLK_READ, segments), 0, name);
	tap_ok(scattered_pattern(segments), "with the data in its places");
	/* Bytes inverted, written, compared, and back again. */
	for (uint32_t i = 0; i < segments * piece; i++)
		buffer[i] = (uint8_t)~buffer[i];
	pvg_snprintf(name, sizeof(name), "write from %u segments", segments);
	tap_equal(transfer(PV_BLK_WRITE, segments), 0, name);
	pvg_blk_read(&disk, 65536, plain, segments * piece);
	for (uint32_t i = 0; i < segments * piece; i++) {
		plain[i] = (uint8_t)~plain[i];
		buffer[i] = (uint8_t)~buffer[i];
	}
	tap_ok(disk_is_pattern(plain, 65536, segments * piece),
	       "with the data from its places");
	transfer(PV_BLK_WRITE, segments);
	free(plain);
}

int main(void)
{
	if (!tap_equal(pvg_blk_open_index(&disk, 0), 0, "the disk opens"))
		return tap_done();
	piece = disk.config.logical_block_bytes;
	list = aligned_alloc(16, disk.config.segments_max * sizeof(*list));
	buffer = disk_buffer(disk.config.segments_max * piece);
	round_trip(1);
	round_trip(2);
	round_trip(3);
	round_trip(128);
	round_trip((uint16_t)disk.config.segments_max);
	pvg_blk_close(&disk);
	return tap_done();
}
