/* SPDX-License-Identifier: MIT
 *
 * Guest of the block benchmarks: the same accesses as the host's loop, in
 * hypervisor/bench/bare-uring.c. Prints "block NS", the time they took.
 *
 *	blk random|sequential read|write BYTES DEPTH OPS BLOCKS SEED
 */
#include <pvguest/pvguest.h>

#include "bench/access.h"

static struct pvg_blk disk;
static struct pvg_blk_request requests[HV_ACCESS_DEPTH_MAX];
static struct hv_access access;
static uint64_t left; /* accesses not yet submitted */

static void submit_next(struct pvg_blk_request *request)
{
	enum pv_blk_op op = access.write ? PV_BLK_WRITE : PV_BLK_READ;

	left--;
	pvg_blk_prep_one(request, op, hv_access_next(&access), request->user,
			 access.bytes);
	if (pvg_blk_submit(&disk, request))
		pvg_panic("blk: the queue is full");
}

static void on_done(struct pvg_blk_request *request)
{
	if (request->status)
		pvg_panic("blk: a request failed with status %d",
			  request->status);
	if (left > 0)
		submit_next(request);
}

static uint64_t run(uint64_t ops, uint64_t depth)
{
	uint64_t start_ns = pvg_clock_ns();

	left = ops;
	for (uint64_t i = 0; i < depth && left > 0; i++)
		submit_next(&requests[i]);
	while (pvg_blk_in_flight(&disk) > 0)
		pvg_blk_wait(&disk, PV_FOREVER);
	return pvg_clock_ns() - start_ns;
}

/* Touched once, so that no first touch is measured. */
static void make_buffers(uint64_t depth)
{
	const size_t align = 2u << 20;
	uint8_t *buffers = aligned_alloc(align, depth * access.bytes);

	if (!buffers)
		pvg_panic("blk: no memory for the buffers");
	memset(buffers, 0x5a, depth * access.bytes);
	for (uint64_t i = 0; i < depth; i++) {
		requests[i].user = buffers + i * access.bytes;
		requests[i].done = on_done;
	}
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
	uint64_t depth, ops;

	if (argc != 8)
		pvg_panic("usage: blk random|sequential read|write BYTES DEPTH "
			  "OPS BLOCKS SEED");
	access.random = strcmp(argv[1], "random") == 0;
	access.write = strcmp(argv[2], "write") == 0;
	access.bytes = (uint32_t)number(argv[3]);
	access.blocks = number(argv[6]);
	access.state = number(argv[7]);
	depth = number(argv[4]);
	ops = number(argv[5]);
	if (depth > HV_ACCESS_DEPTH_MAX || pvg_blk_open_index(&disk, 0))
		pvg_panic("blk: no disk, or too deep");
	make_buffers(depth);
	run(ops / 16, depth);
	pvg_printf("block %lu\n", run(ops, depth));
	pvg_blk_close(&disk);
	return 0;
}
