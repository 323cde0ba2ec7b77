/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: both queues of a network under a guest that follows no protocol, and a
 * peer at the other end of the wire that does as it likes; the wire is a socket of
 * datagrams or a stream. The input is a program of small steps. Nothing is expected but
 * that the hypervisor stays alive and the queues close.
 */
#include <assert.h>
#include <sched.h>
#include <stdlib.h>

#include "../unit/fake-net.h"
#include "steps.h"

/* A request that is right but for what the step adds. */
static void put_request(struct fake_net *net, unsigned queue,
			const struct step *s)
{
	bool send = (s->value & 1) ^ (queue == FAKE_RECEIVE);
	struct pv_net_request r = fake_frame(
		send ? PV_NET_SEND : PV_NET_RECEIVE, s->more, FAKE_BUFFER,
		send ? s->more * 7u : 1500u + s->more * 16u);

	if (s->where & 64)
		((uint8_t *)&r)[s->where & 63] = s->value;
	if (s->where & 128)
		r.segments = s->value % 40u;
	fake_net_put(net, queue, &r);
}

static void peer_sends(struct fake_net *net, const struct step *s)
{
	static uint8_t frame[4096];
	size_t len = s->value * 16u + s->more;

	/* What is a good length in a stream, now and then. */
	frame[2] = (uint8_t)((len - 4) >> 8);
	frame[3] = (uint8_t)(len - 4 + (s->where >> 6));
	for (unsigned i = 0; i <= s->where % 4u; i++)
		send(net->other_end, frame, len % sizeof(frame), MSG_DONTWAIT);
}

static void peer_receives(struct fake_net *net, const struct step *s)
{
	static uint8_t frame[4096];

	for (unsigned i = 0; i < s->value; i++)
		if (recv(net->other_end, frame, sizeof(frame), MSG_DONTWAIT) < 0)
			break;
}

static void step(struct fake_net *net, const struct step *s)
{
	unsigned queue = s->what >> 7;
	struct fake_guest *q = &net->queue[queue];
	uint8_t *ring = fake_ram(&net->guest, fake_net_ring(queue));
	uint32_t at = (s->where << 8 | s->value) %
		      (uint32_t)PV_RING_BYTES(FAKE_NET_ENTRIES);

	switch (s->what & 15) {
	case 0:
		ring[at] = s->more;
		break;
	case 1:
		q->ring->req_prod += s->value % 80u;
		fake_ring_doorbell(q);
		break;
	case 2:
		q->ring->rsp_cons += s->value % 16u;
		break;
	case 3:
		q->ring->rsp_event = q->ring->rsp_prod + s->value;
		break;
	case 4:
		hv_queue_close(&net->guest.vm, 0, queue);
		fake_net_open(net, queue);
		break;
	case 5:
		q->rsp_cons = q->ring->rsp_prod;
		q->ring->rsp_cons = q->rsp_cons;
		break;
	case 6:
		sched_yield();
		break;
	case 7:
	case 8:
		peer_sends(net, s);
		break;
	case 9:
		peer_receives(net, s);
		break;
	default:
		put_request(net, queue, s);
		fake_publish(q, q->req_prod);
		fake_ring_doorbell(q);
	}
}

static void run(struct fake_net *net, const uint8_t *data, size_t bytes)
{
	if (fake_net_open(net, FAKE_RECEIVE) < 0 ||
	    fake_net_open(net, FAKE_SEND) < 0)
		abort();
	for (size_t i = 0; i < steps_in(bytes); i++) {
		const struct step s = step_at(data, i);

		step(net, &s);
	}
	hv_queue_close(&net->guest.vm, 0, FAKE_RECEIVE);
	hv_queue_close(&net->guest.vm, 0, FAKE_SEND);
}

/* As a new VM, without what making one costs. */
static void run_datagrams(const uint8_t *data, size_t bytes)
{
	static struct fake_net net;
	static bool made;

	if (!made) {
		assert(fake_net_make(&net, SOCK_DGRAM) == 0);
		made = true;
	}
	atomic_store(&net.guest.vm.ending, HV_END_NOT);
	atomic_store(&net.guest.vm.end_claimed, false);
	run(&net, data, bytes);
}

/* A stream that made no sense once is given up for good. */
static void run_stream(const uint8_t *data, size_t bytes)
{
	static struct fake_net net;

	assert(fake_net_make(&net, SOCK_STREAM) == 0);
	run(&net, data, bytes);
	fake_net_free(&net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (!bytes)
		return 0;
	if (data[0] & 1)
		run_stream(data + 1, bytes - 1);
	else
		run_datagrams(data + 1, bytes - 1);
	return 0;
}
