/* SPDX-License-Identifier: MIT
 *
 * The guest's side of a queue. Read first <pvabi/ring.h>, then the inline half
 * in <pvguest/ring.h>.
 *
 * rsp_cons is shown to the hypervisor together with new requests and before
 * sleeping only, not for each answer: it needs it to count open requests, and
 * the line it polls stays in its cache meanwhile.
 */
#include <pvguest/clock.h>
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>
#include <pvguest/ring.h>
#include <pvguest/upcall.h>

#include "internal.h"

uint64_t pvg_segments_put(struct pv_segment *ret_inline,
			  const struct pv_segment *segment, uint16_t segments)
{
	uint32_t list_bytes = segments * (uint32_t)sizeof(*segment);
	uint64_t len_bytes = 0;

	for (uint16_t i = 0; i < segments; i++)
		len_bytes += segment[i].len_bytes;
	if (segments <= 2) {
		memcpy(ret_inline, segment, list_bytes);
	} else {
		ret_inline[0].gpa = pvg_gpa(segment);
		ret_inline[0].len_bytes = list_bytes;
	}
	return len_bytes;
}

static size_t ring_pages(uint32_t entries)
{
	return pvg_pages_for(PV_RING_BYTES(entries) +
			     entries * sizeof(uintptr_t));
}

/* The owners' table lies behind the shared part, on the same pages. */
static void lay_out(struct pvg_ring *ring, void *pages, uint32_t entries)
{
	ring->shared = pages;
	ring->mask = entries - 1;
	ring->owners = (uintptr_t *)(void *)((char *)pages +
					     PV_RING_BYTES(entries));
	memset(ring->shared, 0, PV_RING_BYTES(entries));
	for (uint32_t token = 0; token < entries; token++)
		ring->owners[token] = (uintptr_t)(token + 1) << 1 | 1;
}

static int64_t bind_queue(struct pvg_ring *ring)
{
	/* On one vCPU: the events are for that which asks. */
	bool was_masked = pvg_mask_save();
	int64_t doorbell = pvg_op_queue_open(ring->device, ring->queue,
					     pvg_gpa(ring->shared),
					     ring->mask + 1, ring->port);

	ring->vcpu = pvg_vcpu_number();
	pvg_mask_restore(was_masked);
	return doorbell;
}

static int64_t open_queue(struct pvg_ring *ring)
{
	int port = pvg_port_alloc();
	int64_t doorbell;

	if (port < 0)
		return port;
	ring->port = (uint32_t)port;
	doorbell = bind_queue(ring);
	ring->doorbell = (uint32_t)doorbell;
	if (doorbell < 0)
		pvg_port_free(ring->port);
	return doorbell;
}

int pvg_ring_open(struct pvg_ring *ret_ring, const struct pv_device *device,
		  uint32_t queue, uint32_t entries)
{
	struct pvg_ring ring = { .device = device->number, .queue = queue,
				 .poll_ns = pvg_boot.poll_ns };
	int64_t answer;
	void *pages;

	if (entries == 0)
		entries = device->queue_entries_max;
	if (entries < 2 || entries > device->queue_entries_max ||
	    entries & (entries - 1))
		return -PV_EINVAL;
	pages = pvg_pages_alloc(ring_pages(entries));
	if (!pages)
		return -PV_ENOMEM;
	lay_out(&ring, pages, entries);
	answer = open_queue(&ring);
	if (answer < 0) {
		pvg_pages_free(pages, ring_pages(entries));
		return (int)answer;
	}
	*ret_ring = ring;
	return 0;
}

void pvg_ring_stop(struct pvg_ring *ring)
{
	pvg_op_queue_close(ring->device, ring->queue);
}

void *pvg_ring_forget(struct pvg_ring *ring)
{
	ring->req_prod = ring->req_published = ring->rsp_cons + ring->mask + 1;
	for (uint32_t token = 0; token <= ring->mask; token++) {
		uintptr_t owner = ring->owners[token];

		if (owner & 1)
			continue;
		ring->owners[token] = 1;
		return (void *)owner;
	}
	return NULL;
}

void pvg_ring_free(struct pvg_ring *ring)
{
	pvg_port_free(ring->port);
	pvg_pages_free(ring->shared, ring_pages(ring->mask + 1));
	ring->shared = NULL;
}

void pvg_ring_close(struct pvg_ring *ring)
{
	pvg_ring_stop(ring);
	pvg_ring_free(ring);
}

