/* SPDX-License-Identifier: MIT
 *
 * The guest's side of a queue (<pvabi/ring.h>), whatever travels in it. Disks and
 * networks are driven through <pvguest/block.h> and <pvguest/net.h>; this is for
 * drivers.
 *
 *	slot = pvg_ring_push(ring, owner, &token);  fill it, with the token
 *	...                                         as many as there are
 *	pvg_ring_kick(ring);                        one doorbell for them all
 *	while (pvg_ring_pop(ring, &owner, &rsp))    take the answers
 *		...
 *	pvg_ring_wait(ring, deadline_ns);           when there are none
 *
 * Private copies: nothing this side wrote is read back, and nothing the
 * hypervisor wrote is used before it was checked. A token is an index into a
 * table of owners; an answer that names none that is under way, or more answers
 * than requests, make the guest panic.
 *
 * A ring is for one thread at a time. Its events come to the vCPU that opened it,
 * which therefore waits for them best (pvg_port_wait_on).
 */
#ifndef PVGUEST_RING_H
#define PVGUEST_RING_H

#include <pvguest/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pvg_ring {
	/* read and written for every request */
	uint32_t req_prod;      /* slots filled */
	uint32_t req_published; /* of them, shown to the hypervisor */
	uint32_t rsp_cons;      /* answers taken */
	uint32_t rsp_seen;      /* answers known to be there, checked */
	uint32_t mask;          /* entries - 1 */
	uint32_t free_token;    /* head of the free list in owners */
	struct pv_ring *shared;
	/* By token: the owner of a request under way (even), or the next free
	 * token * 2 + 1. */
	uintptr_t *owners;
	/* set at open */
	uint32_t port, doorbell;
	uint32_t vcpu; /* whose port it is: the one that opened the queue */
	uint32_t device, queue;
	uint64_t poll_ns; /* how long waits poll; adapts, from pvg_boot.poll_ns */
};

/* Open a queue of a device with this many slots: a power of two from 2 up to
 * device->queue_entries_max, or 0 for that. 0 or what QUEUE_OPEN answers;
 * -PV_ENOMEM. Takes the ring's pages and a port. Cost 1 exit. */
int pvg_ring_open(struct pvg_ring *ret_ring, const struct pv_device *device,
		  uint32_t queue, uint32_t entries);
/* Close it. The hypervisor finishes what it took first; requests that were not
 * answered are forgotten. Cost 1 exit and the time of the I/O. */
void pvg_ring_close(struct pvg_ring *ring);

/* The same in steps, for owners that are to hear of it: stop, take the answers that
 * are there still, forget one owner after the other until NULL, free. From the first
 * forget on the ring is full. */
void pvg_ring_stop(struct pvg_ring *ring);
void *pvg_ring_forget(struct pvg_ring *ring);
void pvg_ring_free(struct pvg_ring *ring);

/* Requests pushed whose answer was not taken. */
static inline uint32_t pvg_ring_open_requests(const struct pvg_ring *ring)
{
	return ring->req_prod - ring->rsp_cons;
}

static inline void *pvg_ring_request_slot(struct pvg_ring *ring, uint32_t i)
{
	return (char *)ring->shared + PV_RING_REQ_OFFSET(i & ring->mask);
}

static inline const struct pv_ring_rsp *
pvg_ring_response_slot(const struct pvg_ring *ring, uint32_t i)
{
	uint32_t entries = ring->mask + 1;

	return (const struct pv_ring_rsp *)(const void *)(
		(const char *)ring->shared +
		PV_RING_RSP_OFFSET(entries, i & ring->mask));
}

/* The next request slot, PV_RING_REQ_BYTES to be filled completely, and the
 * token to put in it; NULL if the ring is full. owner comes back with the
 * answer: an even address. No exit; not shown before pvg_ring_kick. */
static inline void *pvg_ring_push(struct pvg_ring *ring, void *owner,
				  uint64_t *ret_token)
{
	uint32_t token = ring->free_token;

	if (__builtin_expect(pvg_ring_open_requests(ring) > ring->mask, 0))
		return NULL;
	ring->free_token = (uint32_t)(ring->owners[token] >> 1);
	ring->owners[token] = (uintptr_t)owner;
	*ret_token = token;
	return pvg_ring_request_slot(ring, ring->req_prod++);
}

/* Show everything pushed to the hypervisor and ring the doorbell if it asked to
 * be told. Cost: a full barrier and no exit while it is polling, at most one
 * doorbell. */
void pvg_ring_publish(struct pvg_ring *ring);
static inline void pvg_ring_kick(struct pvg_ring *ring)
{
	if (ring->req_prod != ring->req_published)
		pvg_ring_publish(ring);
}

/* Look for answers that are not in rsp_seen yet, and check their number. */
bool pvg_ring_look(struct pvg_ring *ring);
/* The owner behind a token of the hypervisor's; frees the token. */
void *pvg_ring_take_owner(struct pvg_ring *ring, uint64_t token);

/* Take one answer: a checked copy. False if there is none. No exit. */
static inline bool pvg_ring_pop(struct pvg_ring *ring, void **ret_owner,
				struct pv_ring_rsp *ret_rsp)
{
	const struct pv_ring_rsp *slot;

	if (ring->rsp_cons == ring->rsp_seen && !pvg_ring_look(ring))
		return false;
	slot = pvg_ring_response_slot(ring, ring->rsp_cons);
	ret_rsp->token = __atomic_load_n(&slot->token, __ATOMIC_RELAXED);
	ret_rsp->status = __atomic_load_n(&slot->status, __ATOMIC_RELAXED);
	ret_rsp->done_bytes = __atomic_load_n(&slot->done_bytes,
					      __ATOMIC_RELAXED);
	ring->rsp_cons++;
	*ret_owner = pvg_ring_take_owner(ring, ret_rsp->token);
	return true;
}

/* Ask for an event on ring->port with the next answer; whether one is there
 * already, so that there is no need to wait. For waiting for several rings with
 * pvg_ports_wait: clear the ports, arm the rings, wait. No exit. */
bool pvg_ring_arm(struct pvg_ring *ring);

/* Wait until an answer is there or the monotonic clock reaches the deadline:
 * look for it for pvg_boot.poll_ns, then arm and sleep. 0 or -PV_ETIMEDOUT; a
 * deadline of 0 only looks.
 * Cost 0 exits if the answer comes soon, else 1. */
int pvg_ring_wait(struct pvg_ring *ring, uint64_t deadline_ns);
/* The same for two rings that were opened on one vCPU: until either has an answer. */
int pvg_ring_wait_either(struct pvg_ring *ring, struct pvg_ring *other,
			 uint64_t deadline_ns);

#ifdef __cplusplus
}
#endif
#endif
