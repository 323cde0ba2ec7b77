/* SPDX-License-Identifier: MIT
 *
 * See bare-uring.h.
 */
#include "bare-uring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../clock.h"
#include "../units.h"

/* Before Linux 6.1 there is no DEFER_TASKRUN. */
int hv_bare_uring_init(struct io_uring *ring, unsigned entries)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER |
						   IORING_SETUP_DEFER_TASKRUN };
	int rc = io_uring_queue_init_params(entries, ring, &params);

	return rc == -EINVAL ? io_uring_queue_init(entries, ring, 0) : rc;
}

/* In huge pages, as the guest's RAM is, and every one touched. */
static int buffers_make(struct hv_bare_uring *bare, uint64_t bytes)
{
	bytes = hv_round_up(bytes, HV_HUGE_PAGE_BYTES);
	bare->buffers = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bare->buffers == MAP_FAILED)
		return -errno;
	madvise(bare->buffers, bytes, MADV_HUGEPAGE);
	memset(bare->buffers, 0x5a, bytes);
	bare->buffers_bytes = bytes;
	return 0;
}

static int register_all(struct hv_bare_uring *bare)
{
	struct iovec buffers = { bare->buffers, bare->buffers_bytes };

	bare->fixed = io_uring_register_buffers(&bare->ring, &buffers, 1) == 0;
	return io_uring_register_files(&bare->ring, &bare->fd, 1);
}

static int ring_create(struct hv_bare_uring *bare)
{
	int rc = hv_bare_uring_init(&bare->ring, bare->depth);

	if (rc < 0)
		return rc;
	rc = register_all(bare);
	if (rc < 0)
		io_uring_queue_exit(&bare->ring);
	return rc;
}

int hv_bare_uring_create(struct hv_bare_uring *bare, const char *path,
			 bool direct, uint32_t depth, uint32_t access_bytes,
			 struct hv_error *err)
{
	int rc;

	*bare = (struct hv_bare_uring){ .depth = depth };
	bare->fd = open(path, O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0));
	if (bare->fd < 0)
		return hv_fail(err, HV_STATUS_HOST,
			       "cannot open the test file%s: %s; name another "
			       "place with TMPDIR, or a file with --file",
			       direct ? " with O_DIRECT" : "", strerror(errno));
	rc = buffers_make(bare, (uint64_t)depth * access_bytes);
	if (rc == 0) {
		rc = ring_create(bare);
		if (rc == 0)
			return 0;
		munmap(bare->buffers, bare->buffers_bytes);
	}
	close(bare->fd);
	return hv_fail(err, HV_STATUS_HOST,
		       "the host refuses an io_uring loop: %s", strerror(-rc));
}

static void prepare(const struct hv_bare_uring *bare, struct io_uring_sqe *sqe,
		    const struct hv_access *access, uint8_t *at,
		    uint64_t offset)
{
	if (!bare->fixed && access->write)
		io_uring_prep_write(sqe, 0, at, access->bytes, offset);
	else if (!bare->fixed)
		io_uring_prep_read(sqe, 0, at, access->bytes, offset);
	else if (access->write)
		io_uring_prep_write_fixed(sqe, 0, at, access->bytes, offset, 0);
	else
		io_uring_prep_read_fixed(sqe, 0, at, access->bytes, offset, 0);
}

/* Queue the next access with this buffer, which is free. */
static void push(struct hv_bare_uring *bare, struct hv_access *access,
		 uint64_t buffer)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&bare->ring);

	prepare(bare, sqe, access, bare->buffers + buffer * access->bytes,
		hv_access_next(access));
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = buffer;
}

/* Take what is complete and push as many again, at most `left`. Answers how
 * many were complete, or -errno. */
static int turn_over(struct hv_bare_uring *bare, struct hv_access *access,
		     uint64_t left)
{
	struct io_uring_cqe *cqe;
	unsigned head;
	int taken = 0, failure = 0;

	io_uring_for_each_cqe(&bare->ring, head, cqe) {
		if (cqe->res != (int)access->bytes)
			failure = cqe->res < 0 ? cqe->res : -EIO;
		else if ((uint64_t)taken < left)
			push(bare, access, cqe->user_data);
		taken++;
	}
	io_uring_cq_advance(&bare->ring, (unsigned)taken);
	return failure ? failure : taken;
}

static int run_all(struct hv_bare_uring *bare, struct hv_access *access,
		   uint64_t ops)
{
	uint64_t left = ops, open = 0;

	for (; open < bare->depth && left > 0; open++, left--)
		push(bare, access, open);
	while (open > 0) {
		int rc = io_uring_submit_and_wait(&bare->ring, 1);

		if (rc < 0 && rc != -EINTR)
			return rc;
		rc = turn_over(bare, access, left);
		if (rc < 0)
			return rc;
		if ((uint64_t)rc <= left) {
			left -= (uint64_t)rc;
		} else {
			open -= (uint64_t)rc - left;
			left = 0;
		}
	}
	return 0;
}

int hv_bare_uring_run(struct hv_bare_uring *bare, struct hv_access access,
		      uint64_t ops, uint64_t *ret_ns, struct hv_error *err)
{
	uint64_t start_ns = hv_host_ns();
	int rc = run_all(bare, &access, ops);

	*ret_ns = hv_host_ns() - start_ns;
	if (rc == 0)
		return 0;
	return hv_fail(
		err, HV_STATUS_HOST,
		"the host's io_uring loop cannot move %u bytes at a time "
		"on this file: %s",
		access.bytes, strerror(-rc));
}

void hv_bare_uring_done(struct hv_bare_uring *bare)
{
	io_uring_queue_exit(&bare->ring);
	munmap(bare->buffers, bare->buffers_bytes);
	close(bare->fd);
}
