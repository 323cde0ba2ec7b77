/* SPDX-License-Identifier: MIT
 *
 * Frames through a wire, one at a time; see wire.h.
 */
#include "wire.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "wire-stream.h"

void hv_wire_attach(struct hv_wire *wire, struct hv_loop *loop)
{
	int slot = hv_loop_add_file(loop, wire->fd);

	wire->file_is_slot = slot >= 0;
	wire->file = slot >= 0 ? slot : wire->fd;
}

static void set_file(const struct hv_wire *wire, struct io_uring_sqe *sqe)
{
	if (wire->file_is_slot)
		sqe->flags |= IOSQE_FIXED_FILE;
}

/* Whether what was sent and not received leaves room for more. */
static bool has_own_room(const struct hv_wire *wire)
{
	struct pollfd own = { .fd = wire->fd, .events = POLLOUT };

	return poll(&own, 1, 0) > 0;
}

/* A socket that names its receiver with each frame is told of its own room only;
 * whether that one has any is told by another socket, which is connected to it. Either
 * can be what is wanting: to wait for the other would be no wait. Waiting in sendmsg
 * is no way: where io_uring tries that again, it sends a frame of no bytes. */
static bool ask_peer(const struct hv_wire *wire)
{
	return wire->probe >= 0 && has_own_room(wire) &&
	       connect(wire->probe, (const struct sockaddr *)&wire->peer,
		       sizeof(wire->peer)) == 0;
}

void hv_wire_await(const struct hv_wire *wire, struct hv_loop *loop,
		   struct hv_io *io, bool write)
{
	struct io_uring_sqe *sqe = hv_loop_sqe(loop, io);

	if (write && ask_peer(wire)) {
		io_uring_prep_poll_add(sqe, wire->probe, POLLOUT);
		return;
	}
	io_uring_prep_poll_add(sqe, wire->file, write ? POLLOUT : POLLIN);
	set_file(wire, sqe);
}

/* The part of its list that goes to the descriptor. */
static void set_message(const struct hv_wire *wire, struct hv_wire_io *w)
{
	unsigned skip = wire->has_headers ? 0 : 1;

	w->iov[0].iov_base = &w->header;
	w->iov[0].iov_len = sizeof(w->header);
	w->message = (struct msghdr){
		.msg_iov = w->iov + skip, .msg_iovlen = w->iovs - skip,
	};
}

static int take_frame(const struct hv_wire *wire, struct hv_wire_io *w)
{
	return hv_stream_take(wire->stream, w->iov + 1, w->iovs - 1);
}

/* What was read ahead, or else as much as there is. */
static void receive_stream(const struct hv_wire *wire, struct hv_wire_io *w,
			   struct io_uring_sqe *sqe)
{
	struct iovec room;

	w->taken = take_frame(wire, w);
	if (w->taken != -EAGAIN) {
		io_uring_prep_nop(sqe);
		return;
	}
	room = hv_stream_room(wire->stream);
	io_uring_prep_recv(sqe, wire->file, room.iov_base, room.iov_len,
			   MSG_DONTWAIT);
	set_file(wire, sqe);
}

static int received_stream(const struct hv_wire *wire, struct hv_wire_io *w,
			   int result)
{
	if (w->taken != -EAGAIN || result < 0)
		return w->taken != -EAGAIN ? w->taken : result;
	hv_stream_filled(wire->stream, (size_t)result);
	return result ? take_frame(wire, w) : -ESHUTDOWN;
}

unsigned hv_wire_at_hand(const struct hv_wire *wire, unsigned most)
{
	return wire->stream ? hv_stream_frames(wire->stream, most) : 0;
}

/* By a system call; what it said goes through the loop as if that had done it. */
static void call(const struct hv_wire *wire, struct hv_wire_io *w, bool write,
		 struct io_uring_sqe *sqe)
{
	int parts = (int)w->message.msg_iovlen;
	ssize_t bytes = write ? writev(wire->fd, w->message.msg_iov, parts)
			      : readv(wire->fd, w->message.msg_iov, parts);

