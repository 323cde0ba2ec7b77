/* SPDX-License-Identifier: MIT
 *
 * See alarm.h. A timeout of io_uring's, linked to the read of an eventfd: that always has
 * 8 bytes to give, a one and seven zeros, and they go to three places.
 *
 * The ring is the thread's own. An operation is run, when it is due, by the thread that
 * submitted it, and that is what interrupts this one; to the loop's ring only the loop's
 * thread may submit. A ring for all has a lock in the kernel, which a thread that reads
 * from disks holds most of the time: timeouts of others were late by milliseconds.
 */
#include "alarm.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "uring.h"

#define ENTRIES 2

enum operation { TIMEOUT = 1, READ, CHANGE };

struct hv_alarm_ring {
	struct io_uring uring;
	int ones; /* the eventfd */
	struct iovec to[3];
	uint8_t rest[8 - 1 - sizeof(uint32_t)];
};

/* A semaphore's gives one at each read, for longer than anybody reads. */
static int make_ones(void)
{
	uint64_t count = UINT64_MAX - 1;
	int r, fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, &count, sizeof(count)) == sizeof(count))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static int make_ring(struct hv_alarm_ring *ring)
{
	int r;

	ring->ones = make_ones();
	if (ring->ones < 0)
		return ring->ones;
	/* None of the flags that spare a thread the interruption: it would stay in the
	 * guest. So it would before Linux 5.19, where KVM_RUN goes on after one; wide
	 * entries, not needed else, have that refuse the ring. */
	r = io_uring_queue_init(ENTRIES, &ring->uring, IORING_SETUP_SQE128);
	if (r < 0)
		close(ring->ones);
	return r;
}

int hv_alarm_make(struct hv_alarm *alarm, uint8_t *byte)
{
	struct hv_alarm_ring *ring = calloc(1, sizeof(*ring));
	int r = ring ? make_ring(ring) : -ENOMEM;

	if (r < 0) {
		free(ring);
		return r;
	}
	ring->to[0] = (struct iovec){ byte, 1 };
	ring->to[1] = (struct iovec){ &alarm->armed, sizeof(alarm->armed) };
	ring->to[2] = (struct iovec){ ring->rest, sizeof(ring->rest) };
	alarm->ring = ring;
	return 0;
}

static struct io_uring_sqe *next(struct hv_alarm_ring *ring, enum operation operation)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	sqe->user_data = operation;
	return sqe;
}

/* And what has become of one operation: 1 if it is under way. Of a timeout and its read
 * the kernel says only what went wrong. */
static int submit(struct hv_alarm_ring *ring, enum operation asked)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;
	int result = 1;

	while (io_uring_sq_ready(&ring->uring)) {
		int r = io_uring_submit(&ring->uring);

		if (!hv_uring_passes(r))
			return r;
	}
	io_uring_for_each_cqe(&ring->uring, head, cqe) {
		if (cqe->user_data == asked)
			result = cqe->res;
		seen++;
	}
	io_uring_cq_advance(&ring->uring, seen);
	return result;
}

static int arm(struct hv_alarm *alarm, struct __kernel_timespec *after)
{
	struct hv_alarm_ring *ring = alarm->ring;
	struct io_uring_sqe *sqe = next(ring, TIMEOUT);
	int r;

	io_uring_prep_timeout(sqe, after, 0, IORING_TIMEOUT_ETIME_SUCCESS);
	sqe->flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	sqe = next(ring, READ);
	io_uring_prep_readv(sqe, ring->ones, ring->to, 3, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	atomic_store(&alarm->armed, 1);
	r = submit(ring, TIMEOUT);
	if (r < 0)
		atomic_store(&alarm->armed, 0);
	return r < 0 ? r : 0;
}

int hv_alarm_set(struct hv_alarm *alarm, uint64_t after_ns)
{
	struct __kernel_timespec after = {
		.tv_sec = (int64_t)(after_ns / HV_NS_PER_S),
		.tv_nsec = (int64_t)(after_ns % HV_NS_PER_S),
	};

	if (hv_alarm_armed(alarm)) {
		io_uring_prep_timeout_update(next(alarm->ring, CHANGE), &after,
					     TIMEOUT, 0);
		/* If there is none to change and it is armed still, it is about
		 * to ring, on another CPU. */
		if (submit(alarm->ring, CHANGE) == 0 || hv_alarm_armed(alarm))
			return 0;
	}
	return arm(alarm, &after);
}

static void take_back(struct hv_alarm *alarm)
{
	io_uring_prep_timeout_remove(next(alarm->ring, CHANGE), TIMEOUT, 0);
	if (submit(alarm->ring, CHANGE) == 0)
		atomic_store(&alarm->armed, 0);
}

/* First nothing may be under way: the ring's own end would not wait for it. */
void hv_alarm_done(struct hv_alarm *alarm)
{
	if (!alarm->ring)
		return;
	while (hv_alarm_armed(alarm))
		take_back(alarm);
	io_uring_queue_exit(&alarm->ring->uring);
	close(alarm->ring->ones);
	free(alarm->ring);
	alarm->ring = NULL;
}
