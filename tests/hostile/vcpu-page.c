/* SPDX-License-Identifier: MIT
 *
 * What if a guest fills the page it shares with the hypervisor with rubbish,
 * clock and reserved fields included? It may lose track of time, no more.
 */
#include "../guest/tap.h"
#include "ring.h"

static void fill(uint8_t byte)
{
	volatile uint8_t *page = raw_address(pvg_boot.vcpu_addr);

	for (size_t i = 0; i < PV_PAGE_BYTES; i++)
		page[i] = byte;
}

int main(void)
{
	static const uint8_t rubbish[] = { 0xff, 0x00, 0x55, 0x80 };
	struct pv_blk_request request = ring_good_read(1);

	if (!tap_ok(ring_open() >= 0, "the queue opens"))
		return tap_done();
	for (size_t i = 0; i < sizeof(rubbish); i++) {
		int64_t block, now = pvg_op_clock(PV_CLOCK_MONOTONIC);

		fill(rubbish[i]);
		block = pvg_op_block((uint64_t)now + 2000000);
		tap_ok(block == 0 || block == -PV_ETIMEDOUT, "BLOCK answers");
		ring_push(&request);
		tap_equal(pvg_op_queue_close(0, 0), 0, "a queue is served and closes");
		tap_ok(ring_open() >= 0, "and opens again");
		tap_ok(pvg_op_clock(PV_CLOCK_MONOTONIC) >= now,
		       "the clock operation goes by the host's clock");
	}
	return tap_done();
}
