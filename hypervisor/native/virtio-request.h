/* SPDX-License-Identifier: MIT
 *
 * A request of virtio's block device: what a chain of buffers asks of a disk, as
 * block-request.h for paravirtual guests. Pure, but for reading guest RAM.
 */
#ifndef HV_VIRTIO_REQUEST_H
#define HV_VIRTIO_REQUEST_H

#include "virtio.h"

#define HV_VIRTIO_SECTOR_BYTES 512u /* whatever the disk's blocks are */

enum hv_virtio_do {
	HV_VIRTIO_DO_IO,     /* op and what follows, by block-io.h */
	HV_VIRTIO_DO_ID,     /* copy the disk's name into the buffers */
	HV_VIRTIO_DO_ANSWER, /* nothing: it failed with `answer` */
	HV_VIRTIO_DO_BREAK   /* it has no place for an answer, or no header */
};

struct hv_virtio_request {
	uint8_t op;     /* enum pv_blk_op */
	uint8_t answer; /* VIRTIO_BLK_S_* */
	uint64_t offset_bytes, len_bytes;
	struct iovec *iov; /* its data, in the chain */
	unsigned iovs;
	uint8_t *status; /* where the answer goes, in guest RAM */
};

/* The chain is taken to pieces, and must outlive *ret_request. */
enum hv_virtio_do hv_virtio_decode(struct hv_virtq_chain *chain,
				   const struct hv_disk *disk,
				   struct hv_virtio_request *ret_request);
#endif
