/* SPDX-License-Identifier: MIT
 *
 * Three disks of 1, 2 and 3 MiB, "first", one without a name given, and
 * "third": each is its own.
 *
 * Clauses: D17.
 */
#include "disk.h"

#define MIB (UINT64_C(1) << 20)

static struct pvg_blk disks[3];

int main(void)
{
	uint8_t *buffer = disk_buffer(8192);
	const struct pv_device *device;
	struct pvg_blk none;

	for (uint32_t i = 0; i < 3; i++)
		if (!tap_equal(pvg_blk_open_index(&disks[i], i), 0, "it opens"))
			return tap_done();
	for (uint32_t i = 0; i < 3; i++)
		tap_equal((int64_t)disks[i].config.size_bytes,
			  (int64_t)((i + 1) * MIB), "with its own size");
	tap_equal(pvg_blk_open_index(&none, 3), -PV_ENODEV, "there is no fourth");
	device = pvg_device_find(PV_DEVICE_BLOCK, "third", 0);
	tap_ok(device && device->number == 2, "a name finds its disk");
	tap_ok(strcmp(disks[1].name, "disk1") == 0, "one without is called by number");

	memset(buffer, 1, 8192);
	tap_equal(pvg_blk_write(&disks[0], 0, buffer, 4096), 0, "write to the first");
	memset(buffer, 2, 8192);
	tap_equal(pvg_blk_write(&disks[1], 0, buffer, 4096), 0, "and the second");
	pvg_blk_read(&disks[0], 0, buffer, 8192);
	tap_ok(disk_is_byte(buffer, 1, 4096) &&
		       disk_is_pattern(buffer + 4096, 4096, 4096),
	       "the first has what was written to it");
	pvg_blk_read(&disks[1], 0, buffer, 8192);
	tap_ok(disk_is_byte(buffer, 2, 4096), "the second too");
	pvg_blk_read(&disks[2], 0, buffer, 8192);
	tap_ok(disk_is_pattern(buffer, 0, 8192), "and the third is untouched");
	return tap_done();
}
