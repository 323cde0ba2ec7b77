/* SPDX-License-Identifier: MIT
 *
 * See virtio-request.h; the device is chapter 5.2 of the specification, and how its
 * parts are cut into buffers is the guest's affair.
 */
#include "virtio-request.h"

#include <linux/virtio_blk.h>

#include "../block-io.h"
#include "../block-request.h"
#include "../guest-memory.h"
#include "../iov.h"

/* ---- buffers */

struct buffers {
	struct iovec *iov;
	unsigned count;
};

/* Copy the first of them, once, and drop them. False if there are fewer. */
static bool take_front(struct buffers *b, void *to, size_t bytes)
{
	uint8_t *at = to;

	while (bytes && b->count) {
		size_t n = b->iov->iov_len < bytes ? b->iov->iov_len : bytes;

		hv_copy_once(at, b->iov->iov_base, n);
		at += n;
		bytes -= n;
		b->iov->iov_base = (uint8_t *)b->iov->iov_base + n;
		b->iov->iov_len -= n;
		if (!b->iov->iov_len) {
			b->iov++;
			b->count--;
		}
	}
	return !bytes;
}

/* The last byte, dropped. */
static uint8_t *take_last(struct buffers *b)
{
	struct iovec *last = &b->iov[b->count - 1];
	uint8_t *byte = (uint8_t *)last->iov_base + --last->iov_len;

	if (!last->iov_len)
		b->count--;
	return byte;
}

/* ---- what is asked */

static enum hv_virtio_do fail(struct hv_virtio_request *r, uint8_t answer)
{
	r->answer = answer;
	return HV_VIRTIO_DO_ANSWER;
}

static bool is_multiple(uint64_t n, uint32_t of)
{
	return n % of == 0;
}

/* As check_range of block-request.c, from sectors that may be anything. */
static enum hv_virtio_do check_range(struct hv_virtio_request *r,
				     const struct hv_disk *disk, uint64_t sector)
{
	uint64_t end = hv_blk_disk_end(disk);

	if (sector > end / HV_VIRTIO_SECTOR_BYTES)
		return fail(r, VIRTIO_BLK_S_IOERR);
	r->offset_bytes = sector * HV_VIRTIO_SECTOR_BYTES;
	if (!r->len_bytes || r->len_bytes > end - r->offset_bytes ||
	    !is_multiple(r->len_bytes, disk->logical_block_bytes) ||
	    !is_multiple(r->offset_bytes, disk->logical_block_bytes))
		return fail(r, VIRTIO_BLK_S_IOERR);
	return HV_VIRTIO_DO_IO;
}

/* What O_DIRECT wants of buffers virtio has no word for: a driver that aligns them to
 * blocks, as any does that reads into pages, is served; another fails. */
static bool is_aligned(const struct hv_virtio_request *r,
		       const struct hv_disk *disk)
{
	uint32_t align = disk->buffer_align_bytes;

	for (unsigned i = 0; i < r->iovs; i++)
		if (!is_multiple((uintptr_t)r->iov[i].iov_base, align) ||
		    !is_multiple(r->iov[i].iov_len, align))
			return false;
	return true;
}

static enum hv_virtio_do transfer(struct hv_virtio_request *r, uint8_t op,
				  const struct buffers *data,
				  const struct hv_disk *disk, uint64_t sector)
{
	r->op = op;
	r->iov = data->iov;
	r->iovs = data->count;
	r->len_bytes = hv_iov_bytes(data->iov, data->count);
	if (r->len_bytes > PV_BLK_REQUEST_MAX_BYTES || !is_aligned(r, disk))
		return fail(r, VIRTIO_BLK_S_IOERR);
	return check_range(r, disk, sector);
}

/* DISCARD and WRITE_ZEROES: one range, told in the data. */
static enum hv_virtio_do clear(struct hv_virtio_request *r, uint8_t op,
			       struct buffers *data, const struct hv_disk *disk)
{
	struct virtio_blk_discard_write_zeroes range;

	if (op == PV_BLK_DISCARD && !disk->can_discard)
		return fail(r, VIRTIO_BLK_S_UNSUPP);
	if (hv_iov_bytes(data->iov, data->count) != sizeof(range) ||
	    !take_front(data, &range, sizeof(range)))
		return fail(r, VIRTIO_BLK_S_IOERR);
	if (range.flags & (op == PV_BLK_DISCARD
				   ? UINT32_MAX
				   : ~(uint32_t)VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP))
		return fail(r, VIRTIO_BLK_S_UNSUPP);
	r->op = op;
	r->len_bytes = (uint64_t)range.num_sectors * HV_VIRTIO_SECTOR_BYTES;
	return check_range(r, disk, range.sector);
}

static enum hv_virtio_do change(struct hv_virtio_request *r, uint32_t type,
				struct buffers *data, const struct hv_disk *disk,
				uint64_t sector)
{
	if (disk->read_only)
		return fail(r, VIRTIO_BLK_S_IOERR);
	if (type == VIRTIO_BLK_T_OUT)
		return transfer(r, PV_BLK_WRITE, data, disk, sector);
	return clear(r, type == VIRTIO_BLK_T_DISCARD ? PV_BLK_DISCARD
						     : PV_BLK_ZERO, data, disk);
}

enum hv_virtio_do hv_virtio_decode(struct hv_virtq_chain *chain,
				   const struct hv_disk *disk,
				   struct hv_virtio_request *ret_request)
{
	struct buffers in = { chain->iov, chain->readable };
	struct buffers out = { chain->iov + chain->readable, chain->writable };
	struct hv_virtio_request *r = ret_request;
	struct virtio_blk_outhdr header;

	*r = (struct hv_virtio_request){ .op = 0 };
	if (!out.count || !take_front(&in, &header, sizeof(header)))
		return HV_VIRTIO_DO_BREAK;
	r->status = take_last(&out);
	switch (header.type) {
	case VIRTIO_BLK_T_IN:
		return transfer(r, PV_BLK_READ, &out, disk, header.sector);
	case VIRTIO_BLK_T_OUT:
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return change(r, header.type, &in, disk, header.sector);
	case VIRTIO_BLK_T_FLUSH:
		r->op = PV_BLK_FLUSH;
		return HV_VIRTIO_DO_IO;
	case VIRTIO_BLK_T_GET_ID:
		r->iov = out.iov;
		r->iovs = out.count;
		return HV_VIRTIO_DO_ID;
	default:
		return fail(r, VIRTIO_BLK_S_UNSUPP);
	}
}
