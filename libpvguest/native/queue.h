/* SPDX-License-Identifier: MIT
 *
 * The hypervisor's end of rings (<pvabi/ring.h>), natively a driver's: what all kinds of
 * devices have in common. queue.c serves the rings, devices.c finds the devices; what
 * travels in a ring is a struct pvg_driver's to know (virtio-block.c, virtio-net.c).
 */
#ifndef PVG_NATIVE_QUEUE_H
#define PVG_NATIVE_QUEUE_H

#include <pvabi/pvabi.h>

#include "virtio.h"

#define PVG_QUEUES_MAX 2 /* of a device */

struct pvg_driven;

/* A ring, and the device's queue that its requests go to. */
struct pvg_queue {
	struct pvg_driven *driven;
	uint32_t number;
	struct pvg_virtq virtq;
	uint32_t under_way; /* requests that the device has */
	struct pv_ring *ring; /* NULL: none is open */
	uint32_t entries, port, vcpu;
	uint32_t req_cons, rsp_prod, rsp_published;
	uint32_t rsp_cons; /* as last seen */
	bool closing;
	uint64_t closing_since_ns;
};

/* A device with all of its queues: there is one interrupt for them. */
struct pvg_driven {
	struct pvg_virtio virtio;
	const struct pvg_driver *driver;
	struct pv_device *device; /* as programs see it */
	struct pvg_spinlock lock; /* of all below, and of what the driver has */
	struct pvg_queue queue[PVG_QUEUES_MAX]; /* as many as device->queues */
	unsigned open; /* of these */
};

enum pvg_take {
	PVG_TAKE_BEGUN,
	PVG_TAKE_ANSWERED, /* at once */
	PVG_TAKE_LATER     /* the device has no room */
};

/* A kind of device. All but start are called with the lock held. */
struct pvg_driver {
	const char *name; /* such devices are NAME0, NAME1 and so on */
	const char *type; /* in sentences */
	uint32_t kind;    /* PVG_VIRTIO_* */
	/* Find out what the device at driven->virtio is, and start it: fills
	 * driven->device but for its number, and the name only if the device has one.
	 * NULL, or the problem. */
	const char *(*start)(struct pvg_driven *driven);
	/* A request, in a copy of its slot: give it to the device, or answer it. */
	enum pvg_take (*take)(struct pvg_queue *queue, const void *request,
			      struct pv_ring_rsp *ret_rsp);
	/* One answer of the device's, if there is any. */
	bool (*answer)(struct pvg_queue *queue, struct pv_ring_rsp *ret_rsp);
	/* Whether a queue that closes is done with; asked until it is. */
	bool (*is_over)(struct pvg_queue *queue);
};
extern const struct pvg_driver pvg_disk_driver, pvg_net_driver;

/* queue.c: look through a ring, if it is open: answer what the device is done with, take
 * what is asked for. The lock is held. */
void pvg_queue_serve(struct pvg_queue *queue);
/* Only that first part of it; the ring is shown by the next that is whole. */
void pvg_queue_answer(struct pvg_queue *queue);
/* To see whether there is the interrupt that the device has. NULL, or the problem. */
const char *pvg_queue_try_interrupt(struct pvg_driven *driven);

/* devices.c: the device of that number, or NULL. */
struct pvg_driven *pvg_device_of(uint64_t number);

static inline bool pvg_is_multiple(uint64_t value, uint32_t power_of_two)
{
	return !(value & (power_of_two - 1));
}

/* segments.c: the pieces of memory of a request: where they are. */
static inline const struct pv_segment *
pvg_segments_at(const struct pv_segment inline_segment[2], unsigned segments)
{
	return segments > 2 ? (const struct pv_segment *)(uintptr_t)
				      inline_segment[0].gpa
			    : inline_segment;
}
/* Whether what is not used of the inline ones is 0. */
bool pvg_segments_unused_is_zero(const struct pv_segment inline_segment[2],
				 unsigned segments);
/* 0, or why they are not what they must be: D10 of docs/abi.md. */
int32_t pvg_segments_check(const struct pv_segment inline_segment[2],
			   unsigned segments, uint32_t align_bytes,
			   uint64_t len_bytes);

#endif
