/* SPDX-License-Identifier: MIT
 *
 * One queue of a block device: the host's end of a shared ring (pvabi/ring.h).
 * It takes requests, has block-io.h carry them out and pushes the responses.
 * Created and freed on any thread; everything between open and the end of close
 * happens on the loop thread.
 */
#ifndef HV_BLOCK_QUEUE_H
#define HV_BLOCK_QUEUE_H

#include <pvabi/ring.h>

struct hv_blk_queue;
struct hv_blk_target;
struct hv_job;
struct hv_vcpu;

/* The ring's place and size were checked; its events go to vcpu; number names the
 * queue in messages. 0 or -errno. */
int hv_blk_queue_create(struct hv_blk_queue **ret_queue, struct hv_vcpu *vcpu,
			struct pv_ring *ring, uint32_t entries, uint32_t port,
			uint32_t number);
void hv_blk_queue_free(struct hv_blk_queue *queue);
/* What rings its doorbell when written to. */
int hv_blk_queue_eventfd(const struct hv_blk_queue *queue);

/* Loop thread: */
void hv_blk_queue_open(struct hv_blk_queue *queue,
		       struct hv_blk_target *target);
/* Take nothing more; the job is over when all that was taken is answered. */
void hv_blk_queue_close(struct hv_blk_queue *queue, struct hv_job *job);

#endif