void pvg_ring_publish(struct pvg_ring *ring)
{
	struct pv_ring *shared = ring->shared;
	uint32_t old = ring->req_published;

	__atomic_store_n(&shared->rsp_cons, ring->rsp_cons, __ATOMIC_RELAXED);
	/* Release: the slots, and rsp_cons that makes room for them. */
	__atomic_store_n(&shared->req_prod, ring->req_prod, __ATOMIC_RELEASE);
	ring->req_published = ring->req_prod;
	/* Full: our index before its wish. The hypervisor does the reverse, so
	 * that one of us sees the other. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (pv_ring_must_notify(__atomic_load_n(&shared->req_event,
						__ATOMIC_RELAXED),
				old, ring->req_prod))
		pvg_op_doorbell(ring->doorbell);
}

bool pvg_ring_look(struct pvg_ring *ring)
{
	/* Acquire: the answers before the index are complete. */
	uint32_t prod = __atomic_load_n(&ring->shared->rsp_prod,
					__ATOMIC_ACQUIRE);

	if (prod == ring->rsp_cons && pvg_ring_is_unheard(ring->doorbell))
		prod = __atomic_load_n(&ring->shared->rsp_prod,
				       __ATOMIC_ACQUIRE);
	if (PVG_UNLIKELY(prod - ring->rsp_cons >
			 ring->req_published - ring->rsp_cons))
		pvg_panic("device %u, queue %u: the hypervisor answered more "
			  "requests than were made (%u of %u)", ring->device,
			  ring->queue, prod - ring->rsp_cons,
			  ring->req_published - ring->rsp_cons);
	ring->rsp_seen = prod;
	return prod != ring->rsp_cons;
}

void *pvg_ring_take_owner(struct pvg_ring *ring, uint64_t token)
{
	uintptr_t owner = token <= ring->mask ? ring->owners[token] : 1;

	if (PVG_UNLIKELY(owner & 1))
		pvg_panic("device %u, queue %u: the hypervisor answered token "
			  "%lu, which is not under way", ring->device,
			  ring->queue, (unsigned long)token);
	ring->owners[token] = (uintptr_t)ring->free_token << 1 | 1;
	ring->free_token = (uint32_t)token;
	return (void *)owner;
}

bool pvg_ring_arm(struct pvg_ring *ring)
{
	struct pv_ring *shared = ring->shared;

	__atomic_store_n(&shared->rsp_cons, ring->rsp_cons, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->rsp_event, ring->rsp_cons + 1,
			 __ATOMIC_RELAXED);
	/* Full: our wish before its index; see pvg_ring_publish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return pvg_ring_look(ring);
}

/* Waits poll for pvg_boot.poll_ns times 1 to this. */
#define POLL_GROWTH_MAX 16

/* Where there is no other ring, other is NULL. */
static bool look_at(struct pvg_ring *ring, struct pvg_ring *other)
{
	return pvg_ring_look(ring) || (other && pvg_ring_look(other));
}

static bool arm(struct pvg_ring *ring, struct pvg_ring *other)
{
	bool there = other && pvg_ring_arm(other);

	return pvg_ring_arm(ring) || there;
}

static void clear_ports(const struct pvg_ring *ring, const struct pvg_ring *other)
{
	pvg_port_clear_on(ring->vcpu, ring->port);
	if (other)
		pvg_port_clear_on(ring->vcpu, other->port);
}

static bool poll_until(struct pvg_ring *ring, struct pvg_ring *other,
		       uint64_t end_ns)
{
	do {
		if (look_at(ring, other))
			return true;
		__builtin_ia32_pause();
	} while (pvg_clock_ns() < end_ns && !pvg_others_are_ready());
	return false;
}

static int sleep_until_told(struct pvg_ring *ring, struct pvg_ring *other,
			    uint64_t deadline_ns)
{
	struct pvg_ports ports = { { 0 } };
	int answer = 0;

	pvg_ports_add(&ports, ring->port);
	if (other)
		pvg_ports_add(&ports, other->port);
	for (;;) {
		clear_ports(ring, other);
		if (arm(ring, other))
			return 0;
		if (answer < 0)
			return answer;
		answer = pvg_ports_wait_on(ring->vcpu, &ports, deadline_ns);
	}
}

/* As the hypervisor does with its own: a sleep that polling a little longer would
 * have saved doubles the time; one that none would have saved, as when a disk
 * takes milliseconds, ends that. */
static void adapt_poll(struct pvg_ring *ring, uint64_t waited_ns)
{
	uint64_t max_ns = pvg_boot.poll_ns * POLL_GROWTH_MAX;

	if (waited_ns > max_ns)
		ring->poll_ns = pvg_boot.poll_ns;
	else if (ring->poll_ns < max_ns)
		ring->poll_ns *= 2;
}

int pvg_ring_wait_either(struct pvg_ring *ring, struct pvg_ring *other,
			 uint64_t deadline_ns)
{
	uint64_t began_ns, end_ns;
	int answer;

	if (look_at(ring, other))
		return 0;
	if (deadline_ns == 0)
		return -PV_ETIMEDOUT;
	/* Polling reads the clock; where that is an exit, sleeping is no dearer. */
	if (ring->poll_ns == 0 || !pvg_clock_record)
		return sleep_until_told(ring, other, deadline_ns);
	began_ns = pvg_clock_ns();
	end_ns = began_ns + ring->poll_ns;
	if (poll_until(ring, other, end_ns < deadline_ns ? end_ns : deadline_ns))
		return 0;
	answer = sleep_until_told(ring, other, deadline_ns);
	adapt_poll(ring, pvg_clock_ns() - began_ns);
	return answer;
}

int pvg_ring_wait(struct pvg_ring *ring, uint64_t deadline_ns)
{
	return pvg_ring_wait_either(ring, NULL, deadline_ns);
}
