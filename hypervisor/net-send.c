/* SPDX-License-Identifier: MIT
 *
 * See net-queue.h: from a ring to wire-send.c, and back.
 */
#include "net-queue.h"

#include <errno.h>
#include <pvabi/error.h>
#include <stdlib.h>

#include "net-request.h"
#include "vm.h"

/* A frame on its way. */
struct frame {
	struct hv_wire_io wire_io;
	struct frame *next; /* that is free */
	uint64_t token;
	struct iovec iov[1 + PV_NET_SEGMENTS_MAX];
};

struct sender {
	struct hv_ring ring;
	struct hv_source source;
	struct hv_net_target *target;
	struct hv_wire_writer writer;
	struct frame frames[HV_WIRE_BATCH_MAX];
	struct frame *free;
};

static void put_free(struct sender *s, struct frame *frame)
{
	frame->next = s->free;
	s->free = frame;
}

/* ---- answers */

static void written(struct hv_wire_writer *writer, struct hv_wire_io *wire_io,
		    bool failed)
{
	struct sender *s = HV_OWNER(writer, struct sender, writer);
	struct frame *frame = HV_OWNER(wire_io, struct frame, wire_io);

	hv_ring_answer(&s->ring, frame->token, failed ? -PV_EIO : 0,
		       failed ? 0 : wire_io->frame_bytes);
	put_free(s, frame);
}

static void finish_close(struct hv_wire_writer *writer)
{
	struct sender *s = HV_OWNER(writer, struct sender, writer);

	if (s->ring.closing && !hv_wire_writer_is_busy(writer))
		hv_ring_finish(&s->ring);
}

/* ---- requests */

static int32_t look_at(struct sender *s, const struct pv_net_request *request,
		       struct frame *frame)
{
	int32_t status = hv_net_request_check(request, PV_NET_SEND,
					      &s->target->config);

	if (!status)
		status = hv_net_request_map(request,
					    &s->ring.place.vcpu->vm->memory,
					    &frame->iov[1]);
	return status;
}

static void take(struct sender *s)
{
	struct frame *frame = s->free;
	struct pv_net_request request;
	int32_t status;

	hv_ring_take(&s->ring, &request);
	status = look_at(s, &request, frame);
	if (status) {
		hv_ring_answer(&s->ring, request.token, status, 0);
		hv_count(&s->target->stats.failed, 1);
		return;
	}
	s->free = frame->next;
	frame->token = request.token;
	frame->wire_io.header = hv_net_header_of(&request.frame);
	hv_wire_write(&s->writer, &frame->wire_io, frame->iov,
		      1u + request.segments, request.len_bytes);
}

static unsigned choose_batch(struct sender *s)
{
	unsigned most = hv_wire_writable(&s->writer);
	unsigned waiting = most ? hv_ring_waiting(&s->ring) : 0;

	return waiting < most ? waiting : most;
}

/* ---- the loop's */

static bool sender_poll(struct hv_source *source)
{
	struct sender *s = HV_OWNER(source, struct sender, source);
	unsigned batch;
	bool any;

	hv_ring_publish(&s->ring);
	any = hv_wire_write_on(&s->writer);
	batch = choose_batch(s);
	for (unsigned i = 0; i < batch; i++)
		take(s);
	if (batch)
		hv_wire_write_all(&s->writer);
	return batch || any;
}

/* Not as long as the wire takes no more: what ends that has the loop turn too. */
static bool sender_arm(struct hv_source *source)
{
	struct sender *s = HV_OWNER(source, struct sender, source);

	if (!hv_wire_writable(&s->writer))
		return false;
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
	for (unsigned i = HV_WIRE_BATCH_MAX; i--;)
		put_free(s, &s->frames[i]);
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
	s->writer = (struct hv_wire_writer){
		.wire = &target->wire, .loop = target->loop,
		.stats = &target->stats,
		.written = written, .settled = finish_close,
	};
	hv_wire_writer_open(&s->writer);
	hv_ring_open(ring, target->loop, &target->stats.ring);
	hv_loop_add_source(target->loop, &s->source);
}

static void doorbell_silent(struct hv_doorbell *doorbell)
{
	finish_close(&HV_OWNER(doorbell, struct sender, ring.doorbell)->writer);
}

void hv_net_send_close(struct hv_ring *ring, struct hv_job *job)
{
	struct sender *s = sender_with(ring);

	hv_loop_remove_source(ring->loop, &s->source);
	hv_wire_writer_close(&s->writer);
	hv_ring_close(ring, job, doorbell_silent);
}
