/* SPDX-License-Identifier: MIT
 *
 * A block device as the guest sees it: a disk and its queues. The queues
 * themselves are block-queue.c, which runs on the loop thread; these functions
 * run on the vCPU thread.
 */
#ifndef HV_BLOCK_H
#define HV_BLOCK_H

#include <pvabi/block.h>

#include "disk.h"

struct hv_block;
struct hv_vm;

/* Counters of all queues of a device, for --stats. */
struct hv_block_stats {
	uint64_t requests, failed, read_bytes, written_bytes;
	uint64_t doorbells;        /* rung by the guest and seen here */
	uint64_t events_sent, events_suppressed;
	uint64_t submits;          /* batches of requests taken */
};

/* Takes over the disk. 0 or -errno. */
int hv_block_create(struct hv_block **ret_block, struct hv_vm *vm,
		    const struct hv_disk *disk);
void hv_block_config(const struct hv_block *block,
		     struct pv_blk_config *ret_config);
/* PV_OP_QUEUE_OPEN: `doorbell`, the number its doorbell shall have, or a status
 * of the contract. */
int64_t hv_block_queue_open(struct hv_block *block, uint32_t queue,
			    pv_gpa_t gpa, uint32_t entries, uint32_t port,
			    uint32_t doorbell);
/* PV_OP_QUEUE_CLOSE: a status of the contract. */
int64_t hv_block_queue_close(struct hv_block *block, uint32_t queue);
/* A doorbell that came as an exit. */
void hv_block_doorbell(struct hv_block *block, uint32_t queue);
void hv_block_stats(const struct hv_block *block,
		    struct hv_block_stats *ret_stats);
/* Close every queue, finish all I/O (or have it cancelled, if the guest did not
 * end by itself), release the disk. Before the loop, the engine and guest RAM
 * go away. NULL is fine. */
void hv_block_free(struct hv_block *block);

#endif
