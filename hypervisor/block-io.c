/* SPDX-License-Identifier: MIT
 *
 * See block-io.h.
 */
#include "block-io.h"

#include <errno.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <pvabi/error.h>
#include <string.h>

/* In a row, without a byte moved in between. */
#define RETRIES_MAX 16

/* Never written to, so that the host's zero page backs it: costs no memory. */
static uint8_t zeroes[64 << 10] __attribute__((aligned(4096)));

void hv_blk_target_attach(struct hv_blk_target *target, struct hv_loop *loop)
{
	int slot = hv_loop_add_file(loop, target->disk->fd);

	target->loop = loop;
	target->file_is_slot = slot >= 0;
	target->file = slot >= 0 ? slot : target->disk->fd;
}

void hv_blk_target_stats(const struct hv_blk_target *target,
			 struct hv_blk_stats *ret_stats)
{
	hv_counters_read(&target->stats, ret_stats, sizeof(*ret_stats));
}

/* The one place where the host's error numbers become the contract's. */
static int32_t status_of(int error)
{
	switch (error) {
	case 0:
		return 0;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -PV_ENOSPC;
	case EROFS:
		return -PV_EROFS;
	case EOPNOTSUPP:
	case ENOSYS:
		return -PV_EOPNOTSUPP;
	case ENOMEM:
		return -PV_ENOMEM;
	default: /* and ECANCELED, which no running guest gets to see */
		return -PV_EIO;
	}
}

/* DISCARD and ZERO may be longer than 32 bits can tell. */
static uint32_t saturated(uint64_t bytes)
{
	return bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
}

static void finish(struct hv_blk_io *b, int error)
{
	struct hv_blk_stats *stats = &b->target->stats;
	uint64_t done = error ? b->disk_bytes - b->left_bytes : b->request_bytes;

	if (b->op == PV_BLK_READ)
		hv_count(&stats->read_bytes, done);
	else if (b->op == PV_BLK_WRITE)
		hv_count(&stats->written_bytes, done);
	b->over(b, status_of(error), saturated(done));
}

static void drop_front(struct hv_blk_io *b, uint64_t bytes)
{
	while (bytes && bytes >= b->iov->iov_len) {
		bytes -= b->iov->iov_len;
		b->iov++;
		b->iovs--;
	}
	if (bytes) {
		b->iov->iov_base = (uint8_t *)b->iov->iov_base + bytes;
		b->iov->iov_len -= bytes;
	}
}

static void drop_back(struct hv_blk_io *b, uint64_t bytes)
{
	while (bytes && bytes >= b->iov[b->iovs - 1].iov_len)
		bytes -= b->iov[--b->iovs].iov_len;
	if (bytes)
		b->iov[b->iovs - 1].iov_len -= bytes;
}

static void clear_buffers(struct hv_blk_io *b)
{
	for (; b->iovs; b->iov++, b->iovs--)
		memset(b->iov->iov_base, 0, b->iov->iov_len);
}

static void prepare_transfer(struct hv_blk_io *b, struct io_uring_sqe *sqe)
{
	bool read = b->op == PV_BLK_READ;

	if (b->iovs == 1)
		io_uring_prep_rw(read ? IORING_OP_READ : IORING_OP_WRITE, sqe,
				 b->target->file, b->iov->iov_base,
				 (unsigned)b->iov->iov_len, b->offset_bytes);
	else
		io_uring_prep_rw(read ? IORING_OP_READV : IORING_OP_WRITEV, sqe,
				 b->target->file, b->iov, b->iovs,
				 b->offset_bytes);
}

static void prepare_fallocate(struct hv_blk_io *b, struct io_uring_sqe *sqe,
			      int mode)
{
	io_uring_prep_fallocate(sqe, b->target->file,
				mode | FALLOC_FL_KEEP_SIZE,
				(off_t)b->offset_bytes, (off_t)b->left_bytes);
}

static void prepare_zero(struct hv_blk_io *b, struct io_uring_sqe *sqe)
{
	uint64_t chunk = b->left_bytes < sizeof(zeroes) ? b->left_bytes
							: sizeof(zeroes);

	b->zero_way = (uint8_t)b->target->zero_way;
	if (b->zero_way == HV_BLK_ZERO_RANGE)
		prepare_fallocate(b, sqe, FALLOC_FL_ZERO_RANGE);
	else if (b->zero_way == HV_BLK_ZERO_PUNCH)
		prepare_fallocate(b, sqe, FALLOC_FL_PUNCH_HOLE);
	else
		io_uring_prep_write(sqe, b->target->file, zeroes,
				    (unsigned)chunk, b->offset_bytes);
}

