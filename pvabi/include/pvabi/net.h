/* SPDX-License-Identifier: MIT
 *
 * Network devices: the requests that travel in the rings of a PV_DEVICE_NET. Since
 * version 1.2.
 *
 * A device has queues in pairs: number 2n takes RECEIVE requests, 2n + 1 SEND
 * requests, so that neither fills the other's ring. What travels is Ethernet
 * frames, from the destination address to the last byte of the payload, without
 * preamble and check sequence.
 *
 * RECEIVE lends a buffer: the response comes when a frame is in it, in whichever
 * order of buffers. Frames that come while there is none wait with the host,
 * which drops them when its own queue is full: nothing is kept here. SEND is
 * answered when the host has taken the frame; it may be lost all the same, as on
 * any network.
 *
 * Frames of one queue keep their order; a host that is congested may exchange a
 * few.
 */
#ifndef PVABI_NET_H
#define PVABI_NET_H

#include <pvabi/base.h>
#include <pvabi/ring.h>

enum pv_net_op {
	PV_NET_RECEIVE = 1, /* network to segments; queues of even number */
	PV_NET_SEND = 2     /* segments to network; queues of odd number */
};

/* pv_net_frame.flags */
#define PV_NET_CHECKSUM_MISSING (1u << 0) /* the 16 bits at checksum_start +
	* checksum_offset hold the sum over the pseudo header; who wants it whole adds
	* all from checksum_start to the end, and complements it */
#define PV_NET_CHECKSUM_GOOD (1u << 1) /* received: the host has verified it, or
	* the frame never left it. Not for SEND */

/* A frame that is too long for the network and stands for many: its payload is to be
 * cut into pieces of segment_bytes, each behind its own copy of the headers. */
enum pv_net_segmentation {
	PV_NET_WHOLE = 0, /* none: the frame is what it is */
	PV_NET_TCP4 = 1,
	PV_NET_TCP6 = 2
};

/* What is to be known of a frame beside its bytes: in a SEND request, and at the
 * start of a RECEIVE request's memory. All 0: a frame as it was on the wire. */
struct pv_net_frame {
	uint8_t flags PV_ALIGNED(8); /* PV_NET_CHECKSUM_* */
	uint8_t segmentation;     /* enum pv_net_segmentation; if not 0,
				   * CHECKSUM_MISSING is set too */
	uint16_t header_bytes;    /* if segmented: up to the end of the TCP header */
	uint16_t segment_bytes;   /* if segmented: payload of each piece */
	uint16_t checksum_start;  /* from the frame's start. If CHECKSUM_MISSING */
	uint16_t checksum_offset; /* from checksum_start. If CHECKSUM_MISSING */
	uint16_t reserved[3];     /* must be 0 */
};
PV_SIZE_IS(struct pv_net_frame, 16);

#define PV_NET_SEGMENTS_INLINE 2

struct pv_net_request {
	uint8_t op;    /* enum pv_net_op, that of the queue */
	uint8_t flags; /* must be 0 */
	uint16_t segments; /* as those of struct pv_blk_request */
	uint32_t len_bytes; /* sum of the segments. RECEIVE: at least
			     * receive_bytes_min, the struct pv_net_frame
			     * included */
	uint64_t token PV_ALIGNED(8); /* comes back in the response, untouched */
	struct pv_net_frame frame;    /* of SEND; RECEIVE: must be 0 */
	struct pv_segment seg[PV_NET_SEGMENTS_INLINE];
};
PV_SIZE_IS(struct pv_net_request, PV_RING_REQ_BYTES);
PV_FIELD_AT(struct pv_net_request, frame, 16);
PV_FIELD_AT(struct pv_net_request, seg, 32);

/* The response's done_bytes: of SEND the frame's length; of RECEIVE what was written
 * to the segments: a struct pv_net_frame, then the frame. */

/* pv_net_config.flags: what SEND may leave to the host. */
#define PV_NET_CAN_CHECKSUM (1u << 0)
#define PV_NET_CAN_TCP4 (1u << 1)
#define PV_NET_CAN_TCP6 (1u << 2)

/* pv_device.config of a network device. */
struct pv_net_config {
	uint8_t mac[6] PV_ALIGNED(8);  /* the guest's address */
	uint16_t mtu_bytes; /* payload of a frame, from 68 */
	uint32_t flags;  /* PV_NET_CAN_* */
	uint32_t receive_bytes_min; /* the least a RECEIVE request may have: every
				     * frame that can come fits, and a struct
				     * pv_net_frame. At most 66 KiB */
	uint32_t send_bytes_max; /* of a SEND without segmentation; with: 64 KiB */
	uint32_t segments_max;   /* at least 20 */
	uint64_t reserved[5];
};
PV_SIZE_IS(struct pv_net_config, 64);
PV_FIELD_AT(struct pv_net_config, receive_bytes_min, 12);

#define PV_NET_HEADER_BYTES 14 /* of an Ethernet frame, and the least a frame has */
#define PV_NET_SEGMENTED_MAX_BYTES (64u << 10) /* of a frame that is segmented */

/* What this version's hypervisor offers; guests read the config instead. */
#define PV_NET_SEGMENTS_MAX 32
#define PV_NET_QUEUES_MAX 2
#define PV_NET_ENTRIES_MAX 256

#endif
