/* SPDX-License-Identifier: MIT
 *
 * A queue of a virtio device as the loop serves it: ring.c for virtio's queues. What is in
 * its chains is the device's business.
 */
#include <linux/virtio_ring.h>

#include "../ring.h"
#include "native.h"
#include "virtio.h"

void hv_virtio_ring_break(struct hv_virtio_ring *ring)
{
	ring->stopped = true;
	hv_virtio_break(ring->virtio);
}

unsigned hv_virtio_ring_waiting(struct hv_virtio_ring *ring)
{
	int waiting;

	if (ring->stopped || hv_loop_abandoned(ring->loop))
		return 0;
	waiting = hv_virtq_waiting(&ring->queue);
	if (waiting < 0)
		hv_virtio_ring_break(ring);
	return waiting < 0 ? 0 : (unsigned)waiting;
}

void hv_virtio_ring_show(struct hv_virtio_ring *ring)
{
	switch (hv_virtq_show(&ring->queue)) {
	case HV_VIRTQ_INTERRUPT:
		hv_count(&ring->stats->events_sent, 1);
		hv_virtio_interrupt(ring->virtio);
		break;
	case HV_VIRTQ_SHOWN:
		hv_count(&ring->stats->events_suppressed, 1);
		break;
	case HV_VIRTQ_NOTHING:
		break;
	}
}

/* ---- life */

int hv_virtio_ring_init(struct hv_virtio_ring *ring, struct hv_virtio *virtio,
			unsigned number, struct hv_ring_stats *stats)
{
	bool event_index = virtio->driver_features &
			   UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX;

	*ring = (struct hv_virtio_ring){
		.virtio = virtio, .stats = stats,
		.doorbell.fd = virtio->queue[number].doorbell,
	};
	return hv_virtq_open(&ring->queue, virtio->native->vm,
			     &virtio->queue[number].place, event_index);
}

void hv_virtio_ring_open(struct hv_virtio_ring *ring)
{
	ring->loop = ring->virtio->native->vm->loop;
	hv_doorbell_open(&ring->doorbell, ring->loop, &ring->stats->doorbells);
}

void hv_virtio_ring_close(struct hv_virtio_ring *ring, struct hv_job *job,
			  void (*silent)(struct hv_doorbell *doorbell))
{
	ring->closing = job;
	hv_doorbell_close(&ring->doorbell, silent);
}

void hv_virtio_ring_finish(struct hv_virtio_ring *ring)
{
	if (!ring->closing || ring->doorbell.awaited)
		return;
	hv_virtio_ring_show(ring);
	hv_loop_job_done(ring->closing);
}
