/* SPDX-License-Identifier: MIT
 *
 * See net-queue.h. Frames are written in batches, by writes that do not wait. Once one
 * finds no room no new ones are taken until all that found none are written, in their
 * order. On a socket that is that of the guest: one that finds no room holds up those
 * behind it.
 */
#include "net-queue.h"

#include <errno.h>
#include <pvabi/error.h>
#include <stdlib.h>

#include "net-request.h"
#include "vm.h"

#define BATCH_MAX 32u

/* A frame on its way. */
struct frame {
	struct hv_wire_io wire_io;
	struct sender *sender;
	struct frame *next;
	uint64_t token;
	uint32_t len_bytes;
	struct iovec iov[1 + PV_NET_SEGMENTS_MAX];
};

struct sender {
	struct hv_ring ring;
	struct hv_source source;
	struct hv_net_target *target;

	struct frame frames[BATCH_MAX];
	struct frame *free;
	unsigned writing;          /* writes under way */
	struct frame *held, **end; /* that are to be written, in their order; after
				    * the batch those that found no room */
	struct hv_io room;         /* waits for it */
	bool awaited;
	bool has_room;             /* it is worth trying again */
};

static void put_free(struct frame *frame)
{
	frame->next = frame->sender->free;
	frame->sender->free = frame;
}

static void hold(struct sender *s, struct frame *frame)
{
	frame->next = NULL;
	*s->end = frame;
	s->end = &frame->next;
}

static struct frame *get_held(struct sender *s)
{
	struct frame *frame = s->held;

	s->held = frame->next;
	if (!s->held)
		s->end = &s->held;
	return frame;
}

/* ---- answers */

static void answer(struct frame *frame, int32_t status)
{
	struct sender *s = frame->sender;
	struct hv_net_stats *stats = &s->target->stats;

	hv_ring_answer(&s->ring, frame->token, status,
		       status ? 0 : frame->len_bytes);
	if (status) {
		hv_count(&stats->failed, 1);
	} else {
		hv_count(&stats->sent_frames, 1);
		hv_count(&stats->sent_bytes, frame->len_bytes);
	}
	put_free(frame);
}

static void fail_held(struct sender *s)
{
	while (s->held)
		answer(get_held(s), -PV_EIO);
}

static void finish_close(struct sender *s)
{
	if (!s->ring.closing || s->writing || s->awaited)
		return;
	fail_held(s);
	hv_ring_finish(&s->ring);
}

static void written(struct frame *frame, int result)
{
	struct hv_net_target *target = frame->sender->target;

	if (result < 0 && hv_wire_is_loose(&target->wire, -result)) {
		hv_count(&target->stats.sent_to_nobody, 1);
		result = 0;
	}
	answer(frame, result < 0 ? -PV_EIO : 0);
}

static void write_done(struct hv_io *io, int result)
{
	struct frame *frame = HV_OWNER(io, struct frame, wire_io.io);
	struct sender *s = frame->sender;

	s->writing--;
	if (result == -EAGAIN || result == -EINTR || result == -ECANCELED) {
		hold(s, frame);
	} else {
		/* Those that were to follow one that failed otherwise may go. */
		s->has_room |= result < 0;
		written(frame, result);
	}
	finish_close(s);
}

static void room_came(struct hv_io *io, int result)
{
	struct sender *s = HV_OWNER(io, struct sender, room);

	s->awaited = false;
	s->has_room = result != -ECANCELED;
	finish_close(s);
}

/* ---- requests */

static void write_held(struct sender *s)
{
	while (s->held) {
		struct frame *frame = get_held(s);

		s->writing++;
		hv_wire_send(&s->target->wire, s->target->loop,
			     &frame->wire_io, s->held);
	}
}

