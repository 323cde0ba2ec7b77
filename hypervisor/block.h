/* SPDX-License-Identifier: MIT
 *
 * A block device as the guest sees it: a disk and its queues. The queues
 * themselves are block-queue.c, which runs on the loop thread; these functions
 * run on any vCPU's thread.
 */
#ifndef HV_BLOCK_H
#define HV_BLOCK_H

#include <pvabi/boot.h>

#include "block-io.h"
#include "disk.h"

struct hv_block;
struct hv_vcpu;
struct hv_vm;

/* Open the disk and make it the VM's next block device. 0, or -1 with err. */
int hv_block_add(struct hv_vm *vm, const struct hv_disk_spec *spec,
		 struct hv_error *err);
/* What the boot info tells of it. */
void hv_block_describe(const struct hv_block *block,
		       struct pv_device *ret_device);
/* PV_OP_QUEUE_OPEN: the number of its doorbell, or a status of the contract.
 * All of this is as the guest gave it. */
int64_t hv_block_queue_open(struct hv_vcpu *vcpu, uint64_t device,
			    uint64_t queue, pv_gpa_t gpa, uint64_t entries,
			    uint64_t port);
/* PV_OP_QUEUE_CLOSE: a status of the contract. */
int64_t hv_block_queue_close(struct hv_vm *vm, uint64_t device, uint64_t queue);
/* A doorbell that came as an exit. */
void hv_block_doorbell(struct hv_vm *vm, uint32_t doorbell);
void hv_block_stats(const struct hv_block *block,
		    struct hv_blk_stats *ret_stats);
/* Close every queue, finish all I/O (or have it cancelled, if the guest did not
 * end by itself), release the disk. Before the loop, the engine and guest RAM
 * go away. NULL is fine. */
void hv_block_free(struct hv_block *block);

#endif
