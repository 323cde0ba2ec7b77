/* SPDX-License-Identifier: MIT
 *
 * Disks, one thing at a time: requests that are done when the call returns.
 */
#include <pvguest/block.h>

#include "internal.h"

/* How many requests of one long transfer are under way together. */
#define BATCH 8

static void submit_surely(struct pvg_blk *blk, struct pvg_blk_request *request)
{
	while (pvg_blk_submit(blk, request) == -PV_EAGAIN)
		pvg_blk_wait(blk, PV_FOREVER);
}

static int run_one(struct pvg_blk *blk, enum pv_blk_op op,
		   uint64_t offset_bytes, uint64_t len_bytes)
{
	struct pvg_blk_request request;
	int status;

	request.done = NULL;
	pvg_blk_prep(&request, op, offset_bytes, len_bytes);
	pvg_mutex_lock(&blk->mutex);
	submit_surely(blk, &request);
	status = pvg_blk_wait_for(blk, &request);
	pvg_mutex_unlock(&blk->mutex);
	return status;
}

/* The largest request: a multiple of every block and buffer alignment, in the
 * 32 bits of a segment's length. */
static uint32_t piece_max(const struct pvg_blk *blk)
{
	uint64_t most = blk->config.request_bytes_max;
	uint32_t block = blk->config.logical_block_bytes;

	if (most > 1u << 30)
		most = 1u << 30;
	if (most >= 4096)
		block = 4096;
	return (uint32_t)most & ~(block - 1);
}

static int wait_for_all(struct pvg_blk *blk, struct pvg_blk_request *request,
			int count)
{
	int error = 0;

	for (int i = 0; i < count; i++) {
		int status = pvg_blk_wait_for(blk, &request[i]);

		if (!error)
			error = status;
	}
	return error;
}

/* Batches, each waited for as a whole: the last of one batch does not overlap
 * the first of the next, a gap of one in eight large requests. */
static int transfer(struct pvg_blk *blk, enum pv_blk_op op,
		    uint64_t offset_bytes, const char *buffer,
		    uint64_t len_bytes)
{
	uint32_t most = piece_max(blk);
	int error = 0;

	pvg_mutex_lock(&blk->mutex);
	while (len_bytes > 0 && !error) {
		struct pvg_blk_request request[BATCH];
		int count = 0;

		for (; count < BATCH && len_bytes > 0; count++) {
			uint32_t len = len_bytes < most ? (uint32_t)len_bytes
							: most;

			request[count].done = NULL;
			pvg_blk_prep_one(&request[count], op, offset_bytes,
					 buffer, len);
			submit_surely(blk, &request[count]);
			offset_bytes += len;
			buffer += len;
			len_bytes -= len;
		}
		error = wait_for_all(blk, request, count);
	}
	pvg_mutex_unlock(&blk->mutex);
	return error;
}

int pvg_blk_read(struct pvg_blk *blk, uint64_t offset_bytes, void *ret_buffer,
		 uint64_t len_bytes)
{
	return transfer(blk, PV_BLK_READ, offset_bytes, ret_buffer, len_bytes);
}

int pvg_blk_write(struct pvg_blk *blk, uint64_t offset_bytes,
		  const void *buffer, uint64_t len_bytes)
{
	return transfer(blk, PV_BLK_WRITE, offset_bytes, buffer, len_bytes);
}

int pvg_blk_flush(struct pvg_blk *blk)
{
	return run_one(blk, PV_BLK_FLUSH, 0, 0);
}

int pvg_blk_discard(struct pvg_blk *blk, uint64_t offset_bytes,
		    uint64_t len_bytes)
{
	return run_one(blk, PV_BLK_DISCARD, offset_bytes, len_bytes);
}

int pvg_blk_zero(struct pvg_blk *blk, uint64_t offset_bytes, uint64_t len_bytes)
{
	return run_one(blk, PV_BLK_ZERO, offset_bytes, len_bytes);
}