	w->taken = bytes < 0 ? -errno : (int)bytes;
	io_uring_prep_nop(sqe);
}

void hv_wire_receive(const struct hv_wire *wire, struct hv_loop *loop,
		     struct hv_wire_io *w)
{
	struct io_uring_sqe *sqe = hv_loop_sqe(loop, &w->io);

	memset(&w->header, 0, sizeof(w->header));
	if (wire->stream) {
		receive_stream(wire, w, sqe);
		return;
	}
	set_message(wire, w);
	if (wire->by_calls) {
		call(wire, w, false, sqe);
		return;
	}
	if (wire->is_socket)
		io_uring_prep_recvmsg(sqe, wire->file, &w->message,
				      MSG_DONTWAIT);
	else
		io_uring_prep_readv2(sqe, wire->file, w->message.msg_iov,
				     (unsigned)w->message.msg_iovlen, 0,
				     RWF_NOWAIT);
	set_file(wire, sqe);
}

static void send_socket(const struct hv_wire *wire, struct hv_loop *loop,
			struct hv_wire_io *w, bool more)
{
	struct io_uring_sqe *sqe = hv_loop_sqe(loop, &w->io);

	set_message(wire, w);
	if (wire->peer.sun_family) {
		w->message.msg_name = (void *)(uintptr_t)&wire->peer;
		w->message.msg_namelen = sizeof(wire->peer);
	}
	io_uring_prep_sendmsg(sqe, wire->file, &w->message,
			      MSG_DONTWAIT | MSG_NOSIGNAL);
	set_file(wire, sqe);
	if (more)
		sqe->flags |= IOSQE_IO_LINK;
}

void hv_wire_send(const struct hv_wire *wire, struct hv_loop *loop,
		  struct hv_wire_io *w, bool more)
{
	struct io_uring_sqe *sqe;

	if (wire->is_socket) {
		send_socket(wire, loop, w, more);
		return;
	}
	sqe = hv_loop_sqe(loop, &w->io);
	set_message(wire, w);
	if (wire->by_calls) {
		call(wire, w, true, sqe);
		return;
	}
	io_uring_prep_writev2(sqe, wire->file, w->message.msg_iov,
			      (unsigned)w->message.msg_iovlen, 0, RWF_NOWAIT);
	set_file(wire, sqe);
}

void hv_wire_send_message(const struct hv_wire *wire, struct hv_loop *loop,
			  struct hv_io *io, struct msghdr *message)
{
	struct io_uring_sqe *sqe = hv_loop_sqe(loop, io);

	io_uring_prep_sendmsg(sqe, wire->file, message,
			      MSG_DONTWAIT | MSG_NOSIGNAL);
	set_file(wire, sqe);
}

int hv_wire_received(const struct hv_wire *wire, struct hv_wire_io *w, int result)
{
	int header_bytes = wire->has_headers ? (int)sizeof(w->header) : 0;

	if (wire->stream)
		return received_stream(wire, w, result);
	if (wire->by_calls)
		result = w->taken;
	if (result < 0)
		return result;
	if (result == 0 && wire->has_end)
		return -ESHUTDOWN;
	return result < header_bytes ? 0 : result - header_bytes;
}

int hv_wire_sent(const struct hv_wire *wire, const struct hv_wire_io *w,
		 int result)
{
	return wire->by_calls ? w->taken : result;
}

bool hv_wire_is_loose(const struct hv_wire *wire, int error)
{
	switch (error) {
	case ENOENT: /* no socket there, or nobody who reads it */
	case ECONNREFUSED:
	case ENOTCONN:
	case ECONNRESET:
	case EPIPE:
	case EPERM: /* it talks to another */
		return wire->is_socket;
	case EIO: /* the interface is down, or gone */
	case EBADFD:
		return !wire->is_socket;
	default:
		return false;
	}
}
