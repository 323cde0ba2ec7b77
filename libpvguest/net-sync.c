/* SPDX-License-Identifier: MIT
 *
 * Networks, one frame at a time: what is done when the call returns.
 *
 * pvg_net_receive has buffers of its own. Those with frames wait in a list; one that
 * was emptied goes back into the ring at once, but is shown to the host only when the
 * list is empty, so that a burst of frames costs one doorbell.
 */
#include <pvguest/libc.h>
#include <pvguest/net.h>
#include <pvguest/page.h>

#include "internal.h"

#define BUFFERS 32u

struct buffer {
	struct pvg_net_request request;
	struct pvg_net_pool *pool;
	struct buffer *next;
	const uint8_t *memory;
};

struct pvg_net_pool {
	struct buffer *first, **last; /* with frames, in their order */
	size_t pages;
	struct buffer buffer[BUFFERS];
};

static void append(struct pvg_net_request *request)
{
	struct buffer *buffer = request->user;

	buffer->next = NULL;
	*buffer->pool->last = buffer;
	buffer->pool->last = &buffer->next;
}

static struct buffer *take_first(struct pvg_net_pool *pool)
{
	struct buffer *buffer = pool->first;

	pool->first = buffer->next;
	if (!pool->first)
		pool->last = &pool->first;
	return buffer;
}

static void lend(struct pvg_net *net, struct buffer *buffer)
{
	/* The ring has a slot for each. */
	pvg_net_submit(net, &buffer->request);
}

static bool make_pool(struct pvg_net *net)
{
	uint32_t count = net->receive.mask + 1 < BUFFERS ? net->receive.mask + 1
							 : BUFFERS;
	uint32_t len = (net->config.receive_bytes_min + PV_CACHE_LINE - 1) &
		       ~(PV_CACHE_LINE - 1u);
	size_t header = (sizeof(struct pvg_net_pool) + PV_CACHE_LINE - 1) &
			~(PV_CACHE_LINE - 1ul);
	size_t pages = pvg_pages_for(header + (size_t)count * len);
	struct pvg_net_pool *pool = pvg_pages_alloc(pages);

	if (!pool)
		return false;
	pool->first = NULL;
	pool->last = &pool->first;
	pool->pages = pages;
	net->pool = pool;
	for (uint32_t i = 0; i < count; i++) {
		struct buffer *buffer = &pool->buffer[i];
		uint8_t *memory = (uint8_t *)pool + header + (size_t)i * len;

		buffer->pool = pool;
		buffer->memory = memory;
		buffer->request.done = append;
		buffer->request.user = buffer;
		pvg_net_prep_receive(&buffer->request, memory, len);
		lend(net, buffer);
	}
	return true;
}

void pvg_net_pool_free(struct pvg_net *net)
{
	if (net->pool)
		pvg_pages_free(net->pool, net->pool->pages);
	net->pool = NULL;
}

/* What a buffer has to say: the length of its frame, copied, or -PV_E*. */
static int copy_frame(const struct buffer *buffer, void *ret_frame,
		      uint32_t room_bytes)
{
	uint32_t before = sizeof(struct pv_net_frame);
	uint32_t len = buffer->request.done_bytes - before;

	if (buffer->request.status)
		return buffer->request.status;
	/* The hypervisor's word, not to be trusted with a copy's length. */
	if (buffer->request.done_bytes < before ||
	    buffer->request.done_bytes > buffer->request.wire.len_bytes)
		return -PV_EIO;
	if (len > room_bytes)
		return -PV_E2BIG;
	memcpy(ret_frame, buffer->memory + before, len);
	return (int)len;
}

static int await_frame(struct pvg_net *net, uint64_t deadline_ns)
{
	int error = 0;

	if (!net->pool && !make_pool(net))
		return -PV_ENOMEM;
	while (!net->pool->first && !error)
		if (pvg_net_poll_ring(&net->receive) == 0)
			error = pvg_ring_wait(&net->receive, deadline_ns);
	return error;
}

int pvg_net_receive(struct pvg_net *net, void *ret_frame, uint32_t room_bytes,
		    uint64_t deadline_ns)
{
	int answer = pvg_mutex_lock_until(&net->receive_mutex, deadline_ns);

	if (answer)
		return answer;
	answer = await_frame(net, deadline_ns);
	if (answer == 0) {
		struct buffer *buffer = take_first(net->pool);

		answer = copy_frame(buffer, ret_frame, room_bytes);
		lend(net, buffer);
	}
	pvg_mutex_unlock(&net->receive_mutex);
	return answer;
}

static void make_room(struct pvg_net *net)
{
	if (pvg_net_poll_ring(&net->send) == 0)
		pvg_ring_wait(&net->send, PV_FOREVER);
}

int pvg_net_send(struct pvg_net *net, const void *frame, uint32_t len_bytes)
{
	struct pvg_net_request request;

	request.done = NULL;
	pvg_net_prep_send(&request, frame, len_bytes);
	pvg_mutex_lock(&net->send_mutex);
	while (pvg_net_submit(net, &request) == -PV_EAGAIN)
		make_room(net);
	while (request.status == PVG_NET_IN_FLIGHT)
		make_room(net);
	pvg_mutex_unlock(&net->send_mutex);
	return request.status;
}
