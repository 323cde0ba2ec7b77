/* SPDX-License-Identifier: MIT
 *
 * QUEUE_OPEN, QUEUE_CLOSE, DOORBELL: the hypervisor's end of a ring (<pvabi/ring.h>),
 * natively a driver's; see queue.h. A doorbell, and the device's interrupt, have the ring
 * looked through: what is asked for goes to the device, what it is done with is answered.
 *
 * A doorbell is asked for with each batch, for nobody polls. A device has one interrupt,
 * and so one vCPU that works for it: that which opened the first of its queues.
 */
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "queue.h"

/* ---- the ring */

static void push_response(struct pvg_queue *q, const struct pv_ring_rsp *rsp)
{
	uint32_t at = q->rsp_prod++ & (q->entries - 1);

	*(struct pv_ring_rsp *)(void *)((char *)q->ring +
		PV_RING_RSP_OFFSET(q->entries, at)) = *rsp;
}

void pvg_queue_answer(struct pvg_queue *q)
{
	struct pv_ring_rsp rsp;

	while (q->driven->driver->answer(q, &rsp)) {
		q->under_way--;
		push_response(q, &rsp);
	}
}

static void publish(struct pvg_queue *q)
{
	uint32_t old = q->rsp_published;

	if (q->rsp_prod == old)
		return;
	q->rsp_published = q->rsp_prod;
	/* After the responses; and before the look at rsp_event, since who waits
	 * writes that and then looks at rsp_prod. */
	__atomic_store_n(&q->ring->rsp_prod, q->rsp_prod, __ATOMIC_SEQ_CST);
	if (pv_ring_must_notify(__atomic_load_n(&q->ring->rsp_event,
						__ATOMIC_SEQ_CST),
				old, q->rsp_prod))
		pvg_native_port_raise(q->vcpu, q->port);
}

/* As the hypervisor checks them. */
static bool indices_are_sane(const struct pvg_queue *q, uint32_t req_prod,
			     uint32_t rsp_cons)
{
	return rsp_cons - q->rsp_cons <= q->rsp_published - q->rsp_cons &&
	       req_prod - rsp_cons <= q->entries &&
	       req_prod - q->req_cons <= q->entries;
}

static uint32_t count_waiting(struct pvg_queue *q)
{
	/* In this order: each rsp_cons allows all req_prod written after it. */
	uint32_t req_prod = __atomic_load_n(&q->ring->req_prod,
					    __ATOMIC_SEQ_CST);
	uint32_t rsp_cons = __atomic_load_n(&q->ring->rsp_cons,
					    __ATOMIC_RELAXED);

	if (q->closing || req_prod == q->req_cons)
		return 0;
	if (!indices_are_sane(q, req_prod, rsp_cons))
		pvg_panic("the indices of %s device %u, queue %u, make no "
			  "sense: req_prod %u, rsp_cons %u, where %u requests "
			  "were taken and %u answered, in a ring of %u",
			  q->driven->driver->type,
			  q->driven->device->number, q->number, req_prod,
			  rsp_cons, q->req_cons, q->rsp_published, q->entries);
	q->rsp_cons = rsp_cons;
	return req_prod - q->req_cons;
}

static bool take_one(struct pvg_queue *q)
{
	uint64_t request[PV_RING_REQ_BYTES / sizeof(uint64_t)];
	struct pv_ring_rsp rsp = { .done_bytes = 0 };

	memcpy(request, (const char *)q->ring +
			PV_RING_REQ_OFFSET(q->req_cons & (q->entries - 1)),
	       sizeof(request));
	switch (q->driven->driver->take(q, request, &rsp)) {
	case PVG_TAKE_LATER:
		return false;
	case PVG_TAKE_ANSWERED:
		push_response(q, &rsp);
		break;
	case PVG_TAKE_BEGUN:
		q->under_way++;
		break;
	}
	q->req_cons++;
	return true;
}

static void take_all(struct pvg_queue *q)
{
	uint32_t waiting;

	while ((waiting = count_waiting(q)) > 0) {
		while (waiting > 0 && take_one(q))
			waiting--;
		if (waiting > 0)
			return; /* until the device is done with some */
		/* Before the last look, since who pushes reads it afterwards. */
		__atomic_store_n(&q->ring->req_event, q->req_cons + 1,
				 __ATOMIC_SEQ_CST);
	}
}

void pvg_queue_serve(struct pvg_queue *q)
{
	if (!q->ring)
		return;
	pvg_queue_answer(q);
	take_all(q);
	if (pvg_virtq_show(&q->virtq))
		pvg_virtio_notify(&q->driven->virtio, q->number);
	publish(q);
}

static void on_interrupt(void *arg)
{
	struct pvg_driven *d = arg;
	bool was_masked;

	/* First, so that what is done from now on interrupts again. */
	pvg_virtio_acknowledge(&d->virtio, d->device->name);
	was_masked = pvg_spin_lock_masked(&d->lock);
	for (uint32_t i = 0; i < d->device->queues; i++)
		pvg_queue_serve(&d->queue[i]);
	pvg_spin_unlock_masked(&d->lock, was_masked);
}

