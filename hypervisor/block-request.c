/* SPDX-License-Identifier: MIT
 *
 * See block-request.h; what is legal is said in pvabi/block.h.
 */
#include "block-request.h"

#include <pvabi/error.h>

#include "segments.h"
#include "units.h"

_Static_assert(PV_BLK_SEGMENTS_MAX <= HV_SEGMENTS_MAX, "one list for all");

static bool is_multiple(uint64_t value, uint32_t power_of_two)
{
	return !(value & (power_of_two - 1));
}

uint64_t hv_blk_disk_end(const struct hv_disk *disk)
{
	return hv_round_up(disk->size_bytes, disk->logical_block_bytes);
}

static bool unused_is_zero(const struct pv_blk_request *request)
{
	return hv_segments_rest_is_zero(request->seg, request->segments) &&
	       !request->flags && !request->reserved;
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

int32_t hv_blk_request_map(const struct pv_blk_request *request,
			   const struct hv_disk *disk,
			   const struct hv_memory *memory, struct iovec *iov)
{
	return hv_segments_map(request->seg, request->segments,
			       disk->buffer_align_bytes, request->len_bytes,
			       memory, iov);
}
