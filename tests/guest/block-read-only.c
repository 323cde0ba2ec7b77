/* SPDX-License-Identifier: MIT
 *
 * A read-only disk is read, and refuses all that changes it.
 *
 * Clauses: D10, D11, D12.
 */
#include "disk.h"

int main(void)
{
	uint8_t *buffer = disk_buffer(4096);
	struct pvg_blk disk;

	if (!tap_equal(pvg_blk_open_index(&disk, 0), 0, "the disk opens"))
		return tap_done();
	tap_equal(disk.config.flags & PV_BLK_READ_ONLY, PV_BLK_READ_ONLY,
		  "it says that it is read-only");
	tap_equal(pvg_blk_write(&disk, 0, buffer, 4096), -PV_EROFS,
		  "a write is refused");
	tap_equal(pvg_blk_zero(&disk, 0, 4096), -PV_EROFS, "zeroing is refused");
	tap_equal(disk.config.flags & PV_BLK_CAN_DISCARD, 0,
		  "and cannot discard");
	tap_equal(pvg_blk_discard(&disk, 0, 4096), -PV_EROFS,
		  "so a discard is refused");
	tap_equal(pvg_blk_flush(&disk), 0, "a flush has nothing to do");
	tap_equal(pvg_blk_read(&disk, 0, buffer, 4096), 0, "a read is served");
	tap_ok(disk_is_pattern(buffer, 0, 4096), "and nothing was changed");
	pvg_blk_close(&disk);
	return tap_done();
}
