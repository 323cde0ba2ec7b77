/* SPDX-License-Identifier: MIT
 *
 * Virtio devices of the native machine: "Virtual I/O Device (VIRTIO) Version 1.2",
 * of which here are the MMIO transport (virtio-mmio.c), the split queue
 * (virtio-queue.c, virtio-ring.c), the block device (virtio-block.c) and the network
 * device (virtio-net.c).
 */
#ifndef HV_VIRTIO_H
#define HV_VIRTIO_H

#include <pthread.h>
#include <pvabi/base.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "../disk.h"
#include "../doorbell.h"
#include "../loop.h"
#include "device.h"

struct hv_blk_stats;
struct hv_net_spec;
struct hv_net_stats;
struct hv_ring_stats;
struct hv_vm;

/* ---- a queue. Everything in it is the guest's to change at any time. */

#define HV_VIRTQ_MAX 256u /* entries */

/* As the driver set it up. */
struct hv_virtq_place {
	uint32_t entries;
	pv_gpa_t descriptors, available, used;
};

struct hv_virtq {
	const struct hv_vm *vm;
	struct hv_virtq_place place; /* checked */
	bool event_index; /* VIRTIO_RING_F_EVENT_IDX was taken */
	uint16_t taken;   /* of what is available, free-running as all of these */
	uint16_t put;     /* into what is used */
	uint16_t shown;   /* of that, to the guest */
};

/* One request: its buffers as host memory, those to read first. */
struct hv_virtq_chain {
	uint16_t head;
	unsigned readable, writable; /* how many are in iov */
	struct iovec iov[HV_VIRTQ_MAX];
};

/* 0, or -1: no queue can be there. */
int hv_virtq_open(struct hv_virtq *ret_queue, const struct hv_vm *vm,
		  const struct hv_virtq_place *place, bool event_index);
/* How many requests wait; negative if the index makes no sense. */
int hv_virtq_waiting(const struct hv_virtq *queue);
/* Take one that waits. 0, or -1: it makes no sense. */
int hv_virtq_take(struct hv_virtq *queue, struct hv_virtq_chain *ret_chain);
/* The request is done, and so many bytes were written to it. */
void hv_virtq_put(struct hv_virtq *queue, uint16_t head, uint32_t bytes);
enum hv_virtq_show { HV_VIRTQ_NOTHING, HV_VIRTQ_SHOWN, HV_VIRTQ_INTERRUPT };
/* Show the guest what was put since last time, and whether to interrupt it. */
enum hv_virtq_show hv_virtq_show(struct hv_virtq *queue);
/* Ask the guest to notify of what it makes available from now on, or not to. Look
 * for what waits afterwards. */
void hv_virtq_listen(struct hv_virtq *queue, bool listen);

/* ---- a device */

#define HV_VIRTIO_QUEUES_MAX 2
#define HV_VIRTIO_DEVICES_MAX 19 /* there are no more interrupts */

struct hv_virtio {
	struct hv_device device; /* first: the bus takes a pointer to it */
	struct hv_native *native;
	/* What it is: set before hv_virtio_add. */
	uint32_t id;
	uint64_t features; /* offered */
	const void *config;
	size_t config_bytes;
	unsigned queues;
	/* Serve a queue, which is set up; stop, and have everything answered
	 * that was taken. Called in turn, on a vCPU's thread, but for the last
	 * stop. */
	void (*start)(struct hv_virtio *virtio, unsigned queue);
	void (*stop)(struct hv_virtio *virtio, unsigned queue);

	unsigned gsi;

	pthread_mutex_t lock; /* held while start or stop waits for the loop: not
			       * for the loop thread */
	uint32_t status;
	uint32_t features_page[2]; /* of 32 bits: the device's, the driver's */
	uint64_t driver_features;
	uint32_t queue_number; /* that the registers are about */
	struct hv_virtio_queue {
		struct hv_virtq_place place;
		bool ready, started;
		int doorbell; /* an eventfd, written to when the guest notifies */
	} queue[HV_VIRTIO_QUEUES_MAX];

	pthread_mutex_t interrupt_lock; /* any thread; to change what follows */
	_Atomic uint32_t interrupts; /* VIRTIO_MMIO_INT_* */
	_Atomic bool broken;
};

/* virtio-mmio.c: */

/* Make it a device of the machine, the next in line. 0, or -1 with err. */
int hv_virtio_add(struct hv_virtio *virtio, struct hv_native *native,
		  struct hv_error *err);
void hv_virtio_done(struct hv_virtio *virtio);
/* A queue was used. Any thread. */
void hv_virtio_interrupt(struct hv_virtio *virtio);
/* The driver did what makes no sense: it must reset the device. Any thread. */
void hv_virtio_break(struct hv_virtio *virtio);
/* How it is told on the kernel's command line, as Linux wants it, with a blank. */
#define HV_VIRTIO_WORD_BYTES 64
void hv_virtio_word(const struct hv_virtio *virtio, char ret[HV_VIRTIO_WORD_BYTES]);

/* ---- virtio-ring.c: a queue that the loop serves. The loop thread's, but for init. */

struct hv_virtio_ring {
	struct hv_virtio *virtio;
	struct hv_ring_stats *stats;
	struct hv_loop *loop;
	struct hv_virtq queue;
	bool stopped; /* the driver did what makes no sense */
	struct hv_doorbell doorbell;
	struct hv_job *closing; /* NULL: it is open */
};

/* 0, or -1: no queue can be where the driver wants it. */
int hv_virtio_ring_init(struct hv_virtio_ring *ring, struct hv_virtio *virtio,
			unsigned number, struct hv_ring_stats *stats);
/* As those of hv_ring: */
void hv_virtio_ring_open(struct hv_virtio_ring *ring);
unsigned hv_virtio_ring_waiting(struct hv_virtio_ring *ring);
void hv_virtio_ring_show(struct hv_virtio_ring *ring);
void hv_virtio_ring_close(struct hv_virtio_ring *ring, struct hv_job *job,
			  void (*silent)(struct hv_doorbell *doorbell));
void hv_virtio_ring_finish(struct hv_virtio_ring *ring);
/* What was taken makes no sense: nothing more is taken, and the driver is told. */
void hv_virtio_ring_break(struct hv_virtio_ring *ring);

/* virtio-block.c: */

struct hv_virtio_block;
/* Open the disk and make it a device. 0, or -1 with err. */
int hv_virtio_block_add(struct hv_virtio_block **ret_block,
			struct hv_native *native, unsigned number,
			const struct hv_disk_spec *spec, struct hv_error *err);
const struct hv_virtio *hv_virtio_block_device(const struct hv_virtio_block *block);
void hv_virtio_block_stats(const struct hv_virtio_block *block,
			   struct hv_blk_stats *ret_stats);
/* Finishes its I/O, as hv_block_free. NULL is fine. */
void hv_virtio_block_free(struct hv_virtio_block *block);

/* virtio-net.c: */

struct hv_virtio_net;
/* Open the wire and make it a device. 0, or -1 with err. */
int hv_virtio_net_add(struct hv_virtio_net **ret_net, struct hv_native *native,
		      unsigned number, const struct hv_net_spec *spec,
		      struct hv_error *err);
const struct hv_virtio *hv_virtio_net_device(const struct hv_virtio_net *net);
void hv_virtio_net_stats(const struct hv_virtio_net *net,
			 struct hv_net_stats *ret_stats);
/* What is under way ends first. NULL is fine. */
void hv_virtio_net_free(struct hv_virtio_net *net);

#endif
