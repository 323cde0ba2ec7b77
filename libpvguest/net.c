/* SPDX-License-Identifier: MIT
 *
 * Networks: opening, requests that are under way together, and closing. net-sync.c
 * is the rest.
 *
 * The two directions have ports of their own: two threads that sleep for one port
 * would take each other's events, since a wait begins by clearing it.
 */
#include <pvguest/clock.h>
#include <pvguest/libc.h>
#include <pvguest/net.h>
#include <pvguest/upcall.h>

#include "internal.h"

/* How long closing waits for the host to take one more frame. */
#define PATIENCE_NS UINT64_C(1000000000)

/* The buffers of net-sync.c rely on these. */
static bool is_sane(const struct pv_net_config *config)
{
	return config->receive_bytes_min >=
		       sizeof(struct pv_net_frame) + PV_NET_HEADER_BYTES &&
	       config->receive_bytes_min <= 66u << 10;
}

/* The events of both go to one vCPU, which is why the caller masks upcalls. */
static int open_queues(struct pvg_net *net, const struct pv_device *device,
		       uint32_t entries)
{
	int error = pvg_ring_open(&net->receive, device, 0, entries);

	if (error)
		return error;
	error = pvg_ring_open(&net->send, device, 1, entries);
	if (error)
		pvg_ring_close(&net->receive);
	return error;
}

int pvg_net_open_device(struct pvg_net *ret_net, const struct pv_device *device,
			uint32_t entries)
{
	struct pvg_net net = { .pool = NULL };
	bool was_masked;
	int error;

	if (!device)
		return -PV_ENODEV;
	memcpy(&net.config, device->config, sizeof(net.config));
	if (!is_sane(&net.config))
		return -PV_EINVAL;
	net.name = device->name;
	was_masked = pvg_mask_save();
	error = open_queues(&net, device, entries);
	pvg_mask_restore(was_masked);
	if (!error)
		*ret_net = net;
	return error;
}

int pvg_net_open(struct pvg_net *ret_net, const char *name)
{
	return pvg_net_open_device(
		ret_net, pvg_device_find(PV_DEVICE_NET, name, 0), 0);
}

int pvg_net_open_index(struct pvg_net *ret_net, uint32_t index)
{
	return pvg_net_open_device(
		ret_net, pvg_device_find(PV_DEVICE_NET, NULL, index), 0);
}

void pvg_net_prep_segments(struct pvg_net_request *request, enum pv_net_op op,
			   const struct pv_segment *segment, uint16_t segments)
{
	pvg_net_prep(request, op);
	request->wire.segments = segments;
	request->wire.len_bytes = (uint32_t)pvg_segments_put(
		request->wire.seg, segment, segments);
}

static void finish(struct pvg_net_request *request, int32_t status,
		   uint32_t done_bytes)
{
	request->done_bytes = done_bytes;
	request->status = status;
	if (request->done)
		request->done(request);
}

uint32_t pvg_net_poll_ring(struct pvg_ring *ring)
{
	struct pv_ring_rsp rsp;
	uint32_t count = 0;
	void *owner;

	pvg_ring_kick(ring);
	/* Callbacks may submit, and a busy network would keep us here. */
	while (count <= ring->mask && pvg_ring_pop(ring, &owner, &rsp)) {
		finish(owner, rsp.status, rsp.done_bytes);
		count++;
	}
	return count;
}

uint32_t pvg_net_poll(struct pvg_net *net)
{
	/* In this order: callbacks for frames find slots to answer them in. */
	uint32_t sent = pvg_net_poll_ring(&net->send);

	return sent + pvg_net_poll_ring(&net->receive);
}

int pvg_net_wait(struct pvg_net *net, uint64_t deadline_ns)
{
	uint32_t count = pvg_net_poll(net);

	while (count == 0 && pvg_net_receiving(net) + pvg_net_sending(net) > 0) {
		int error = pvg_ring_wait_either(&net->receive, &net->send,
						 deadline_ns);

		if (error)
			return error;
		count = pvg_net_poll(net);
	}
	return (int)count;
}

static void end(struct pvg_ring *ring)
{
	void *owner;

	pvg_ring_stop(ring);
	pvg_net_poll_ring(ring);
	while ((owner = pvg_ring_forget(ring)))
		finish(owner, -PV_EAGAIN, 0);
	pvg_ring_free(ring);
}

void pvg_net_close(struct pvg_net *net)
{
	pvg_net_poll_ring(&net->send);
	while (pvg_net_sending(net) > 0 &&
	       pvg_ring_wait(&net->send, pvg_deadline_in(PATIENCE_NS)) == 0)
		pvg_net_poll_ring(&net->send);
	end(&net->receive);
	end(&net->send);
	pvg_net_pool_free(net);
}
