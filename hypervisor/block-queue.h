/* SPDX-License-Identifier: MIT
 *
 * One queue of a block device: it takes requests from a ring, has block-io.h carry
 * them out and answers them. Created and freed on any thread; everything between open
 * and the end of close happens on the loop thread.
 */
#ifndef HV_BLOCK_QUEUE_H
#define HV_BLOCK_QUEUE_H

#include "ring.h"

struct hv_blk_target;

/* 0 or -errno. */
int hv_blk_queue_create(const struct hv_ring_place *place,
			struct hv_ring **ret_ring);
void hv_blk_queue_free(struct hv_ring *ring);

/* Loop thread: */
void hv_blk_queue_open(struct hv_ring *ring, struct hv_blk_target *target);
/* Take nothing more; the job is over when all that was taken is answered. */
void hv_blk_queue_close(struct hv_ring *ring, struct hv_job *job);

#endif
