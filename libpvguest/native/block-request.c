/* SPDX-License-Identifier: MIT
 *
 * Which requests are legal (<pvabi/block.h>), answered as a hypervisor does: what is
 * wrong does not reach the device.
 */
#include "../internal.h"
#include "virtio.h"

static bool is_multiple(uint64_t value, uint32_t power_of_two)
{
	return !(value & (power_of_two - 1));
}

static bool is_zero(const struct pv_blk_segment *segment)
{
	return !segment->gpa && !segment->len_bytes && !segment->reserved;
}

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
			   const struct pv_blk_config *config)
{
	if (!request->len_bytes ||
	    !is_multiple(request->len_bytes, config->logical_block_bytes) ||
	    !is_multiple(request->offset_bytes, config->logical_block_bytes))
		return -PV_EINVAL;
	if (request->offset_bytes > config->size_bytes ||
	    request->len_bytes > config->size_bytes - request->offset_bytes)
		return -PV_ERANGE;
	return 0;
}

static int32_t check_list(const struct pv_blk_request *request)
{
	const struct pv_blk_segment *where = &request->seg[0];
	uint32_t bytes = request->segments * (uint32_t)sizeof(*where);

	if (request->segments <= PV_BLK_SEGMENTS_INLINE)
		return 0;
	if (where->reserved || where->len_bytes != bytes ||
	    !is_multiple(where->gpa, 8))
		return -PV_EINVAL;
	return pvg_memory_is_ram(where->gpa, bytes) ? 0 : -PV_EFAULT;
}

static int32_t check_segment(const struct pv_blk_segment *segment,
			     const struct pv_blk_config *config)
{
	if (segment->reserved || !segment->len_bytes ||
	    !is_multiple(segment->gpa, config->buffer_align_bytes) ||
	    !is_multiple(segment->len_bytes, config->buffer_align_bytes))
		return -PV_EINVAL;
	return pvg_memory_is_ram(segment->gpa, segment->len_bytes) ? 0
								   : -PV_EFAULT;
}

static int32_t check_segments(const struct pv_blk_request *request,
			      const struct pv_blk_config *config)
{
	const struct pv_blk_segment *segment = pvg_block_segments(request);
	int32_t status = check_list(request);
	uint64_t sum = 0;

	for (unsigned i = 0; !status && i < request->segments; i++) {
		status = check_segment(&segment[i], config);
		sum += segment[i].len_bytes;
	}
	if (!status && sum != request->len_bytes)
		status = -PV_EINVAL;
	return status;
}

static int32_t check_transfer(const struct pv_blk_request *request,
			      const struct pv_blk_config *config)
{
	int32_t status;

	if (!request->segments)
		return -PV_EINVAL;
	if (request->segments > config->segments_max ||
	    request->len_bytes > config->request_bytes_max)
		return -PV_E2BIG;
	status = check_range(request, config);
	return status ? status : check_segments(request, config);
}

static int32_t check_hint(const struct pv_blk_request *request,
			  const struct pv_blk_config *config)
{
	return request->segments ? -PV_EINVAL : check_range(request, config);
}

int32_t pvg_block_check(const struct pv_blk_request *request,
			const struct pv_blk_config *config)
{
	bool read_only = config->flags & PV_BLK_READ_ONLY;

	if (!unused_is_zero(request))
		return -PV_EINVAL;
	switch (request->op) {
	case PV_BLK_READ:
		return check_transfer(request, config);
	case PV_BLK_WRITE:
		return read_only ? -PV_EROFS : check_transfer(request, config);
	case PV_BLK_FLUSH:
		return request->segments || request->offset_bytes ||
		       request->len_bytes ? -PV_EINVAL : 0;
	case PV_BLK_DISCARD:
		if (read_only)
			return -PV_EROFS;
		return config->flags & PV_BLK_CAN_DISCARD
			       ? check_hint(request, config)
			       : -PV_EOPNOTSUPP;
	case PV_BLK_ZERO:
		return read_only ? -PV_EROFS : check_hint(request, config);
	default:
		return -PV_EOPNOTSUPP;
	}
}
