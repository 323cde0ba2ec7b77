/* SPDX-License-Identifier: MIT
 *
 * Carrying out one checked request on the disk, through the loop's io_uring:
 * short transfers are continued, passing failures retried, and what the host's
 * file system cannot do is done another way. Loop thread only.
 */
#ifndef HV_BLOCK_IO_H
#define HV_BLOCK_IO_H

#include <pvabi/block.h>
#include <sys/uio.h>

#include "disk.h"
#include "loop.h"
#include "ring.h"

/* How a disk is filled with zeroes; found out by trying, best first. */
enum hv_blk_zero_way {
	HV_BLK_ZERO_RANGE, /* allocated, unwritten: later writes have space */
	HV_BLK_ZERO_PUNCH, /* a hole */
	HV_BLK_ZERO_WRITE  /* bytes */
};

/* Counters of all queues of a device, for --stats. */
struct hv_blk_stats {
	uint64_t requests, failed, read_bytes, written_bytes;
	uint64_t batches; /* of requests taken */
	struct hv_ring_stats ring;
};

/* How many requests are taken from a queue at a time, if that many wait; nor more once
 * they move so much through the page cache, which is done at once, and nothing is
 * answered meanwhile. */
#define HV_BLK_BATCH_MAX 32
#define HV_BLK_BATCH_CACHED_BYTES (256u << 10)

/* What all requests to one disk share. */
struct hv_blk_target {
	const struct hv_disk *disk;
	struct hv_loop *loop;
	int file;            /* a registered slot, or else the descriptor */
	bool file_is_slot;
	enum hv_blk_zero_way zero_way;
	struct hv_blk_stats stats;
};

/* One request under way. */
struct hv_blk_io {
	struct hv_io io;
	/* Called once; done_bytes is what was moved for certain. */
	void (*over)(struct hv_blk_io *blk_io, int32_t status,
		     uint32_t done_bytes);
	struct hv_blk_target *target;
	uint8_t op;             /* enum pv_blk_op */
	uint8_t retries;
	uint8_t zero_way;       /* the one being tried */
	uint32_t iovs;
	struct iovec *iov;      /* buffers of what is left */
	uint64_t offset_bytes;  /* where on the disk that begins */
	uint64_t left_bytes;    /* up to the end of the request or the disk */
	uint64_t request_bytes; /* of the whole request */
	uint64_t disk_bytes;    /* of it, those before the end of the disk */
	uint64_t token;
};

/* Give the loop its disk: at the first use, since a disk that is never used costs the
 * loop nothing. */
void hv_blk_target_attach(struct hv_blk_target *target, struct hv_loop *loop);
/* Its counters, from any thread. */
void hv_blk_target_stats(const struct hv_blk_target *target,
			 struct hv_blk_stats *ret_stats);

/* The request passed its checks; op, target, over, iov and iovs are set. */
void hv_blk_io_start(struct hv_blk_io *blk_io, uint64_t offset_bytes,
		     uint64_t len_bytes);

#endif
