/* SPDX-License-Identifier: MIT
 *
 * See ring.h; the protocol is pvabi/ring.h, whose names are used here.
 */
#include "ring.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "event.h"
#include "vm.h"

/* ---- responses */

void hv_ring_publish(struct hv_ring *ring)
{
	struct pv_ring *shared = ring->place.shared;
	uint32_t old = ring->rsp_published, event;

	if (ring->rsp_prod == old)
		return;
	ring->rsp_published = ring->rsp_prod;
	/* After the responses; and before the look at rsp_event, since the
	 * guest writes that and then looks at rsp_prod. */
	__atomic_store_n(&shared->rsp_prod, ring->rsp_prod, __ATOMIC_SEQ_CST);
	event = __atomic_load_n(&shared->rsp_event, __ATOMIC_SEQ_CST);
	if (pv_ring_must_notify(event, old, ring->rsp_prod)) {
		hv_count(&ring->stats->events_sent, 1);
		hv_event_raise(ring->place.vcpu, ring->place.port);
	} else {
		hv_count(&ring->stats->events_suppressed, 1);
	}
}

/* ---- requests */

/* The guest's own limits imply every bound we need:
 *
 *	rsp_cons <= rsp_prod <= req_cons <= req_prod <= rsp_cons + entries
 *
 * so what is served has a slot, and its response a place in the ring. */
static bool indices_are_sane(const struct hv_ring *ring, uint32_t req_prod,
			     uint32_t rsp_cons)
{
	uint32_t unseen = ring->rsp_published - ring->rsp_cons;
	uint32_t entries = ring->place.entries;

	return rsp_cons - ring->rsp_cons <= unseen &&
	       req_prod - rsp_cons <= entries &&
	       req_prod - ring->req_cons <= entries;
}

static void stop_guest(struct hv_ring *ring, uint32_t req_prod,
		       uint32_t rsp_cons)
{
	const struct hv_ring_place *place = &ring->place;

	ring->stopped = true;
	hv_guest_kill(place->vcpu->vm,
		      "the indices of %s device %u, queue %u, make no sense: req_prod %u, rsp_cons %u, where %u requests were taken and %u answered, in a ring of %u",
		      place->device_type, place->device, place->queue, req_prod,
		      rsp_cons, ring->req_cons, ring->rsp_published,
		      place->entries);
}

uint32_t hv_ring_waiting(struct hv_ring *ring)
{
	struct pv_ring *shared = ring->place.shared;
	/* In this order: each rsp_cons allows all req_prod written after it. */
	uint32_t req_prod = __atomic_load_n(&shared->req_prod, __ATOMIC_ACQUIRE);
	uint32_t rsp_cons;

	if (req_prod == ring->req_cons || ring->stopped ||
	    hv_loop_abandoned(ring->loop))
		return 0;
	rsp_cons = __atomic_load_n(&shared->rsp_cons, __ATOMIC_RELAXED);
	if (!indices_are_sane(ring, req_prod, rsp_cons)) {
		stop_guest(ring, req_prod, rsp_cons);
		return 0;
	}
	ring->rsp_cons = rsp_cons;
	return req_prod - ring->req_cons;
}

void hv_ring_arm(struct hv_ring *ring)
{
	/* Before the last look, since the guest pushes and then reads it. */
	__atomic_store_n(&ring->place.shared->req_event, ring->req_cons + 1,
			 __ATOMIC_SEQ_CST);
}

/* ---- life */

int hv_ring_init(struct hv_ring *ring, const struct hv_ring_place *place)
{
	*ring = (struct hv_ring){
		.place = *place,
		.doorbell.fd = eventfd(0, EFD_CLOEXEC),
	};
	return ring->doorbell.fd < 0 ? -errno : 0;
}

void hv_ring_done(struct hv_ring *ring)
{
	if (ring->doorbell.fd >= 0)
		close(ring->doorbell.fd);
	ring->doorbell.fd = -1;
}

void hv_ring_open(struct hv_ring *ring, struct hv_loop *loop,
		  struct hv_ring_stats *stats)
{
	ring->loop = loop;
	ring->stats = stats;
	hv_doorbell_open(&ring->doorbell, loop, &stats->doorbells);
}

void hv_ring_close(struct hv_ring *ring, struct hv_job *job,
		   void (*silent)(struct hv_doorbell *doorbell))
{
	ring->closing = job;
	hv_doorbell_close(&ring->doorbell, silent);
}

void hv_ring_finish(struct hv_ring *ring)
{
	if (!ring->closing || ring->doorbell.awaited)
		return;
	hv_ring_publish(ring);
	hv_loop_job_done(ring->closing);
}

void hv_counters_read(const void *counters, void *ret_counters, size_t bytes)
{
	const uint64_t *from = counters;
	uint64_t *to = ret_counters;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}
