/* SPDX-License-Identifier: MIT
 *
 * What if a guest ends in every way while requests are under way? All is
 * drained before its RAM goes away.
 *
 * Clauses: O7, O22, O23, F5.
 */
#include "../guest/cases.h"
#include "ring.h"

static void start_io(void)
{
	const uint64_t size = ring_disk()->size_bytes;

	if (ring_open() < 0)
		pvg_op_exit(2);
	for (uint32_t i = 0; i < RING_ENTRIES; i++) {
		struct pv_blk_request request = ring_good_read(i);

		request.op = i % 2 ? PV_BLK_WRITE : PV_BLK_READ;
		request.len_bytes = request.seg[0].len_bytes = sizeof(ring_buffer);
		request.offset_bytes = i * UINT64_C(65536) % (size & ~UINT64_C(65535));
		ring_put(i, &request);
	}
	ring_publish(RING_ENTRIES);
}

static void exit_with_io(void)
{
	start_io();
	pvg_op_exit(5);
}

static void close_with_io(void)
{
	uint32_t answered;

	start_io();
	if (pvg_op_queue_close(0, 0) != 0)
		pvg_op_exit(2);
	answered = ring_indices()->rsp_prod;
	memset(ring_memory, 0xee, sizeof(ring_memory));
	memset(ring_buffer, 0xee, sizeof(ring_buffer));
	raw_spin_ns(20000000);
	if (answered > RING_ENTRIES || ring_memory[64] != 0xee ||
	    ring_buffer[0] != 0xee)
		pvg_op_exit(3);
}

static void open_again_with_io(void)
{
	for (int i = 0; i < 50; i++) {
		start_io();
		if (pvg_op_queue_close(0, 0) != 0)
			pvg_op_exit(2);
	}
}

static void fault_with_io(void)
{
	start_io();
	__asm__ volatile("ud2");
}

static void crash_with_io(void)
{
	start_io();
	pvg_op_crash("on purpose", 10);
}

static void bad_index_with_io(void)
{
	start_io();
	ring_publish(0x40000000);
	raw_spin_ns(3000000000u);
}

static void hang_with_io(void)
{
	start_io();
	for (;;)
		pvg_op_block(PV_FOREVER);
}

static const struct test_case cases[] = {
	{ "exit-with-io", exit_with_io, "5", "silent" },
	{ "close-with-io", close_with_io, "0", "silent" },
	{ "open-again-with-io", open_again_with_io, "0", "silent" },
	{ "fault-with-io", fault_with_io, "123", "undefined instruction" },
	{ "crash-with-io", crash_with_io, "123", "on purpose" },
	{ "bad-index-with-io", bad_index_with_io, "123",
	  "the indices of block device 0" },
	{ "hang-with-io", hang_with_io, "124", "timeout" },
};

CASES_MAIN(cases)
