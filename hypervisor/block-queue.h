/* SPDX-License-Identifier: MIT
 *
 * One queue of a block device: the host's end of a shared ring (pvabi/ring.h).
 * It takes requests, has block-io.h carry them out and pushes the responses.
 * Created and freed on any thread; everything between open and the end of close
 * happens on the loop thread.
 */
#ifndef HV_BLOCK_QUEUE_H
#define HV_BLOCK_QUEUE_H

#include <pvabi/block.h>

#include "block-io.h"

struct hv_vm;

/* How many requests are taken at a time, if that many wait. */
#define HV_BLK_BATCH_MIN 8
#define HV_BLK_BATCH_MAX 32
/* Nor more once they move so much through the page cache, which is done at
 * once, and nothing is answered meanwhile. */
#define HV_BLK_BATCH_CACHED_BYTES (256u << 10)

struct hv_blk_slot;

struct hv_blk_queue {
	struct hv_source source;
	struct hv_vm *vm;
	struct hv_blk_target *target;
	struct pv_ring *ring; /* guest RAM: written by the guest at any time */
	uint32_t entries;
	uint32_t port;
	uint32_t doorbell_number; /* names the queue in messages as well */

	/* Our own indices; those in the ring are only ever written. */
	uint32_t req_cons;
	uint32_t rsp_prod;
	uint32_t rsp_published;
	uint32_t rsp_cons;  /* the guest's, as last seen */
	bool stopped;       /* the guest's indices made no sense */

	struct hv_blk_slot *slots;  /* [entries] */
	struct hv_blk_slot *free;
	uint32_t slots_used;        /* those from here on never were */
	uint32_t slots_busy;
	void *arena;
	size_t arena_bytes;

	struct hv_io doorbell;
	bool doorbell_awaited;
	int doorbell_fd;
	uint64_t doorbell_count;

	struct hv_job *closing;     /* over when the queue has drained */
};

/* The ring's place and size were checked. 0 or -errno. */
int hv_blk_queue_create(struct hv_blk_queue **ret_queue, struct hv_vm *vm,
			struct pv_ring *ring, uint32_t entries, uint32_t port,
			uint32_t doorbell_number);
void hv_blk_queue_free(struct hv_blk_queue *queue);

/* Loop thread: */
void hv_blk_queue_open(struct hv_blk_queue *queue,
		       struct hv_blk_target *target);
/* Take nothing more; the job is over when all that was taken is answered. */
void hv_blk_queue_close(struct hv_blk_queue *queue, struct hv_job *job);

#endif
