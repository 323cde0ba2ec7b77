/* SPDX-License-Identifier: MIT
 *
 * The host's end of a shared ring (pvabi/ring.h): its indices and what a guest may
 * do to them, taking requests, answering them, telling and being told. What the
 * requests are is the business of the queue it is part of: block-queue.c and its
 * like.
 *
 * Made and cleared on any thread; used on the loop thread.
 */
#ifndef HV_RING_H
#define HV_RING_H

#include <pvabi/ring.h>

#include "doorbell.h"
#include "guest-memory.h"
#include "loop.h"

struct hv_vcpu;

/* A ring that a guest wants served, as checked. */
struct hv_ring_place {
	struct hv_vcpu *vcpu;    /* the one to tell, ... */
	uint32_t port;           /* ... by this port */
	struct pv_ring *shared;
	uint32_t entries;
	const char *device_type; /* these three for messages */
	uint32_t device, queue;
};

/* Counters of all rings of a device, for --stats. */
struct hv_ring_stats {
	uint64_t doorbells; /* rung by the guest and seen here */
	uint64_t events_sent, events_suppressed;
};

struct hv_ring {
	struct hv_ring_place place;
	struct hv_loop *loop;
	struct hv_ring_stats *stats;

	/* Our own indices; those that are shared are only ever written. */
	uint32_t req_cons;
	uint32_t rsp_prod;
	uint32_t rsp_published;
	uint32_t rsp_cons;  /* the guest's, as last seen */
	bool stopped;       /* the guest's indices made no sense */

	struct hv_doorbell doorbell;
	struct hv_job *closing; /* NULL: it is open */
};

/* 0 or -errno. */
int hv_ring_init(struct hv_ring *ring, const struct hv_ring_place *place);
void hv_ring_done(struct hv_ring *ring);

/* Loop thread: */

/* Begin to listen to its doorbell. */
void hv_ring_open(struct hv_ring *ring, struct hv_loop *loop,
		  struct hv_ring_stats *stats);
/* How many requests wait to be taken; 0 once the guest's indices made no sense, for
 * which it is stopped. */
uint32_t hv_ring_waiting(struct hv_ring *ring);
/* Have the guest ring at its next request. Look once more afterwards. */
void hv_ring_arm(struct hv_ring *ring);
/* Show the guest what was answered since last time, and tell it if it asked. */
void hv_ring_publish(struct hv_ring *ring);
/* Listen no more; silent is called when the doorbell is. From now on the queue calls
 * hv_ring_finish when nothing of it is under way. */
void hv_ring_close(struct hv_ring *ring, struct hv_job *job,
		   void (*silent)(struct hv_doorbell *doorbell));
/* If it is closing and its doorbell is silent: publish what there is, and the job is
 * over, with the queue perhaps freed. */
void hv_ring_finish(struct hv_ring *ring);

/* A copy of the next request; there is one waiting. */
static inline void hv_ring_take(struct hv_ring *ring, void *ret_request)
{
	uint32_t slot = ring->req_cons++ & (ring->place.entries - 1);

	hv_copy_once(ret_request,
		     (const uint8_t *)ring->place.shared +
			     PV_RING_REQ_OFFSET(slot),
		     PV_RING_REQ_BYTES);
}

/* Answer a request that was taken; the guest sees it when it is published. */
static inline void hv_ring_answer(struct hv_ring *ring, uint64_t token,
				  int32_t status, uint32_t done_bytes)
{
	uint32_t entries = ring->place.entries;
	uint32_t slot = ring->rsp_prod++ & (entries - 1);
	struct pv_ring_rsp *response =
		(void *)((uint8_t *)ring->place.shared +
			 PV_RING_RSP_OFFSET(entries, slot));

	response->token = token;
	response->status = status;
	response->done_bytes = done_bytes;
}

/* Add to a counter that only this thread writes and others may read. */
static inline void hv_count(uint64_t *counter, uint64_t more)
{
	__atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

/* Read `bytes` of such counters, from any thread. */
void hv_counters_read(const void *counters, void *ret_counters, size_t bytes);

#endif
