/* SPDX-License-Identifier: MIT
 *
 * Which requests are legal (<pvabi/block.h>), answered as a hypervisor does: what is
 * wrong does not reach the device.
 */
#include "../internal.h"
#include "disk.h"

static int32_t check_range(const struct pv_blk_request *request,
			   const struct pv_blk_config *config)
{
	if (!request->len_bytes ||
	    !pvg_is_multiple(request->len_bytes, config->logical_block_bytes) ||
	    !pvg_is_multiple(request->offset_bytes, config->logical_block_bytes))
		return -PV_EINVAL;
	if (request->offset_bytes > config->size_bytes ||
	    request->len_bytes > config->size_bytes - request->offset_bytes)
		return -PV_ERANGE;
	return 0;
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
	return status ? status
		      : pvg_segments_check(request->seg, request->segments,
					   config->buffer_align_bytes,
					   request->len_bytes);
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

	if (request->flags || request->reserved ||
	    !pvg_segments_unused_is_zero(request->seg, request->segments))
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
