/* SPDX-License-Identifier: MIT
 *
 * Disks: opening, and requests that are under way together. block-sync.c is the
 * rest.
 */
#include <pvguest/block.h>
#include <pvguest/libc.h>

#include "internal.h"

/* The loops of block-sync.c rely on these. */
static bool is_sane(const struct pv_blk_config *config)
{
	uint32_t block = config->logical_block_bytes;

	return block >= 512 && block <= 4096 && (block & (block - 1)) == 0 &&
	       config->request_bytes_max >= block;
}

int pvg_blk_open_queue(struct pvg_blk *ret_blk, const struct pv_device *device,
		       uint32_t queue, uint32_t entries)
{
	struct pv_blk_config config;

	if (!device)
		return -PV_ENODEV;
	memcpy(&config, device->config, sizeof(config));
	if (!is_sane(&config))
		return -PV_EINVAL;
	ret_blk->config = config;
	ret_blk->name = device->name;
	ret_blk->mutex = (struct pvg_mutex)PVG_MUTEX_INIT;
	return pvg_ring_open(&ret_blk->ring, device, queue, entries);
}

int pvg_blk_open(struct pvg_blk *ret_blk, const char *name)
{
	return pvg_blk_open_queue(
		ret_blk, pvg_device_find(PV_DEVICE_BLOCK, name, 0), 0, 0);
}

int pvg_blk_open_index(struct pvg_blk *ret_blk, uint32_t index)
{
	return pvg_blk_open_queue(
		ret_blk, pvg_device_find(PV_DEVICE_BLOCK, NULL, index), 0, 0);
}

void pvg_blk_close(struct pvg_blk *blk)
{
	while (pvg_blk_in_flight(blk) > 0)
		pvg_blk_wait(blk, PV_FOREVER);
	pvg_ring_close(&blk->ring);
}

void pvg_blk_prep_segments(struct pvg_blk_request *request, enum pv_blk_op op,
			   uint64_t offset_bytes,
			   const struct pv_blk_segment *segment,
			   uint16_t segments)
{
	pvg_blk_prep(request, op, offset_bytes, 0);
	request->wire.segments = segments;
	request->wire.len_bytes =
		pvg_segments_put(request->wire.seg, segment, segments);
}

uint32_t pvg_blk_poll(struct pvg_blk *blk)
{
	struct pv_ring_rsp rsp;
	uint32_t count = 0;
	void *owner;

	pvg_blk_kick(blk);
	/* Callbacks may submit; with a fast device this could go on without
	 * end but for the bound. */
	while (count <= blk->ring.mask &&
	       pvg_ring_pop(&blk->ring, &owner, &rsp)) {
		struct pvg_blk_request *request = owner;

		request->done_bytes = rsp.done_bytes;
		request->status = rsp.status;
		if (request->done)
			request->done(request);
		count++;
	}
	return count;
}

int pvg_blk_wait(struct pvg_blk *blk, uint64_t deadline_ns)
{
	uint32_t count = pvg_blk_poll(blk);

	while (count == 0 && pvg_blk_in_flight(blk) > 0) {
		int error = pvg_ring_wait(&blk->ring, deadline_ns);

		if (error)
			return error;
		count = pvg_blk_poll(blk);
	}
	return (int)count;
}

int pvg_blk_wait_for(struct pvg_blk *blk, const struct pvg_blk_request *request)
{
	while (request->status == PVG_BLK_IN_FLIGHT)
		pvg_blk_wait(blk, PV_FOREVER);
	return request->status;
}
