/* SPDX-License-Identifier: MIT
 *
 * See wire-io.h. Frames are written in batches, by writes that do not wait. Once one
 * finds no room no new ones are taken until all that found none are written, in their
 * order. On a socket that is that of the guest: one that finds no room holds up those
 * behind it.
 */
#include <errno.h>

#include "wire-io.h"
#include "wire-stream.h"

static void hold(struct hv_wire_writer *w, struct hv_wire_io *frame)
{
	frame->next = NULL;
	*w->end = frame;
	w->end = &frame->next;
}

static struct hv_wire_io *get_held(struct hv_wire_writer *w)
{
	struct hv_wire_io *frame = w->held;

	w->held = frame->next;
	if (!w->held)
		w->end = &w->held;
	return frame;
}

/* ---- what became of it */

static void finish(struct hv_wire_writer *w, struct hv_wire_io *frame,
		   bool failed)
{
	if (failed) {
		hv_count(&w->stats->failed, 1);
	} else {
		hv_count(&w->stats->sent_frames, 1);
		hv_count(&w->stats->sent_bytes, frame->frame_bytes);
	}
	w->written(w, frame, failed);
}

static void written(struct hv_wire_writer *w, struct hv_wire_io *frame,
		    int result)
{
	bool loose = result < 0 && hv_wire_is_loose(w->wire, -result);

	if (loose)
		hv_count(&w->stats->sent_to_nobody, 1);
	finish(w, frame, result < 0 && !loose);
}

static void write_done(struct hv_io *io, int result)
{
	struct hv_wire_io *frame = HV_OWNER(io, struct hv_wire_io, io);
	struct hv_wire_writer *w = frame->with;

	result = hv_wire_sent(w->wire, frame, result);
	w->writing--;
	if (result == -EAGAIN || result == -EINTR || result == -ECANCELED) {
		hold(w, frame);
	} else {
		/* Those that were to follow one that failed otherwise may go. */
		w->has_room |= result < 0;
		written(w, frame, result);
	}
	w->settled(w);
}

static void room_came(struct hv_io *io, int result)
{
	struct hv_wire_writer *w = HV_OWNER(io, struct hv_wire_writer, room);

	w->awaited = false;
	w->has_room = result != -ECANCELED;
	w->settled(w);
}

/* ---- frames */

void hv_wire_write(struct hv_wire_writer *w, struct hv_wire_io *frame,
		   struct iovec *iov, unsigned iovs, uint32_t len_bytes)
{
	frame->io.done = write_done;
	frame->with = w;
	frame->iov = iov;
	frame->iovs = iovs;
	frame->frame_bytes = len_bytes;
	hold(w, frame);
}

/* ---- a stream: what is held goes as one message, and some of it may be taken */

static size_t stream_bytes(const struct hv_wire_io *frame)
{
	return HV_STREAM_LENGTH_BYTES + (size_t)frame->frame_bytes;
}

/* Its length and itself, without the first bytes. */
static void append(struct hv_stream *s, struct hv_wire_io *frame, size_t skip)
{
	uint8_t *length = (uint8_t *)&frame->header;

	hv_stream_put_length(length, frame->frame_bytes);
	frame->iov[0] = (struct iovec){ length, HV_STREAM_LENGTH_BYTES };
	for (unsigned i = 0; i < frame->iovs; i++) {
		struct iovec part = frame->iov[i];
		size_t n = skip < part.iov_len ? skip : part.iov_len;

		part.iov_base = (uint8_t *)part.iov_base + n;
		part.iov_len -= n;
		skip -= n;
		s->iov[s->message.msg_iovlen++] = part;
	}
}

static void write_stream(struct hv_wire_writer *w)
{
	struct hv_stream *s = w->wire->stream;
	size_t skip = s->sent;

	s->message = (struct msghdr){ .msg_iov = s->iov, .msg_iovlen = 1 };
	s->iov[0] = hv_stream_owed(s);
	w->stream_bytes = s->owed;
	for (struct hv_wire_io *frame = w->held; frame; frame = frame->next) {
		if (s->message.msg_iovlen + frame->iovs > HV_STREAM_IOV_MAX)
			break;
		append(s, frame, skip);
		w->stream_bytes += stream_bytes(frame) - skip;
		skip = 0;
	}
	w->writing++;
	hv_wire_send_message(w->wire, w->loop, &w->stream_io, &s->message);
}

static void stream_took(struct hv_wire_writer *w, size_t bytes)
{
	struct hv_stream *s = w->wire->stream;
	size_t owed = bytes < s->owed ? bytes : s->owed;

	s->owed -= owed;
	bytes -= owed;
	while (w->held && s->sent + bytes >= stream_bytes(w->held)) {
		bytes -= stream_bytes(w->held) - s->sent;
		s->sent = 0;
		finish(w, get_held(w), false);
	}
	s->sent += bytes;
}

static void stream_written(struct hv_io *io, int result)
{
	struct hv_wire_writer *w = HV_OWNER(io, struct hv_wire_writer, stream_io);

	w->writing--;
	if (result >= 0) {
		w->has_room = (size_t)result == w->stream_bytes;
		stream_took(w, (size_t)result);
	} else if (result != -EAGAIN && result != -EINTR &&
		   result != -ECANCELED) {
		hv_stream_give_up(w->wire->stream, stream_bytes(w->held));
		w->has_room = true;
		written(w, get_held(w), result);
	}
	w->settled(w);
}

void hv_wire_write_all(struct hv_wire_writer *w)
{
	w->has_room = false;
	if (w->wire->stream && w->held)
		write_stream(w);
	while (!w->wire->stream && w->held) {
		struct hv_wire_io *frame = get_held(w);

		w->writing++;
		hv_wire_send(w->wire, w->loop, frame, w->held);
	}
}

unsigned hv_wire_writable(const struct hv_wire_writer *w)
{
	unsigned most = hv_loop_room(w->loop);

	if (w->writing || w->held)
		return 0;
	return most < HV_WIRE_BATCH_MAX ? most : HV_WIRE_BATCH_MAX;
}

static void await_room(struct hv_wire_writer *w)
{
	hv_count(&w->stats->send_waits, 1);
	w->awaited = true;
	hv_wire_await(w->wire, w->loop, &w->room, true);
}

bool hv_wire_write_on(struct hv_wire_writer *w)
{
	if (w->writing || w->awaited || !w->held ||
	    hv_loop_room(w->loop) < HV_WIRE_BATCH_MAX ||
	    hv_loop_abandoned(w->loop))
		return false;
	if (w->has_room)
		hv_wire_write_all(w);
	else
		await_room(w);
	return true;
}

/* ---- life */

void hv_wire_writer_open(struct hv_wire_writer *w)
{
	w->room.done = room_came;
	w->stream_io.done = stream_written;
	w->end = &w->held;
}

void hv_wire_writer_close(struct hv_wire_writer *w)
{
	if (w->awaited)
		hv_loop_cancel(w->loop, &w->room);
}

bool hv_wire_writer_is_busy(struct hv_wire_writer *w)
{
	if (w->writing || w->awaited)
		return true;
	if (w->held && w->wire->stream)
		hv_stream_give_up(w->wire->stream, stream_bytes(w->held));
	while (w->held)
		finish(w, get_held(w), true);
	return false;
}