/* Put what is left of the request under way. */
static void go_on(struct hv_blk_io *b)
{
	struct io_uring_sqe *sqe = hv_loop_sqe(b->target->loop, &b->io);

	switch (b->op) {
	case PV_BLK_READ:
	case PV_BLK_WRITE:
		prepare_transfer(b, sqe);
		break;
	case PV_BLK_DISCARD:
		prepare_fallocate(b, sqe, FALLOC_FL_PUNCH_HOLE);
		break;
	case PV_BLK_ZERO:
		prepare_zero(b, sqe);
		break;
	default: /* FLUSH; also a block device's own cache */
		io_uring_prep_fsync(sqe, b->target->file,
				    IORING_FSYNC_DATASYNC);
	}
	if (b->target->file_is_slot)
		sqe->flags |= IOSQE_FIXED_FILE;
}

static bool moves_bytes(const struct hv_blk_io *b)
{
	return b->op == PV_BLK_READ || b->op == PV_BLK_WRITE ||
	       (b->op == PV_BLK_ZERO && b->zero_way == HV_BLK_ZERO_WRITE);
}

static void moved(struct hv_blk_io *b, uint64_t bytes)
{
	if (bytes > b->left_bytes) /* the file grew behind our back */
		bytes = b->left_bytes;
	b->offset_bytes += bytes;
	b->left_bytes -= bytes;
	b->retries = 0;
	if (b->op != PV_BLK_ZERO)
		drop_front(b, bytes);
}

/* What follows a completion that was no failure. */
static void succeeded(struct hv_blk_io *b, int result)
{
	if (!moves_bytes(b)) {
		finish(b, 0);
		return;
	}
	moved(b, (uint64_t)result);
	if (!b->left_bytes) {
		if (b->op == PV_BLK_READ)
			clear_buffers(b); /* those past the end of the disk */
		finish(b, 0);
	} else if (!result) {
		finish(b, EIO); /* the file shrank */
	} else if (hv_loop_abandoned(b->target->loop)) {
		finish(b, ECANCELED);
	} else {
		go_on(b);
	}
}

/* Whether there is another way to do what the host just refused. */
static bool next_zero_way(struct hv_blk_io *b, int error)
{
	if (b->op != PV_BLK_ZERO || error != EOPNOTSUPP ||
	    b->zero_way == HV_BLK_ZERO_WRITE)
		return false;
	if (b->target->zero_way == b->zero_way)
		b->target->zero_way++;
	return true;
}

static bool may_retry(struct hv_blk_io *b, int error)
{
	return (error == EAGAIN || error == EINTR) &&
	       b->retries++ < RETRIES_MAX;
}

static void io_done(struct hv_io *io, int result)
{
	struct hv_blk_io *b = HV_OWNER(io, struct hv_blk_io, io);

	if (result >= 0)
		succeeded(b, result);
	else if (hv_loop_abandoned(b->target->loop))
		finish(b, -result);
	else if (next_zero_way(b, -result) || may_retry(b, -result))
		go_on(b);
	else
		finish(b, -result);
}

/* What waits for a file system's locks or its journal, io_uring hands to a kernel
 * thread. */
static enum hv_io_pace pace_of(const struct hv_blk_io *b)
{
	if (b->op == PV_BLK_READ)
		return HV_IO_SOON;
	return b->op == PV_BLK_WRITE && b->target->disk->direct ? HV_IO_SOON
								: HV_IO_WORKER;
}

void hv_blk_io_start(struct hv_blk_io *b, uint64_t offset_bytes,
		     uint64_t len_bytes)
{
	uint64_t to_end = b->target->disk->size_bytes - offset_bytes;

	b->io.done = io_done;
	b->io.pace = pace_of(b);
	b->retries = 0;
	b->offset_bytes = offset_bytes;
	b->request_bytes = len_bytes;
	b->left_bytes = len_bytes;
	if (b->op != PV_BLK_FLUSH && len_bytes > to_end) {
		/* Reads keep their whole buffers, whose ends are cleared when
		 * the rest is there: O_DIRECT wants whole blocks. */
		if (b->op == PV_BLK_WRITE)
			drop_back(b, len_bytes - to_end);
		b->left_bytes = to_end;
	}
	b->disk_bytes = b->left_bytes;
	go_on(b);
}
