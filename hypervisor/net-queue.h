/* SPDX-License-Identifier: MIT
 *
 * The two kinds of queues of a network device: net-receive.c lends the guest's buffers
 * to the wire, net-send.c gives the wire the guest's frames. Created and freed on any
 * thread; everything between open and the end of close happens on the loop thread.
 */
#ifndef HV_NET_QUEUE_H
#define HV_NET_QUEUE_H

#include <pvabi/net.h>

#include "wire-io.h"

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
