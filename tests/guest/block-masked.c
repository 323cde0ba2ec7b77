/* SPDX-License-Identifier: MIT
 *
 * Upcalls are masked all the while, and who polls a disk sees its answers all the same.
 *
 * Clauses: O26, D1.
 */
#include "disk.h"

#define READS 40u

static struct pvg_blk disk;

static bool poll_until_done(const struct pvg_blk_request *request)
{
	uint64_t deadline_ns = pvg_deadline_in(UINT64_C(10000000000));

	while (request->status == PVG_BLK_IN_FLIGHT &&
	       pvg_clock_ns() < deadline_ns)
		pvg_blk_poll(&disk);
	return request->status == 0;
}

int main(void)
{
	struct pvg_blk_request request = { .done = NULL };
	uint8_t *buffer = disk_buffer(4096);
	unsigned failed = 0, wrong = 0;

	if (!tap_granted(PV_FEATURE_UPCALLS) ||
	    !tap_equal(pvg_blk_open_index(&disk, 0), 0, "the disk opens"))
		return tap_done();
	tap_equal(pvg_upcalls_start(), 0, "upcalls start");
	pvg_mask();
	for (unsigned i = 0; i < READS && !failed; i++) {
		pvg_blk_prep_read(&request, i * UINT64_C(4096), buffer, 4096);
		failed += pvg_blk_submit(&disk, &request) != 0 ||
			  !poll_until_done(&request);
		wrong += !disk_is_pattern(buffer, i * UINT64_C(4096), 4096);
	}
	tap_ok(pvg_masked(), "upcalls are still masked");
	pvg_unmask();
	tap_equal(failed, 0, "all reads are answered meanwhile");
	tap_equal(wrong, 0, "with the disk's bytes");
	pvg_blk_close(&disk);
	return tap_done();
}
