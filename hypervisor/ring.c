/* SPDX-License-Identifier: MIT
 *
 * See ring.h; the protocol is pvabi/ring.h, whose names are used here.
 */
#include "ring.h"

#include <errno.h>
#include <liburing.h>
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

/* ---- the doorbell */

static void await_doorbell(struct hv_ring *ring)
{
	struct io_uring_sqe *sqe = hv_loop_sqe(ring->loop, &ring->doorbell);

	io_uring_prep_read(sqe, ring->doorbell_fd, &ring->doorbell_count,
			   sizeof(ring->doorbell_count), 0);
	ring->doorbell_awaited = true;
}

/* That the loop turns is all a doorbell is for: it looks at every ring then.
 * One that is rung in a storm is read once a turn. */
static void doorbell_rung(struct hv_io *io, int result)
{
	struct hv_ring *ring = HV_OWNER(io, struct hv_ring, doorbell);

	ring->doorbell_awaited = false;
	if (result == sizeof(ring->doorbell_count))
		hv_count(&ring->stats->doorbells, ring->doorbell_count);
	if (ring->closing)
		ring->closed(ring);
	else
		await_doorbell(ring);
}

/* ---- life */

int hv_ring_init(struct hv_ring *ring, const struct hv_ring_place *place)
{
	*ring = (struct hv_ring){
		.place = *place,
		.doorbell.done = doorbell_rung,
		.doorbell_fd = eventfd(0, EFD_CLOEXEC),
	};
	return ring->doorbell_fd < 0 ? -errno : 0;
}

void hv_ring_done(struct hv_ring *ring)
{
	if (ring->doorbell_fd >= 0)
		close(ring->doorbell_fd);
	ring->doorbell_fd = -1;
}

void hv_ring_open(struct hv_ring *ring, struct hv_loop *loop,
		  struct hv_ring_stats *stats)
{
	ring->loop = loop;
	ring->stats = stats;
	await_doorbell(ring);
}

void hv_ring_close(struct hv_ring *ring, struct hv_job *job,
		   void (*closed)(struct hv_ring *ring))
{
	ring->closing = job;
	ring->closed = closed;
	hv_loop_cancel(ring->loop, &ring->doorbell);
}

void hv_ring_finish(struct hv_ring *ring)
{
	if (!ring->closing || ring->doorbell_awaited)
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
