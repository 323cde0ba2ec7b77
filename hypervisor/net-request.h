/* SPDX-License-Identifier: MIT
 *
 * Whether a network request makes sense, and what is to be known of a frame beside its
 * bytes, as the contract has it (struct pv_net_frame) and as Linux does (struct
 * virtio_net_hdr_v1): pure functions. Nothing of a request is used before it passed its
 * check.
 */
#ifndef HV_NET_REQUEST_H
#define HV_NET_REQUEST_H

#include <linux/virtio_net.h>
#include <pvabi/net.h>
#include <sys/uio.h>

#include "guest-memory.h"

/* Everything but the segments themselves, of a request in the queue of this
 * enum pv_net_op. 0 or -PV_E*. */
int32_t hv_net_request_check(const struct pv_net_request *request, uint8_t op,
			     const struct pv_net_config *config);
/* The segments of one that passed, as host memory: iov has room for
 * PV_NET_SEGMENTS_MAX. 0 or -PV_E*. */
int32_t hv_net_request_map(const struct pv_net_request *request,
			   const struct hv_memory *memory, struct iovec *iov);

/* Of a SEND that passed. */
struct virtio_net_hdr_v1 hv_net_header_of(const struct pv_net_frame *frame);
/* Of a frame that was received, len_bytes long: *ret_frame but for header_bytes, which
 * is in the frame itself. false if it says what no guest could understand, or one that
 * was promised whole frames. */
bool hv_net_frame_of(const struct virtio_net_hdr_v1 *header, uint32_t len_bytes,
		     bool offload, struct pv_net_frame *ret_frame);
/* Where such a frame, if it is segmented, has the byte that tells how long its TCP
 * header is, and header_bytes from that; 0 if that makes no sense. */
uint32_t hv_net_tcp_length_at(const struct pv_net_frame *frame);
uint16_t hv_net_header_bytes(const struct pv_net_frame *frame,
			     uint8_t tcp_length, uint32_t len_bytes);

#endif
