/* SPDX-License-Identifier: MIT
 *
 * What is said of a frame beside its bytes, in virtio's words (5.1.6) and in those of
 * <pvabi/net.h>. They differ in that virtio's length of the headers is a hint that
 * nobody vouches for, so that the headers are looked at.
 */
#include <pvguest/libc.h>

#include "../internal.h"
#include "net.h"

#define FLAG_NEEDS_CHECKSUM 1u
#define FLAG_CHECKSUM_GOOD 2u

#define SEGMENTATION_NONE 0u
#define SEGMENTATION_TCP4 1u
#define SEGMENTATION_TCP6 4u

/* RFC 9293, 3.1 */
#define TCP_DATA_OFFSET 12u /* where it is; its upper half counts 32-bit words */
#define TCP_CHECKSUM_OFFSET 16u
#define TCP_HEADER_BYTES 20u

static const uint8_t segmentation_of[] = {
	[PV_NET_WHOLE] = SEGMENTATION_NONE,
	[PV_NET_TCP4] = SEGMENTATION_TCP4,
	[PV_NET_TCP6] = SEGMENTATION_TCP6,
};

struct pvg_net_header pvg_net_header_of(const struct pv_net_frame *frame)
{
	return (struct pvg_net_header){
		.flags = frame->flags & PV_NET_CHECKSUM_MISSING
				 ? FLAG_NEEDS_CHECKSUM : 0,
		.segmentation = segmentation_of[frame->segmentation],
		.header_bytes = frame->header_bytes,
		.segment_bytes = frame->segment_bytes,
		.checksum_start = frame->checksum_start,
		.checksum_offset = frame->checksum_offset,
	};
}

/* ---- the pieces */

/* A list that was changed meanwhile may end before it. */
static uint8_t *byte_at(const struct pvg_net_pieces *pieces, uint32_t offset)
{
	static uint8_t nowhere;
	const struct pv_segment *segment =
		pvg_segments_at(pieces->inline_segment, pieces->segments);

	for (unsigned i = 0; i < pieces->segments; i++, segment++) {
		if (offset < segment->len_bytes)
			return (uint8_t *)(uintptr_t)(segment->gpa + offset);
		offset -= segment->len_bytes;
	}
	return &nowhere;
}

static void put(const struct pvg_net_pieces *pieces, const void *from,
		uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		*byte_at(pieces, i) = ((const uint8_t *)from)[i];
}

static uint8_t frame_byte(const struct pvg_net_pieces *pieces, uint32_t offset)
{
	return *byte_at(pieces,
			(uint32_t)sizeof(struct pv_net_frame) + offset);
}

/* ---- received frames */

static bool take_checksum(const struct pvg_net_header *header,
			  uint32_t len_bytes, struct pv_net_frame *ret_frame)
{
	ret_frame->flags |= PV_NET_CHECKSUM_MISSING;
	ret_frame->checksum_start = header->checksum_start;
	ret_frame->checksum_offset = header->checksum_offset;
	return pvg_net_checksum_is_inside(ret_frame, len_bytes);
}

static bool take_segmentation(const struct pvg_net_header *header,
			      const struct pvg_net_pieces *pieces,
			      uint32_t len_bytes, struct pv_net_frame *ret_frame)
{
	uint32_t start = header->checksum_start, tcp_bytes;

	if ((header->segmentation != SEGMENTATION_TCP4 &&
	     header->segmentation != SEGMENTATION_TCP6) ||
	    !(ret_frame->flags & PV_NET_CHECKSUM_MISSING) ||
	    header->checksum_offset != TCP_CHECKSUM_OFFSET ||
	    !header->segment_bytes || start + TCP_HEADER_BYTES >= len_bytes)
		return false;
	tcp_bytes = (frame_byte(pieces, start + TCP_DATA_OFFSET) >> 4) * 4u;
	if (tcp_bytes < TCP_HEADER_BYTES || start + tcp_bytes >= len_bytes)
		return false;
	ret_frame->segmentation = header->segmentation == SEGMENTATION_TCP4
					  ? PV_NET_TCP4 : PV_NET_TCP6;
	ret_frame->header_bytes = (uint16_t)(start + tcp_bytes);
	ret_frame->segment_bytes = header->segment_bytes;
	return true;
}

bool pvg_net_frame_put(const struct pvg_net_header *header,
		       const struct pvg_net_pieces *pieces, uint32_t len_bytes,
		       bool offload)
{
	struct pv_net_frame frame = { .flags = 0 };

	if (!offload && (header->flags & FLAG_NEEDS_CHECKSUM ||
			 header->segmentation != SEGMENTATION_NONE))
		return false;
	if (offload && header->flags & FLAG_CHECKSUM_GOOD)
		frame.flags |= PV_NET_CHECKSUM_GOOD;
	if (header->flags & FLAG_NEEDS_CHECKSUM &&
	    !take_checksum(header, len_bytes, &frame))
		return false;
	if (header->segmentation != SEGMENTATION_NONE &&
	    !take_segmentation(header, pieces, len_bytes, &frame))
		return false;
	put(pieces, &frame, sizeof(frame));
	return true;
}
