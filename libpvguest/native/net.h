/* SPDX-License-Identifier: MIT
 *
 * Networks, natively: virtio's network devices (virtio-net.c), what they tell of a frame
 * (net-frame.c), and which requests are legal (net-request.c).
 */
#ifndef PVG_NATIVE_NET_H
#define PVG_NATIVE_NET_H

#include "queue.h"

/* The device's queues have the numbers of the contract's (5.1.2); the other one is that
 * of RECEIVE. */
#define PVG_NET_SEND_QUEUE 1u

/* In front of each frame (5.1.6). */
struct pvg_net_header {
	uint8_t flags;
	uint8_t segmentation;
	uint16_t header_bytes, segment_bytes;
	uint16_t checksum_start, checksum_offset;
	uint16_t buffers;
};
PV_SIZE_IS(struct pvg_net_header, 12);

/* A frame in the pieces of memory that a request names. */
struct pvg_net_pieces {
	struct pv_segment inline_segment[PV_NET_SEGMENTS_INLINE];
	unsigned segments;
};

struct pvg_net_buffer; /* virtio-net.c */

struct pvg_net_device {
	struct pvg_driven driven;    /* first: drivers are given a pointer to it */
	struct pv_net_config config; /* the same as programs see */
	struct pvg_net_buffer *buffers[PVG_QUEUES_MAX]; /* by head of chain */
};

/* net-request.c: 0, or why the request is not for the queue. */
int32_t pvg_net_check(const struct pv_net_request *request, uint32_t queue,
		      const struct pv_net_config *config);
/* Whether the checksum that a frame of so many bytes lacks is in its payload. */
bool pvg_net_checksum_is_inside(const struct pv_net_frame *frame,
				uint32_t len_bytes);

/* net-frame.c: what is said of a frame, in virtio's words and back. */
struct pvg_net_header pvg_net_header_of(const struct pv_net_frame *frame);
/* A frame of len_bytes lies in the pieces, behind struct pv_net_frame, which is written
 * there. False: the device may not hand on such a frame; `offload`, whether one that
 * lacks a checksum or stands for many. */
bool pvg_net_frame_put(const struct pvg_net_header *header,
		       const struct pvg_net_pieces *pieces, uint32_t len_bytes,
		       bool offload);

#endif
