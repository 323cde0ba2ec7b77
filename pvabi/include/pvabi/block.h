/* SPDX-License-Identifier: MIT
 *
 * Block devices: the requests that travel in a ring of a PV_DEVICE_BLOCK.
 *
 * Offsets and lengths are bytes and multiples of logical_block_bytes. A disk
 * whose size is no such multiple has a short last block: a request may end at
 * the size rounded up; what is read past the size is zeroes, what is written
 * past it is dropped.
 *
 * Ordering: requests run in any order, also against each other. A write is on
 * stable storage when a FLUSH that was pushed after the write's response was
 * seen has been answered with 0. FLUSH is no barrier for requests in flight.
 * A failed flush leaves all writes since the last good one in doubt.
 */
#ifndef PVABI_BLOCK_H
#define PVABI_BLOCK_H

#include <pvabi/base.h>
#include <pvabi/ring.h>

enum pv_blk_op {
	PV_BLK_READ = 1,    /* device to segments */
	PV_BLK_WRITE = 2,   /* segments to device. -PV_EROFS, -PV_ENOSPC */
	PV_BLK_FLUSH = 3,   /* no segments, offset and length 0 */
	PV_BLK_DISCARD = 4, /* the range's content is no longer needed; a hint,
			     * reads as anything until written. No segments */
	PV_BLK_ZERO = 5     /* the range reads as zeroes. No segments */
};

/* A disk's address and length are multiples of buffer_align_bytes. The name is that
 * of versions before 1.2. */
#define pv_blk_segment pv_segment

#define PV_BLK_SEGMENTS_INLINE 2

struct pv_blk_request {
	uint8_t op;    /* enum pv_blk_op */
	uint8_t flags; /* must be 0 */
	uint16_t segments; /* up to PV_BLK_SEGMENTS_INLINE: they are in seg[];
			    * more, up to segments_max: seg[0].gpa is the address
			    * (8-byte aligned) of an array of them and
			    * seg[0].len_bytes its length in bytes. What is not
			    * used of seg[] must be 0 */
	uint32_t reserved;     /* must be 0 */
	uint64_t token PV_ALIGNED(8); /* comes back in the response, untouched;
				       * the hypervisor does not compare tokens */
	uint64_t offset_bytes; /* where on the device */
	uint64_t len_bytes;    /* sum of the segments; or the range's length */
	struct pv_blk_segment seg[PV_BLK_SEGMENTS_INLINE];
};
PV_SIZE_IS(struct pv_blk_request, PV_RING_REQ_BYTES);
PV_FIELD_AT(struct pv_blk_request, seg, 32);

#define PV_BLK_READ_ONLY (1u << 0)
#define PV_BLK_CAN_DISCARD (1u << 1) /* else DISCARD answers -PV_EOPNOTSUPP */

/* pv_device.config of a block device. */
struct pv_blk_config {
	uint64_t size_bytes PV_ALIGNED(8);
	uint32_t logical_block_bytes; /* a power of two from 512 to 4096 */
	uint32_t buffer_align_bytes;  /* a power of two from 1 to 4096 */
	uint32_t segments_max;        /* at least 128 */
	uint32_t flags;               /* PV_BLK_* */
	uint64_t request_bytes_max;   /* of READ and WRITE; at least 1 MiB */
	uint64_t reserved[4];
};
PV_SIZE_IS(struct pv_blk_config, 64);

/* What this version's hypervisor offers; guests read the config instead. */
#define PV_BLK_SEGMENTS_MAX 256
#define PV_BLK_REQUEST_MAX_BYTES (8u << 20)
#define PV_BLK_QUEUES_MAX 4
#define PV_BLK_ENTRIES_MAX 256

#endif
