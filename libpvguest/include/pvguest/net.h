/* SPDX-License-Identifier: MIT
 *
 * Networks: Ethernet frames out and in. Two ways to use one.
 *
 * Synchronous: pvg_net_send and pvg_net_receive, done when they return. With threads,
 * some may send while others receive; two that do the same do it in turn.
 *
 * Asynchronous, as disks: fill a request, submit it, go on; a request belongs to the
 * device from submit until its status is no longer PVG_NET_IN_FLIGHT. RECEIVE
 * requests lend memory for frames that are still to come, and whoever is called for
 * one submits it again when done with the frame:
 *
 *	pvg_net_prep_receive(&request, memory, net.config.receive_bytes_min);
 *	request.done = on_frame;
 *	pvg_net_submit(&net, &request);        as many as the queue has slots
 *	pvg_net_wait(&net, PV_FOREVER);        runs callbacks, sleeps if need be
 *
 * By events, as a driver handles an interrupt: pvg_port_handle for the ports of both
 * directions, with a handler that polls until pvg_net_arm answers false. Who submits
 * kicks, since nobody polls or waits for it (docs/porting.md, step 11, has it in full).
 *
 * Whoever uses a network asynchronously has it to itself. Waiting holds up the
 * calling thread only.
 *
 * Frames, their order and what may be left to the host are those of <pvabi/net.h>.
 * Nothing here allocates except opening and the first pvg_net_receive.
 */
#ifndef PVGUEST_NET_H
#define PVGUEST_NET_H

#include <pvguest/ring.h>
#include <pvguest/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvg_net_pool;

/* An open network: the first pair of its queues, each with a port of its own, both
 * of one vCPU. */
struct pvg_net {
	struct pvg_ring receive, send;
	struct pv_net_config config; /* address, mtu, limits: checked */
	const char *name;
	/* of the synchronous functions: */
	struct pvg_mutex receive_mutex, send_mutex;
	struct pvg_net_pool *pool; /* NULL before the first pvg_net_receive */
};

#define PVG_NET_IN_FLIGHT 1

struct pvg_net_request {
	struct pv_net_request wire; /* what travels; from pvg_net_prep_* */
	/* Called by poll, wait or close with the status set; may submit, this request
	 * again included, and may free it. NULL: nobody. */
	void (*done)(struct pvg_net_request *request);
	void *user;
	int32_t status;      /* PVG_NET_IN_FLIGHT, then 0 or -PV_E*; -PV_EAGAIN: the
			      * network was closed before anything came of it */
	uint32_t done_bytes; /* SEND: of the frame; RECEIVE: of the frame and the
			      * struct pv_net_frame before it */
};

/* Open a network by its name, or by its place among the networks from 0 on. 0;
 * -PV_ENODEV (no such network, or PV_FEATURE_NET was not granted), -PV_EBUSY (open
 * already), -PV_ENOMEM, -PV_EINVAL. Cost 2 exits. */
int pvg_net_open(struct pvg_net *ret_net, const char *name);
int pvg_net_open_index(struct pvg_net *ret_net, uint32_t index);
/* The same for a network from pvg_device_find; entries of each queue as in
 * pvg_ring_open. */
int pvg_net_open_device(struct pvg_net *ret_net, const struct pv_device *device,
			uint32_t entries);
/* Wait for the SEND requests under way, for as long as the host takes one within a
 * second; then close. All that were not answered end with -PV_EAGAIN, as the RECEIVE
 * requests do whose frames have not come; what their callbacks submit is refused
 * or ends so, too. Cost 2 exits. */
void pvg_net_close(struct pvg_net *net);

/* Synchronous: hand one frame to the host, and wait until it has it, however long
 * that takes where the network is congested; run the callbacks of other SEND
 * requests meanwhile. 0 or -PV_E*, and then the frame is lost. */
int pvg_net_send(struct pvg_net *net, const void *frame, uint32_t len_bytes);

/* Synchronous: wait for one frame until the monotonic clock reaches the deadline; 0
 * only looks. Answers its length, -PV_ETIMEDOUT, -PV_ENOMEM (of the first call), what
 * a RECEIVE request was answered with, or -PV_E2BIG: the frame did not fit and is
 * lost. config.receive_bytes_min bytes are room for any.
 *
 * From the first call on memory of the library's own is lent for some frames; others
 * wait with the host, which drops those that are too many. So a network is
 * received from either by this function or by RECEIVE requests. Where NET_OFFLOAD
 * was granted, only these tell what a frame is (struct pv_net_frame). Cost 0 exits
 * while frames are there, else as pvg_ring_wait; and a copy. */
