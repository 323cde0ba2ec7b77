/* SPDX-License-Identifier: MIT
 *
 * See net-queue.h: from a ring to wire-receive.c, and back.
 */
#include "net-queue.h"

#include <errno.h>
#include <stdlib.h>

#include "iov.h"
#include "net-request.h"
#include "vm.h"

/* A buffer that the guest lent. */
struct buffer {
	struct hv_wire_io wire_io;
	struct buffer *next; /* that is free */
	uint64_t token;
	unsigned segments;
	struct iovec segment[PV_NET_SEGMENTS_MAX]; /* as lent */
	/* The header, the segments behind a struct pv_net_frame, one byte. */
	struct iovec iov[1 + PV_NET_SEGMENTS_MAX + 1];
};

struct receiver {
	struct hv_ring ring;
	struct hv_source source;
	struct hv_net_target *target;
	struct hv_wire_reader reader;
	struct buffer buffers[HV_WIRE_LOOK_AHEAD];
	struct buffer *free;
};

static void put_free(struct receiver *r, struct buffer *buffer)
{
	buffer->next = r->free;
	r->free = buffer;
}

/* ---- what the guest lends */

/* A frame of the greatest length just fits, whatever more was lent. */
static void lend(struct receiver *r, struct buffer *buffer)
{
	const size_t frame_bytes = sizeof(struct pv_net_frame);
	unsigned parts = hv_iov_part(
		buffer->segment, buffer->segments, frame_bytes,
		r->target->config.receive_bytes_min - frame_bytes,
		&buffer->iov[1]);

	hv_wire_lend(&r->reader, &buffer->wire_io, buffer->iov, 1 + parts);
}

static int32_t look_at(struct receiver *r, const struct pv_net_request *request,
		       struct buffer *buffer)
{
	int32_t status = hv_net_request_check(request, PV_NET_RECEIVE,
					      &r->target->config);

	if (!status)
		status = hv_net_request_map(request,
					    &r->ring.place.vcpu->vm->memory,
					    buffer->segment);
	return status;
}

static void take(struct receiver *r)
{
	struct buffer *buffer = r->free;
	struct pv_net_request request;
	int32_t status;

	hv_ring_take(&r->ring, &request);
	status = look_at(r, &request, buffer);
	if (status) {
		hv_ring_answer(&r->ring, request.token, status, 0);
		hv_count(&r->target->stats.failed, 1);
		return;
	}
	r->free = buffer->next;
	buffer->token = request.token;
	buffer->segments = request.segments;
	lend(r, buffer);
}

/* As many at most as are looked at ahead, also of those that are refused. */
static unsigned room(struct receiver *r)
{
	unsigned most = hv_wire_lendable(&r->reader);
	unsigned waiting = most ? hv_ring_waiting(&r->ring) : 0;

	return waiting < most ? waiting : most;
}

/* ---- what the wire brings */

static uint16_t measure_headers(const struct buffer *buffer,
				const struct pv_net_frame *frame,
				uint32_t len_bytes)
{
	uint8_t tcp_length = 0;

	if (hv_net_tcp_length_at(frame) >= len_bytes)
		return 0;
	hv_iov_read(buffer->segment, buffer->segments,
		    sizeof(*frame) + hv_net_tcp_length_at(frame), &tcp_length, 1);
	return hv_net_header_bytes(frame, tcp_length, len_bytes);
}

/* Tell the guest what there is to know of a frame. false: what makes no sense. */
static bool describe(struct receiver *r, const struct buffer *buffer,
		     uint32_t len_bytes)
{
	struct pv_net_frame frame;

	if (!hv_net_frame_of(&buffer->wire_io.header, len_bytes,
			     r->target->offload, &frame))
		return false;
	if (frame.segmentation) {
		frame.header_bytes = measure_headers(buffer, &frame, len_bytes);
		if (!frame.header_bytes)
			return false;
	}
	hv_iov_write(buffer->segment, buffer->segments, 0, &frame, sizeof(frame));
	return true;
}

static bool deliver(struct hv_wire_reader *reader, struct hv_wire_io *wire_io,
		    uint32_t len_bytes)
{
	struct receiver *r = HV_OWNER(reader, struct receiver, reader);
	struct buffer *buffer = HV_OWNER(wire_io, struct buffer, wire_io);

	if (!describe(r, buffer, len_bytes))
		return false;
	hv_ring_answer(&r->ring, buffer->token, 0,
		       len_bytes + (uint32_t)sizeof(struct pv_net_frame));
	put_free(r, buffer);
	return true;
}

static void finish_close(struct hv_wire_reader *reader)
{
	if (!hv_wire_reader_is_busy(reader))
		hv_ring_finish(&HV_OWNER(reader, struct receiver, reader)->ring);
}

/* ---- the loop's */

static bool receiver_poll(struct hv_source *source)
{
	struct receiver *r = HV_OWNER(source, struct receiver, source);
	unsigned taken = room(r);

	for (unsigned i = 0; i < taken; i++)
		take(r);
	hv_ring_publish(&r->ring);
	return hv_wire_read_on(&r->reader) || taken;
}

/* Not as long as there are buffers enough: what uses one up has the loop turn too. */
static bool receiver_arm(struct hv_source *source)
{
	struct receiver *r = HV_OWNER(source, struct receiver, source);

	if (!hv_wire_lendable(&r->reader))
		return false;
	hv_ring_arm(&r->ring);
	return room(r) > 0;
}

/* ---- life */

int hv_net_receive_create(const struct hv_ring_place *place,
			  struct hv_ring **ret_ring)
{
	struct receiver *r = calloc(1, sizeof(*r));
	int status;

	if (!r)
		return -ENOMEM;
	status = hv_ring_init(&r->ring, place);
	if (status < 0) {
		free(r);
		return status;
	}
	r->source.poll = receiver_poll;
	r->source.arm = receiver_arm;
	for (unsigned i = HV_WIRE_LOOK_AHEAD; i--;)
		put_free(r, &r->buffers[i]);
	*ret_ring = &r->ring;
	return 0;
}

static struct receiver *receiver_with(struct hv_ring *ring)
{
	return HV_OWNER(ring, struct receiver, ring);
}

void hv_net_receive_free(struct hv_ring *ring)
{
	hv_ring_done(ring);
	free(receiver_with(ring));
}

void hv_net_receive_open(struct hv_ring *ring, struct hv_net_target *target)
{
	struct receiver *r = receiver_with(ring);

	r->target = target;
	r->reader = (struct hv_wire_reader){
		.wire = &target->wire, .loop = target->loop,
		.stats = &target->stats,
		.deliver = deliver, .settled = finish_close,
	};
	hv_wire_reader_open(&r->reader);
	hv_ring_open(ring, target->loop, &target->stats.ring);
	hv_loop_add_source(target->loop, &r->source);
}

static void doorbell_silent(struct hv_doorbell *doorbell)
{
	finish_close(&HV_OWNER(doorbell, struct receiver, ring.doorbell)->reader);
}

void hv_net_receive_close(struct hv_ring *ring, struct hv_job *job)
{
	struct receiver *r = receiver_with(ring);

	hv_loop_remove_source(ring->loop, &r->source);
	hv_wire_reader_close(&r->reader);
	hv_ring_close(ring, job, doorbell_silent);
}
