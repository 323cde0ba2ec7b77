/* SPDX-License-Identifier: MIT
 *
 * Which requests to a network are legal (<pvabi/net.h>), answered as a hypervisor does:
 * W11 to W14 of docs/abi.md. What is wrong does not reach the device.
 */
#include <pvguest/libc.h>

#include "../internal.h"
#include "net.h"

#define RECEIVE_MAX_BYTES (1u << 20)
#define CHECKSUM_BYTES 2u

static int32_t check_receive(const struct pv_net_request *request,
			     const struct pv_net_config *config)
{
	static const struct pv_net_frame none;

	if (memcmp(&request->frame, &none, sizeof(none)) != 0 ||
	    request->len_bytes < config->receive_bytes_min)
		return -PV_EINVAL;
	return request->len_bytes > RECEIVE_MAX_BYTES ? -PV_E2BIG : 0;
}

/* Fields that nothing calls for are 0, and there is no bit of which nobody knows. */
static bool is_clean(const struct pv_net_frame *f)
{
	bool checksum = f->flags & PV_NET_CHECKSUM_MISSING;

	return !(f->flags & ~PV_NET_CHECKSUM_MISSING) &&
	       f->segmentation <= PV_NET_TCP6 && !f->reserved[0] &&
	       !f->reserved[1] && !f->reserved[2] &&
	       (checksum || (!f->checksum_start && !f->checksum_offset)) &&
	       (f->segmentation || (!f->header_bytes && !f->segment_bytes));
}

static bool is_offered(const struct pv_net_frame *f, uint32_t offered)
{
	uint32_t needed = 0;

	if (f->flags & PV_NET_CHECKSUM_MISSING)
		needed |= PV_NET_CAN_CHECKSUM;
	if (f->segmentation == PV_NET_TCP4)
		needed |= PV_NET_CAN_TCP4;
	if (f->segmentation == PV_NET_TCP6)
		needed |= PV_NET_CAN_TCP6;
	return !(needed & ~offered);
}

static uint32_t checksum_end(const struct pv_net_frame *f)
{
	return (uint32_t)f->checksum_start + f->checksum_offset + CHECKSUM_BYTES;
}

bool pvg_net_checksum_is_inside(const struct pv_net_frame *frame,
				uint32_t len_bytes)
{
	return frame->checksum_start >= PV_NET_HEADER_BYTES &&
	       checksum_end(frame) <= len_bytes;
}

static bool makes_sense(const struct pv_net_frame *f, uint32_t len_bytes)
{
	if (f->flags & PV_NET_CHECKSUM_MISSING &&
	    !pvg_net_checksum_is_inside(f, len_bytes))
		return false;
	return !f->segmentation ||
	       (f->flags & PV_NET_CHECKSUM_MISSING && f->segment_bytes &&
		f->header_bytes >= checksum_end(f) &&
		f->header_bytes < len_bytes);
}

static int32_t check_send(const struct pv_net_request *request,
			  const struct pv_net_config *config)
{
	const struct pv_net_frame *frame = &request->frame;

	if (request->len_bytes < PV_NET_HEADER_BYTES)
		return -PV_EINVAL;
	if (request->len_bytes > (frame->segmentation
					  ? PV_NET_SEGMENTED_MAX_BYTES
					  : config->send_bytes_max))
		return -PV_E2BIG;
	if (!is_clean(frame))
		return -PV_EINVAL;
	if (!is_offered(frame, config->flags))
		return -PV_EOPNOTSUPP;
	return makes_sense(frame, request->len_bytes) ? 0 : -PV_EINVAL;
}

int32_t pvg_net_check(const struct pv_net_request *request, uint32_t queue,
		      const struct pv_net_config *config)
{
	bool sends = queue == PVG_NET_SEND_QUEUE;
	int32_t status;

	if (request->flags ||
	    !pvg_segments_unused_is_zero(request->seg, request->segments))
		return -PV_EINVAL;
	if (request->op != (sends ? PV_NET_SEND : PV_NET_RECEIVE))
		return -PV_EOPNOTSUPP;
	if (!request->segments)
		return -PV_EINVAL;
	if (request->segments > config->segments_max)
		return -PV_E2BIG;
	status = sends ? check_send(request, config)
		       : check_receive(request, config);
	return status ? status
		      : pvg_segments_check(request->seg, request->segments, 1,
					   request->len_bytes);
}
