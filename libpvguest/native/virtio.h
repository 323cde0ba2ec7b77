/* SPDX-License-Identifier: MIT
 *
 * Virtio, the driver's end: "Virtual I/O Device (VIRTIO) Version 1.2" (OASIS), whose
 * sections are named. A transport (virtio-mmio.c) and split queues (virtio-queue.c); the
 * devices are disk.h and net.h.
 */
#ifndef PVG_NATIVE_VIRTIO_H
#define PVG_NATIVE_VIRTIO_H

#include <pvabi/base.h>
#include <pvguest/spinlock.h>

/* ---- a queue (2.7): descriptors, heads of chains made available, heads of chains that
 * the device is done with. Guarded by who has it. */

#define PVG_VIRTQ_MAX 256u /* entries */

struct pvg_virtq_descriptor {
	pv_gpa_t gpa PV_ALIGNED(8);
	uint32_t len_bytes;
	uint16_t flags;
	uint16_t next; /* in a chain, or of those that are free */
};
PV_SIZE_IS(struct pvg_virtq_descriptor, 16);
#define PVG_VIRTQ_NEXT 1u
#define PVG_VIRTQ_DEVICE_WRITES 2u

struct pvg_virtq_available {
	uint16_t flags, index;
	uint16_t head[PVG_VIRTQ_MAX];
};

struct pvg_virtq_used {
	uint16_t flags, index;
	struct {
		uint32_t head;
		uint32_t len_bytes; /* that the device wrote */
	} done[PVG_VIRTQ_MAX];
};
#define PVG_VIRTQ_NO_NOTIFY 1u

struct pvg_virtq {
	uint16_t entries; /* a power of two */
	uint16_t free, free_count;
	uint16_t offered; /* free-running, as all indices */
	uint16_t shown;   /* of these, to the device */
	uint16_t taken;   /* of what it is done with */
	struct pvg_virtq_descriptor *descriptor;
	struct pvg_virtq_available *available;
	struct pvg_virtq_used *used;
};

/* What a chain needs from its making to its end. Starts all zero. */
struct pvg_virtq_chain {
	uint16_t head, last, descriptors;
};

/* Takes pages. False: no memory. */
bool pvg_virtq_make(struct pvg_virtq *ret_queue, uint32_t entries);
/* For a device that was reset: nothing was offered to it. Chains stay made. */
void pvg_virtq_rewind(struct pvg_virtq *queue);
/* One more piece at the chain's end; there is a free descriptor for it. */
void pvg_virtq_add(struct pvg_virtq *queue, struct pvg_virtq_chain *chain,
		   const volatile void *at, uint32_t len_bytes, unsigned flags);
/* The chain is complete; or once more what was done. */
void pvg_virtq_offer(struct pvg_virtq *queue, const struct pvg_virtq_chain *chain);
/* Show the device what was offered; whether it wants to be notified. */
bool pvg_virtq_show(struct pvg_virtq *queue);
/* Whether the device is done with any. */
bool pvg_virtq_is_done(const struct pvg_virtq *queue);
/* Take one: its head, below `entries` or it is panic, and the bytes written. */
bool pvg_virtq_take(struct pvg_virtq *queue, const char *name, uint16_t *ret_head,
		    uint32_t *ret_bytes);
void pvg_virtq_give_back(struct pvg_virtq *queue,
			 const struct pvg_virtq_chain *chain);

/* ---- the transport (4.2) */

struct pvg_virtio {
	volatile uint8_t *registers;
	uint64_t address;
	uint32_t gsi;
	uint64_t features; /* agreed upon */
};

#define PVG_VIRTIO_VERSION_1 (UINT64_C(1) << 32)
#define PVG_VIRTIO_NONE 0u
#define PVG_VIRTIO_NET 1u
#define PVG_VIRTIO_BLOCK 2u

/* What is at virtio->address: a kind of device, PVG_VIRTIO_NONE; or that with the
 * reason why what is there cannot be driven. */
uint32_t pvg_virtio_find(struct pvg_virtio *virtio, const char **ret_problem);
/* Reset it and agree on those of the features that it offers. NULL, or the problem. */
const char *pvg_virtio_begin(struct pvg_virtio *virtio, uint64_t features);
/* Make its queue of that number, with up to PVG_VIRTQ_MAX entries; or rewind one that there
 * was before a reset. NULL, or the problem. */
const char *pvg_virtio_add_queue(struct pvg_virtio *virtio, uint32_t number,
				 struct pvg_virtq *ret_queue);
/* Let it work. */
void pvg_virtio_start(struct pvg_virtio *virtio);
void pvg_virtio_reset(struct pvg_virtio *virtio);
/* What it tells of itself, by fields as wide as these. */
uint8_t pvg_virtio_config8(const struct pvg_virtio *virtio, unsigned offset);
uint16_t pvg_virtio_config16(const struct pvg_virtio *virtio, unsigned offset);
uint32_t pvg_virtio_config(const struct pvg_virtio *virtio, unsigned offset);
uint64_t pvg_virtio_config64(const struct pvg_virtio *virtio, unsigned offset);
/* Of what its queue was shown. */
void pvg_virtio_notify(const struct pvg_virtio *virtio, uint32_t queue);
/* Its interrupt: what is done is to be looked for afterwards. Panic if the device
 * gave up. */
void pvg_virtio_acknowledge(const struct pvg_virtio *virtio, const char *name);

#endif