const char *pvg_queue_try_interrupt(struct pvg_driven *d)
{
	if (pvg_native_irq_route(d->virtio.gsi, on_interrupt, d))
		return "its interrupt is not to be had";
	pvg_native_irq_unroute(d->virtio.gsi);
	return NULL;
}

/* ---- the operations */

static struct pvg_queue *find(uint64_t number, uint32_t queue)
{
	struct pvg_driven *d = pvg_device_of(number);

	return d && queue < d->device->queues ? &d->queue[queue] : NULL;
}

static int64_t doorbell_of(const struct pvg_queue *q)
{
	return (int64_t)q->driven->device->number * PVG_QUEUES_MAX + q->number;
}

static struct pvg_queue *find_by_doorbell(uint64_t doorbell)
{
	return find(doorbell / PVG_QUEUES_MAX, doorbell % PVG_QUEUES_MAX);
}

static bool is_zero(const struct pv_ring *ring)
{
	static const struct pv_ring none;

	return memcmp(ring, &none, sizeof(none)) == 0;
}

static int check_ring(const struct pvg_queue *q, pv_gpa_t gpa, uint32_t entries,
		      uint32_t port)
{
	if (entries < 2 || entries > q->driven->device->queue_entries_max ||
	    entries & (entries - 1) || gpa % PV_CACHE_LINE ||
	    port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	if (!pvg_memory_is_ram(gpa, PV_RING_BYTES(entries)))
		return -PV_EFAULT;
	return is_zero((const struct pv_ring *)(uintptr_t)gpa) ? 0 : -PV_EINVAL;
}

static int open_ring(struct pvg_queue *q, pv_gpa_t gpa, uint32_t entries,
		     uint32_t port)
{
	struct pvg_driven *d = q->driven;
	int answer = q->ring ? -PV_EBUSY : check_ring(q, gpa, entries, port);

	/* Another device may have the same interrupt. */
	if (!answer && d->open == 0)
		answer = pvg_native_irq_route(d->virtio.gsi, on_interrupt, d);
	if (answer)
		return answer;
	d->open++;
	q->ring = (struct pv_ring *)(uintptr_t)gpa;
	q->entries = entries;
	q->port = port;
	q->vcpu = pvg_vcpu_number();
	q->req_cons = q->rsp_prod = q->rsp_published = q->rsp_cons = 0;
	q->closing = false;
	__atomic_store_n(&q->ring->req_event, 1, __ATOMIC_SEQ_CST);
	/* What the device told of while nobody listened: its line is down now. */
	pvg_virtio_acknowledge(&d->virtio, d->device->name);
	pvg_queue_serve(q);
	return 0;
}

int64_t pvg_op_queue_open(uint32_t number, uint32_t queue, pv_gpa_t gpa,
			  uint32_t entries, uint32_t port)
{
	struct pvg_queue *q = find(number, queue);
	bool was_masked;
	int answer;

	if (!q)
		return -PV_ENODEV;
	was_masked = pvg_spin_lock_masked(&q->driven->lock);
	answer = open_ring(q, gpa, entries, port);
	pvg_spin_unlock_masked(&q->driven->lock, was_masked);
	return answer ? answer : doorbell_of(q);
}

static bool start_to_close(struct pvg_queue *q)
{
	bool was_masked = pvg_spin_lock_masked(&q->driven->lock);
	bool is_open = q->ring && !q->closing;

	q->closing = true;
	q->closing_since_ns = (uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC);
	pvg_spin_unlock_masked(&q->driven->lock, was_masked);
	return is_open;
}

static bool is_over(struct pvg_queue *q)
{
	struct pvg_driven *d = q->driven;
	bool was_masked = pvg_spin_lock_masked(&d->lock);
	bool over;

	pvg_queue_serve(q);
	over = d->driver->is_over(q);
	if (over) {
		q->ring = NULL;
		if (--d->open == 0)
			pvg_native_irq_unroute(d->virtio.gsi);
	}
	pvg_spin_unlock_masked(&d->lock, was_masked);
	return over;
}

/* Waits as a hypervisor would, for what the device was given. */
int64_t pvg_op_queue_close(uint32_t number, uint32_t queue)
{
	struct pvg_queue *q = find(number, queue);

	if (!q || !start_to_close(q))
		return -PV_ENODEV;
	while (!is_over(q))
		__builtin_ia32_pause();
	return 0;
}

static void serve_now(struct pvg_queue *q)
{
	bool was_masked = pvg_spin_lock_masked(&q->driven->lock);

	pvg_queue_serve(q);
	pvg_spin_unlock_masked(&q->driven->lock, was_masked);
}

int64_t pvg_op_doorbell(uint64_t number)
{
	struct pvg_queue *q = find_by_doorbell(number);

	if (q)
		serve_now(q);
	return 0;
}

bool pvg_ring_is_unheard(uint32_t doorbell)
{
	struct pvg_queue *q = find_by_doorbell(doorbell);

	if (!q || !pvg_masked() || !pvg_virtq_is_done(&q->virtq))
		return false;
	serve_now(q);
	return true;
}
