/* SPDX-License-Identifier: MIT
 *
 * A disk driven by events alone: a handler of the queue's port takes the answers and
 * submits more from a callback, and nobody polls or waits for the queue.
 *
 * Clauses: O26, D1.
 */
#include "tap.h"

#define FIRST 8u
#define READS 200u

static struct pvg_blk disk;
static struct pvg_blk_request request[FIRST];
static char *buffer;
static unsigned submitted, done, failures, events;

static void submit_one(struct pvg_blk_request *r)
{
	uint32_t block = disk.config.logical_block_bytes;

	pvg_blk_prep_read(r, (uint64_t)submitted * block,
			  buffer + (size_t)(r - request) * PVG_PAGE_BYTES,
			  block);
	submitted++;
	failures += pvg_blk_submit(&disk, r) != 0;
}

static void on_done(struct pvg_blk_request *r)
{
	done++;
	failures += r->status != 0;
	if (submitted < READS)
		submit_one(r);
}

static void on_disk(unsigned port, void *arg)
{
	(void)arg;
	events++;
	failures += port != pvg_blk_port(&disk);
	do {
		pvg_blk_poll(&disk);
		pvg_blk_kick(&disk);
	} while (pvg_blk_arm(&disk));
}

/* Masked from the look to BLOCK, which unmasks. */
static void wait_until_all_are_done(void)
{
	uint64_t deadline_ns = pvg_deadline_in(UINT64_C(20000000000));

	for (;;) {
		pvg_mask();
		if (done == READS || pvg_clock_ns() >= deadline_ns)
			break;
		pvg_op_block(deadline_ns);
	}
	pvg_unmask();
}

int main(void)
{
	int error = pvg_blk_open(&disk, "disk0");

	if (!tap_granted(PV_FEATURE_UPCALLS) ||
	    !tap_equal(error, 0, "the disk is there"))
		return tap_done();
	buffer = pvg_pages_alloc(FIRST);
	pvg_port_handle(pvg_blk_port(&disk), on_disk, NULL);
	tap_equal(pvg_upcalls_start(), 0, "upcalls start");
	tap_ok(!pvg_blk_arm(&disk), "nothing is there to begin with");

	pvg_mask();
	for (unsigned i = 0; i < FIRST; i++) {
		request[i].done = on_done;
		submit_one(&request[i]);
	}
	pvg_blk_kick(&disk);
	pvg_unmask();
	wait_until_all_are_done();

	tap_equal(done, READS, "all reads are done");
	tap_equal(failures, 0, "and none has failed");
	tap_ok(events > 0, "by events");
	tap_equal(pvg_blk_in_flight(&disk), 0, "nothing is under way");
	pvg_port_handle(pvg_blk_port(&disk), NULL, NULL);
	pvg_blk_close(&disk);
	return tap_done();
}