static void serve(struct sender *s, const struct pv_net_request *request)
{
	int32_t status = hv_net_request_check(request, PV_NET_SEND,
					      &s->target->config);
	struct frame *frame = s->free;

	s->free = frame->next;
	if (!status)
		status = hv_net_request_map(request,
					    &s->ring.place.vcpu->vm->memory,
					    &frame->iov[1]);
	frame->token = request->token;
	frame->len_bytes = request->len_bytes;
	if (status) {
		answer(frame, status);
		return;
	}
	frame->wire_io.header = hv_net_header_of(&request->frame);
	frame->wire_io.iov = frame->iov;
	frame->wire_io.iovs = 1u + request->segments;
	hold(s, frame);
}

static unsigned choose_batch(struct sender *s)
{
	unsigned waiting, most = hv_loop_room(s->target->loop);

	if (s->writing || s->held)
		return 0;
	waiting = hv_ring_waiting(&s->ring);
	if (most > BATCH_MAX)
		most = BATCH_MAX;
	return waiting < most ? waiting : most;
}

static bool take_batch(struct sender *s)
{
	unsigned batch = choose_batch(s);
	struct pv_net_request request;

	for (unsigned i = 0; i < batch; i++) {
		hv_ring_take(&s->ring, &request);
		serve(s, &request);
	}
	if (batch > 0)
		write_held(s);
	return batch > 0;
}

/* ---- no room */

static void await_room(struct sender *s)
{
	hv_count(&s->target->stats.send_waits, 1);
	s->awaited = true;
	hv_wire_await(&s->target->wire, s->target->loop, &s->room, true);
}

static bool resume(struct sender *s)
{
	if (s->writing || s->awaited || !s->held ||
	    hv_loop_room(s->target->loop) < BATCH_MAX ||
	    hv_loop_abandoned(s->target->loop))
		return false;
	if (!s->has_room) {
		await_room(s);
		return true;
	}
	s->has_room = false;
	write_held(s);
	return true;
}

/* ---- the loop's */

static bool sender_poll(struct hv_source *source)
{
	struct sender *s = HV_OWNER(source, struct sender, source);
	bool any;

	hv_ring_publish(&s->ring);
	any = resume(s);
	return take_batch(s) || any;
}

static bool sender_arm(struct hv_source *source)
{
	struct sender *s = HV_OWNER(source, struct sender, source);

	hv_ring_arm(&s->ring);
	return choose_batch(s) > 0;
}

/* ---- life */

int hv_net_send_create(const struct hv_ring_place *place,
		       struct hv_ring **ret_ring)
{
	struct sender *s = calloc(1, sizeof(*s));
	int status;

	if (!s)
		return -ENOMEM;
	status = hv_ring_init(&s->ring, place);
	if (status < 0) {
		free(s);
		return status;
	}
	s->source.poll = sender_poll;
	s->source.arm = sender_arm;
	s->room.done = room_came;
	s->end = &s->held;
	for (unsigned i = BATCH_MAX; i--;) {
		s->frames[i].sender = s;
		s->frames[i].wire_io.io.done = write_done;
		put_free(&s->frames[i]);
	}
	*ret_ring = &s->ring;
	return 0;
}

static struct sender *sender_with(struct hv_ring *ring)
{
	return HV_OWNER(ring, struct sender, ring);
}

void hv_net_send_free(struct hv_ring *ring)
{
	hv_ring_done(ring);
	free(sender_with(ring));
}

void hv_net_send_open(struct hv_ring *ring, struct hv_net_target *target)
{
	struct sender *s = sender_with(ring);

	s->target = target;
	hv_ring_open(ring, target->loop, &target->stats.ring);
	hv_loop_add_source(target->loop, &s->source);
}

static void doorbell_silent(struct hv_ring *ring)
{
	finish_close(sender_with(ring));
}

void hv_net_send_close(struct hv_ring *ring, struct hv_job *job)
{
	struct sender *s = sender_with(ring);

	hv_loop_remove_source(ring->loop, &s->source);
	if (s->awaited)
		hv_loop_cancel(ring->loop, &s->room);
	hv_ring_close(ring, job, doorbell_silent);
}
