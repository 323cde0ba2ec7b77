/* SPDX-License-Identifier: MIT
 *
 * The peer of the network benchmarks: an io_uring loop that does what the guest does,
 * with as many frames under way, a registered file, and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bare-uring.h"
#include "child.h"
#include "net-load.h"

struct bare {
	struct io_uring ring;
	const struct hv_net_task *task;
	int fd;
	uint8_t frame[HV_NET_DEPTH][HV_NET_FRAME_MAX_BYTES];
};

static void push(struct bare *bare, bool receive, unsigned frame)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&bare->ring);

	if (receive)
		io_uring_prep_recv(sqe, 0, bare->frame[frame],
				   HV_NET_FRAME_MAX_BYTES, 0);
	else
		io_uring_prep_send(sqe, 0, bare->frame[frame],
				   bare->task->frame_bytes, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = frame;
}

/* One thing, done before anything else is begun. */
static int do_one(struct bare *bare, bool receive)
{
	struct io_uring_cqe *cqe;
	int r;

	push(bare, receive, 0);
	do
		r = io_uring_submit_and_wait(&bare->ring, 1);
	while (r == -EINTR);
	if (r < 0 || io_uring_peek_cqe(&bare->ring, &cqe) < 0)
		return r < 0 ? r : -EIO;
	r = cqe->res;
	io_uring_cqe_seen(&bare->ring, cqe);
	return r < 0 ? r : 0;
}

static int echo(struct bare *bare)
{
	int r = 0;

	for (uint64_t i = 0; i < bare->task->frames && r == 0; i++) {
		r = do_one(bare, true);
		if (r == 0)
			r = do_one(bare, false);
	}
	return r;
}

/* Take what is complete and put as many again under way, at most `left`. */
static int turn_over(struct bare *bare, bool receive, uint64_t left)
{
	struct io_uring_cqe *cqe;
	unsigned head, taken = 0;
	int failure = 0;

	io_uring_for_each_cqe(&bare->ring, head, cqe) {
		if (cqe->res < 0)
			failure = cqe->res;
		else if (taken < left)
			push(bare, receive, (unsigned)cqe->user_data);
		taken++;
	}
	io_uring_cq_advance(&bare->ring, taken);
	return failure ? failure : (int)taken;
}

static int stream(struct bare *bare, bool receive)
{
	uint64_t left = bare->task->frames, open = 0;

	for (; open < HV_NET_DEPTH && left > 0; open++, left--)
		push(bare, receive, (unsigned)open);
	while (open > 0) {
		int r = io_uring_submit_and_wait(&bare->ring, 1);
		uint64_t again;

		if (r < 0 && r != -EINTR)
			return r;
		r = turn_over(bare, receive, left);
		if (r < 0)
			return r;
		again = (uint64_t)r < left ? (uint64_t)r : left;
		left -= again;
		open -= (uint64_t)r - again;
	}
	return 0;
}

static int work(struct bare *bare)
{
	int r = do_one(bare, false);

	if (r < 0)
		return r;
	switch (bare->task->work) {
	case HV_NET_ECHO:
		return echo(bare);
	case HV_NET_SEND:
		return stream(bare, false);
	case HV_NET_RECEIVE:
	default:
		r = stream(bare, true);
		return r < 0 ? r : do_one(bare, false);
	}
}

static int run(void *argument)
{
	struct bare *bare = argument;
	int r = hv_bare_uring_init(&bare->ring, HV_NET_DEPTH);

	if (r == 0)
		r = io_uring_register_files(&bare->ring, &bare->fd, 1);
	if (r == 0)
		r = work(bare);
	if (r < 0)
		fprintf(stderr, "the io_uring loop failed: %s\n", strerror(-r));
	return r;
}

int hv_bare_net_run(const struct hv_net_task *task, int fd,
		    struct hv_error *err)
{
	static struct bare bare;
	static struct hv_output output;

	bare.task = task;
	bare.fd = fd;
	return hv_child_call(run, &bare, &output, err);
}