int pvg_net_receive(struct pvg_net *net, void *ret_frame, uint32_t room_bytes,
		    uint64_t deadline_ns);

/* Fill a request; done and user are left alone. */
static inline void pvg_net_prep(struct pvg_net_request *request,
				enum pv_net_op op)
{
	__builtin_memset(&request->wire, 0, sizeof(request->wire));
	request->wire.op = (uint8_t)op;
}

static inline void pvg_net_prep_one(struct pvg_net_request *request,
				    enum pv_net_op op, const void *memory,
				    uint32_t len_bytes)
{
	pvg_net_prep(request, op);
	request->wire.segments = 1;
	request->wire.len_bytes = len_bytes;
	request->wire.seg[0].gpa = pvg_gpa(memory);
	request->wire.seg[0].len_bytes = len_bytes;
}

/* Memory of at least config.receive_bytes_min bytes: a struct pv_net_frame comes
 * there and the frame behind it. */
static inline void pvg_net_prep_receive(struct pvg_net_request *request,
					void *ret_memory, uint32_t len_bytes)
{
	pvg_net_prep_one(request, PV_NET_RECEIVE, ret_memory, len_bytes);
}

/* What is to be left to the host (config.flags) is set in request->wire.frame after
 * this. */
static inline void pvg_net_prep_send(struct pvg_net_request *request,
				     const void *frame, uint32_t len_bytes)
{
	pvg_net_prep_one(request, PV_NET_SEND, frame, len_bytes);
}

/* The same with up to config.segments_max pieces of memory. More than
 * PV_NET_SEGMENTS_INLINE are not copied: the array stays the request's until it is
 * done. */
void pvg_net_prep_segments(struct pvg_net_request *request, enum pv_net_op op,
			   const struct pv_segment *segment, uint16_t segments);

/* Put a request into the queue that its op is for; the device sees it at the next
 * kick, poll or wait, so that many cost one doorbell. 0, or -PV_EAGAIN if all slots
 * of that queue are under way. No exit. */
static inline int pvg_net_submit(struct pvg_net *net,
				 struct pvg_net_request *request)
{
	struct pvg_ring *ring = request->wire.op == PV_NET_RECEIVE
					? &net->receive
					: &net->send;
	uint64_t token;
	struct pv_net_request *slot =
		(struct pv_net_request *)pvg_ring_push(ring, request, &token);

	if (!slot)
		return -PV_EAGAIN;
	*slot = request->wire;
	slot->token = token;
	request->status = PVG_NET_IN_FLIGHT;
	return 0;
}

/* Show the device what was submitted. Cost 0 exits while it is polling, at most one
 * doorbell for each direction. */
static inline void pvg_net_kick(struct pvg_net *net)
{
	pvg_ring_kick(&net->send);
	pvg_ring_kick(&net->receive);
}

/* Requests submitted and not done. */
static inline uint32_t pvg_net_receiving(const struct pvg_net *net)
{
	return pvg_ring_open_requests(&net->receive);
}

static inline uint32_t pvg_net_sending(const struct pvg_net *net)
{
	return pvg_ring_open_requests(&net->send);
}

/* Kick, finish what has been answered by now in both directions, and tell how many
 * requests that were. Never waits. */
uint32_t pvg_net_poll(struct pvg_net *net);

/* Kick and finish at least one request, waiting for it until the monotonic clock
 * reaches the deadline; 0 only looks. Answers how many were finished, 0 if none is
 * under way, -PV_ETIMEDOUT. Cost 0 exits if an answer comes within pvg_boot.poll_ns,
 * else 1. */
int pvg_net_wait(struct pvg_net *net, uint64_t deadline_ns);

/* The ports of the vCPU that opened the network. They become pending for an answer
 * to a RECEIVE and to a SEND request, if it was asked for: */
static inline unsigned pvg_net_receive_port(const struct pvg_net *net)
{
	return net->receive.port;
}

static inline unsigned pvg_net_send_port(const struct pvg_net *net)
{
	return net->send.port;
}

/* Ask for an event with the next answer in each direction. Whether one is there
 * already: then there is no event for it, and it is to be polled for and asked again.
 * Who looks for done SENDs when it submits the next asks for frames alone:
 * pvg_ring_arm(&net->receive). No exit. */
static inline bool pvg_net_arm(struct pvg_net *net)
{
	bool received = pvg_ring_arm(&net->receive);

	return pvg_ring_arm(&net->send) || received;
}

#ifdef __cplusplus
}
#endif
#endif
