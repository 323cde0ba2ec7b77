/* SPDX-License-Identifier: MIT
 *
 * The two kinds of queues of a network device: net-receive.c lends the guest's buffers
 * to the wire, net-send.c gives the wire the guest's frames. Created and freed on any
 * thread; everything between open and the end of close happens on the loop thread.
 */
#ifndef HV_NET_QUEUE_H
#define HV_NET_QUEUE_H

#include <pvabi/net.h>

#include "ring.h"
#include "wire.h"

/* Counters of both queues of a device, for --stats. */
struct hv_net_stats {
	uint64_t received_frames, received_bytes;
	uint64_t too_short, too_long; /* frames that came and were dropped */
	uint64_t not_understood;      /* likewise: the host's words on them */
	uint64_t receive_errors;      /* of the host, other than that */
	uint64_t sent_frames, sent_bytes;
	uint64_t sent_to_nobody;      /* of them, frames nobody was there for */
	uint64_t send_waits;          /* times that there was no room to send */
	uint64_t failed;              /* requests that were refused or failed */
	struct hv_ring_stats ring;
};

/* What both queues share. */
struct hv_net_target {
	struct hv_loop *loop;
	struct hv_wire wire;
	struct pv_net_config config;
	bool offload; /* the guest was granted it, and the wire has headers */
	struct hv_net_stats stats;
};

/* 0 or -errno. */
int hv_net_receive_create(const struct hv_ring_place *place,
			  struct hv_ring **ret_ring);
void hv_net_receive_free(struct hv_ring *ring);
int hv_net_send_create(const struct hv_ring_place *place,
		       struct hv_ring **ret_ring);
void hv_net_send_free(struct hv_ring *ring);

/* Loop thread: */

void hv_net_receive_open(struct hv_ring *ring, struct hv_net_target *target);
/* Buffers that wait for a frame go back without an answer. */
void hv_net_receive_close(struct hv_ring *ring, struct hv_job *job);
void hv_net_send_open(struct hv_ring *ring, struct hv_net_target *target);
/* Frames that wait for room fail. */
void hv_net_send_close(struct hv_ring *ring, struct hv_job *job);

#endif
