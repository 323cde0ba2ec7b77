/* SPDX-License-Identifier: MIT
 *
 * See wire-io.h. Frames are written in batches, by writes that do not wait. Once one
 * finds no room no new ones are taken until all that found none are written, in their
 * order. On a socket that is that of the guest: one that finds no room holds up those
 * behind it.
 */
#include <errno.h>

#include "wire-io.h"

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

void hv_wire_write_all(struct hv_wire_writer *w)
{
	w->has_room = false;
	while (w->held) {
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
	while (w->held)
		finish(w, get_held(w), true);
	return false;
}
