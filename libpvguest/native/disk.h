/* SPDX-License-Identifier: MIT
 *
 * Disks, natively: virtio's block devices (virtio-block.c), and which requests are legal
 * (block-request.c).
 */
#ifndef PVG_NATIVE_DISK_H
#define PVG_NATIVE_DISK_H

#include "queue.h"

struct pvg_disk_request; /* virtio-block.c */

struct pvg_disk {
	struct pvg_driven driven;    /* first: drivers are given a pointer to it */
	struct pv_blk_config config; /* the same as programs see */
	uint32_t discard_sectors_max, zero_sectors_max; /* at once */
	struct pvg_disk_request *requests; /* by head of chain */
};

/* 0, or why the request is not for the disk. */
int32_t pvg_block_check(const struct pv_blk_request *request,
			const struct pv_blk_config *config);

#endif
