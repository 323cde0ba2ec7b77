/* SPDX-License-Identifier: MIT
 *
 * See block-request.h; what is legal is said in pvabi/block.h.
 */
#include "block-request.h"

#include <pvabi/error.h>

#include "units.h"

static bool is_multiple(uint64_t value, uint32_t power_of_two)
{
	return !(value & (power_of_two - 1));
}

uint64_t hv_blk_disk_end(const struct hv_disk *disk)
{
	return hv_round_up(disk->size_bytes, disk->logical_block_bytes);
}

static bool is_zero(const struct pv_blk_segment *segment)
{
	return !segment->gpa && !segment->len_bytes && !segment->reserved;
}

/* What is unused must be 0, so that a later version can use it. */
static bool unused_is_zero(const struct pv_blk_request *request)
{
	unsigned used = request->segments > PV_BLK_SEGMENTS_INLINE
				? 1 : request->segments;

	for (; used < PV_BLK_SEGMENTS_INLINE; used++)
		if (!is_zero(&request->seg[used]))
			return false;
	return !request->flags && !request->reserved;
}

static int32_t check_range(const struct pv_blk_request *request,
			   const struct hv_disk *disk)
{
	uint64_t end = hv_blk_disk_end(disk);

	if (!request->len_bytes ||
	    !is_multiple(request->len_bytes, disk->logical_block_bytes) ||
	    !is_multiple(request->offset_bytes, disk->logical_block_bytes))
		return -PV_EINVAL;
	if (request->offset_bytes > end ||
	    request->len_bytes > end - request->offset_bytes)
		return -PV_ERANGE;
	return 0;
}

static int32_t check_transfer(const struct pv_blk_request *request,
			      const struct hv_disk *disk)
{
	if (!request->segments)
		return -PV_EINVAL;
	if (request->segments > PV_BLK_SEGMENTS_MAX ||
	    request->len_bytes > PV_BLK_REQUEST_MAX_BYTES)
		return -PV_E2BIG;
	return check_range(request, disk);
}

static int32_t check_hint(const struct pv_blk_request *request,
			  const struct hv_disk *disk)
{
	return request->segments ? -PV_EINVAL : check_range(request, disk);
}

static int32_t check_flush(const struct pv_blk_request *request)
{
	return request->segments || request->offset_bytes || request->len_bytes
		       ? -PV_EINVAL
		       : 0;
}

int32_t hv_blk_request_check(const struct pv_blk_request *request,
			     const struct hv_disk *disk)
{
	if (!unused_is_zero(request))
		return -PV_EINVAL;
	switch (request->op) {
	case PV_BLK_READ:
		return check_transfer(request, disk);
	case PV_BLK_WRITE:
		return disk->read_only ? -PV_EROFS
				       : check_transfer(request, disk);
	case PV_BLK_FLUSH:
		return check_flush(request);
	case PV_BLK_DISCARD:
		if (disk->read_only)
			return -PV_EROFS;
		return disk->can_discard ? check_hint(request, disk)
					 : -PV_EOPNOTSUPP;
	case PV_BLK_ZERO:
		return disk->read_only ? -PV_EROFS : check_hint(request, disk);
	default:
		return -PV_EOPNOTSUPP;
	}
}

static int32_t map_segment(const struct pv_blk_segment *segment,
			   const struct hv_disk *disk,
			   const struct hv_memory *memory, struct iovec *iov)
{
	if (segment->reserved || !segment->len_bytes ||
	    !is_multiple(segment->gpa, disk->buffer_align_bytes) ||
	    !is_multiple(segment->len_bytes, disk->buffer_align_bytes))
		return -PV_EINVAL;
	iov->iov_base = hv_memory_at(memory, segment->gpa, segment->len_bytes);
	iov->iov_len = segment->len_bytes;
	return iov->iov_base ? 0 : -PV_EFAULT;
}

/* An indirect list may lie anywhere in RAM, also in the ring or in its own
 * buffers: it is only ever read, before the I/O. */
static int32_t read_list(const struct pv_blk_request *request,
			 const struct hv_memory *memory,
			 struct pv_blk_segment *ret_list)
{
	const struct pv_blk_segment *where = &request->seg[0];
	uint32_t bytes = request->segments * (uint32_t)sizeof(*where);

	if (where->reserved || where->len_bytes != bytes ||
	    !is_multiple(where->gpa, 8))
		return -PV_EINVAL;
	return hv_memory_read(memory, where->gpa, ret_list, bytes) ? 0
								   : -PV_EFAULT;
}

int32_t hv_blk_request_map(const struct pv_blk_request *request,
			   const struct hv_disk *disk,
			   const struct hv_memory *memory, struct iovec *iov)
{
	struct pv_blk_segment list[PV_BLK_SEGMENTS_MAX];
	const struct pv_blk_segment *segment = request->seg;
	uint64_t sum = 0;
	int32_t status = 0;

	if (request->segments > PV_BLK_SEGMENTS_INLINE) {
		status = read_list(request, memory, list);
		segment = list;
	}
	for (unsigned i = 0; !status && i < request->segments; i++) {
		status = map_segment(&segment[i], disk, memory, &iov[i]);
		sum += segment[i].len_bytes;
	}
	if (!status && sum != request->len_bytes)
		status = -PV_EINVAL;
	return status;
}
