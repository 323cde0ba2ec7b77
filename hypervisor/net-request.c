/* SPDX-License-Identifier: MIT
 *
 * See net-request.h; what is legal is said in docs/abi.md, section 24.
 */
#include "net-request.h"

#include <pvabi/error.h>
#include <string.h>

#include "segments.h"

_Static_assert(PV_NET_SEGMENTS_MAX <= HV_SEGMENTS_MAX, "one list for all");

#define RECEIVE_BYTES_MAX (1u << 20)
#define CHECKSUM_BYTES 2u
#define TCP_LENGTH_AT 12u /* in a TCP header: its length in words, 4 bits */
#define TCP_HEADER_BYTES_MIN 20u

static bool is_zero(const struct pv_net_frame *frame)
{
	static const struct pv_net_frame zero;

	return !memcmp(frame, &zero, sizeof(zero));
}

static int32_t check_receive(const struct pv_net_request *request,
			     const struct pv_net_config *config)
{
	if (!is_zero(&request->frame) ||
	    request->len_bytes < config->receive_bytes_min)
		return -PV_EINVAL;
	return request->len_bytes > RECEIVE_BYTES_MAX ? -PV_E2BIG : 0;
}

/* Known values, and no field without what calls for it. */
static bool is_in_form(const struct pv_net_frame *frame)
{
	bool missing = frame->flags & PV_NET_CHECKSUM_MISSING;

	if (frame->flags & ~PV_NET_CHECKSUM_MISSING ||
	    frame->segmentation > PV_NET_TCP6 || frame->reserved[0] ||
	    frame->reserved[1] || frame->reserved[2])
		return false;
	if (!frame->segmentation && (frame->header_bytes || frame->segment_bytes))
		return false;
	return missing || (!frame->checksum_start && !frame->checksum_offset);
}

static uint32_t needed(const struct pv_net_frame *frame)
{
	static const uint32_t can[] = {
		[PV_NET_WHOLE] = 0,
		[PV_NET_TCP4] = PV_NET_CAN_TCP4,
		[PV_NET_TCP6] = PV_NET_CAN_TCP6,
	};

	return can[frame->segmentation] |
	       (frame->flags & PV_NET_CHECKSUM_MISSING ? PV_NET_CAN_CHECKSUM : 0);
}

static uint32_t checksum_end(const struct pv_net_frame *frame)
{
	return (uint32_t)frame->checksum_start + frame->checksum_offset +
	       CHECKSUM_BYTES;
}

static bool is_possible(const struct pv_net_frame *frame, uint32_t len_bytes)
{
	bool missing = frame->flags & PV_NET_CHECKSUM_MISSING;

	if (missing && (frame->checksum_start < PV_NET_HEADER_BYTES ||
			checksum_end(frame) > len_bytes))
		return false;
	return !frame->segmentation ||
	       (missing && frame->segment_bytes &&
		frame->header_bytes >= checksum_end(frame) &&
		frame->header_bytes < len_bytes);
}

static int32_t check_send(const struct pv_net_request *request,
			  const struct pv_net_config *config)
{
	const struct pv_net_frame *frame = &request->frame;
	uint32_t most = frame->segmentation ? PV_NET_SEGMENTED_MAX_BYTES
					    : config->send_bytes_max;

	if (request->len_bytes < PV_NET_HEADER_BYTES)
		return -PV_EINVAL;
	if (request->len_bytes > most)
		return -PV_E2BIG;
	if (!is_in_form(frame))
		return -PV_EINVAL;
	if (needed(frame) & ~config->flags)
		return -PV_EOPNOTSUPP;
	return is_possible(frame, request->len_bytes) ? 0 : -PV_EINVAL;
}

int32_t hv_net_request_check(const struct pv_net_request *request, uint8_t op,
			     const struct pv_net_config *config)
{
	if (request->flags ||
	    !hv_segments_rest_is_zero(request->seg, request->segments))
		return -PV_EINVAL;
	if (request->op != op)
		return -PV_EOPNOTSUPP;
	if (!request->segments)
		return -PV_EINVAL;
	if (request->segments > config->segments_max)
		return -PV_E2BIG;
	return op == PV_NET_RECEIVE ? check_receive(request, config)
				    : check_send(request, config);
}

int32_t hv_net_request_map(const struct pv_net_request *request,
			   const struct hv_memory *memory, struct iovec *iov)
{
	return hv_segments_map(request->seg, request->segments, 1,
			       request->len_bytes, memory, iov);
}

/* ---- both ways of saying the same */

struct virtio_net_hdr_v1 hv_net_header_of(const struct pv_net_frame *frame)
{
	static const uint8_t types[] = {
		[PV_NET_WHOLE] = VIRTIO_NET_HDR_GSO_NONE,
		[PV_NET_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
		[PV_NET_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
	};

	return (struct virtio_net_hdr_v1){
		.flags = frame->flags & PV_NET_CHECKSUM_MISSING
				 ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0,
		.gso_type = types[frame->segmentation],
		.hdr_len = frame->header_bytes,
		.gso_size = frame->segment_bytes,
		.csum_start = frame->checksum_start,
		.csum_offset = frame->checksum_offset,
	};
}

static bool segmentation_of(uint8_t gso_type, uint8_t *ret_segmentation)
{
	switch (gso_type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		*ret_segmentation = PV_NET_WHOLE;
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		*ret_segmentation = PV_NET_TCP4;
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		*ret_segmentation = PV_NET_TCP6;
		return true;
	default:
		return false;
	}
}

bool hv_net_frame_of(const struct virtio_net_hdr_v1 *header, uint32_t len_bytes,
		     bool offload, struct pv_net_frame *ret_frame)
{
	struct pv_net_frame frame = { .flags = 0 };

	if (!segmentation_of(header->gso_type, &frame.segmentation))
		return false;
	if (frame.segmentation)
		frame.segment_bytes = header->gso_size;
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		frame.flags = PV_NET_CHECKSUM_MISSING;
		frame.checksum_start = header->csum_start;
		frame.checksum_offset = header->csum_offset;
		if (checksum_end(&frame) > len_bytes)
			return false;
	} else if (header->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
		frame.flags = PV_NET_CHECKSUM_GOOD;
	}
	if (frame.segmentation && (frame.flags != PV_NET_CHECKSUM_MISSING ||
				   !frame.segment_bytes))
		return false;
	if (frame.flags & PV_NET_CHECKSUM_MISSING && !offload)
		return false;
	*ret_frame = frame;
	return true;
}

/* Linux's hdr_len is only a hint: it may be more or less than the headers. */
uint32_t hv_net_tcp_length_at(const struct pv_net_frame *frame)
{
	return (uint32_t)frame->checksum_start + TCP_LENGTH_AT;
}

uint16_t hv_net_header_bytes(const struct pv_net_frame *frame,
			     uint8_t tcp_length, uint32_t len_bytes)
{
	uint32_t tcp_bytes = (tcp_length >> 4) * 4u;
	uint32_t bytes = frame->checksum_start + tcp_bytes;

	return tcp_bytes < TCP_HEADER_BYTES_MIN || bytes >= len_bytes ||
			       bytes > UINT16_MAX
		       ? 0 : (uint16_t)bytes;
}
