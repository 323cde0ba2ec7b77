/* SPDX-License-Identifier: MIT
 *
 * See net-queue.h. Of what the guest lends, a few buffers are looked at ahead. While the
 * wire has nothing it is only watched; when something comes, a batch of reads follows
 * that do not wait, and another, until one finds nothing. So no buffer is ever with the
 * kernel for longer than a system call, and frames keep their order.
 */
#include "net-queue.h"

#include <errno.h>
#include <stdlib.h>

#include "net-request.h"
#include "vm.h"

#define LOOK_AHEAD 16u
/* In a row: a wire that only fails is given up. */
#define ERRORS_MAX 16u

/* A buffer that the guest lent. */
struct buffer {
	struct hv_wire_io wire_io;
	struct receiver *receiver;
	struct buffer *next;
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

	struct buffer buffers[LOOK_AHEAD];
	struct buffer *free, *lent;
	unsigned lents;

	unsigned reading;  /* reads under way */
	unsigned batch;    /* of reads, next time */
	bool dry;          /* a read of this batch found nothing */
	bool ready;        /* there may be something to read */
	struct hv_io watch;
	bool watching;
	unsigned errors;   /* in a row */
	bool dead;         /* the other end of the wire is gone for good */

	uint8_t surplus;   /* where the byte goes that is one too many */
};

static void put(struct buffer **list, struct buffer *buffer)
{
	buffer->next = *list;
	*list = buffer;
}

static struct buffer *get(struct buffer **list)
{
	struct buffer *buffer = *list;

	*list = buffer->next;
	return buffer;
}

/* ---- what the guest lends */

/* A frame of the greatest length just fits, whatever more was lent. One byte more
 * shows a frame that does not. */
static void make_list(struct receiver *r, struct buffer *buffer)
{
	const size_t frame_bytes = sizeof(struct pv_net_frame);
	unsigned parts = hv_iov_part(
		buffer->segment, buffer->segments, frame_bytes,
		r->target->config.receive_bytes_min - frame_bytes,
		&buffer->iov[1]);

	buffer->iov[1 + parts] = (struct iovec){ &r->surplus, 1 };
	buffer->wire_io.iov = buffer->iov;
	buffer->wire_io.iovs = parts + 2;
}

static int32_t lend(struct receiver *r, struct buffer *buffer,
		    const struct pv_net_request *request)
{
	int32_t status = hv_net_request_check(request, PV_NET_RECEIVE,
					      &r->target->config);

	if (!status)
		status = hv_net_request_map(request,
					    &r->ring.place.vcpu->vm->memory,
					    buffer->segment);
	if (status)
		return status;
	buffer->token = request->token;
	buffer->segments = request->segments;
	make_list(r, buffer);
	put(&r->lent, buffer);
	r->lents++;
	return 0;
}

static void take(struct receiver *r)
{
	struct buffer *buffer = get(&r->free);
	struct pv_net_request request;
	int32_t status;

	hv_ring_take(&r->ring, &request);
	status = lend(r, buffer, &request);
	if (!status)
		return;
	put(&r->free, buffer);
	hv_ring_answer(&r->ring, request.token, status, 0);
	hv_count(&r->target->stats.failed, 1);
}

/* As many at most as are looked at ahead, also of those that are refused. */
static unsigned room(struct receiver *r)
{
	uint32_t waiting = r->free ? hv_ring_waiting(&r->ring) : 0;
	unsigned most = LOOK_AHEAD - r->lents - r->reading;

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

/* Whether it became the guest's. */
static bool deliver(struct receiver *r, struct buffer *buffer, int len_bytes)
{
	struct hv_net_stats *stats = &r->target->stats;
	uint32_t most = r->target->config.receive_bytes_min -
			(uint32_t)sizeof(struct pv_net_frame);

	if (len_bytes < PV_NET_HEADER_BYTES) {
		hv_count(&stats->too_short, 1);
		return false;
	}
	if ((uint32_t)len_bytes > most) {
		hv_count(&stats->too_long, 1);
		return false;
	}
	if (!describe(r, buffer, (uint32_t)len_bytes)) {
		hv_count(&stats->not_understood, 1);
		return false;
	}
	hv_ring_answer(&r->ring, buffer->token, 0,
		       (uint32_t)len_bytes +
			       (uint32_t)sizeof(struct pv_net_frame));
	hv_count(&stats->received_frames, 1);
	hv_count(&stats->received_bytes, (uint64_t)len_bytes);
	return true;
}

static void count_error(struct receiver *r)
{
	hv_count(&r->target->stats.receive_errors, 1);
	if (++r->errors == ERRORS_MAX)
		r->dead = true;
}

/* Other errors than these are read on past: a socket tells by one what became of a
 * frame that was sent, and has the next frame behind it. */
static void failed(struct receiver *r, int error)
{
	switch (error) {
	case EAGAIN:
		r->errors = 0;
		r->dry = true;
		break;
	case EINTR:
		break;
	case ECANCELED:
	case ENOMEM: /* passes */
	case ENOBUFS:
		r->dry = true;
		break;
	default:
		count_error(r);
	}
}

static void finish_batch(struct receiver *r)
{
	r->ready = !r->dry;
	r->batch = r->dry ? 1 : r->batch * 2;
	if (r->batch > LOOK_AHEAD)
		r->batch = LOOK_AHEAD;
}

static void finish_close(struct receiver *r)
{
	if (!r->reading && !r->watching)
		hv_ring_finish(&r->ring);
}

static void read_done(struct hv_io *io, int result)
{
	struct buffer *buffer = HV_OWNER(io, struct buffer, wire_io.io);
	struct receiver *r = buffer->receiver;
	const struct hv_wire *wire = &r->target->wire;
	bool delivered = false;

	r->reading--;
	if (result > 0 || (!result && !wire->has_end)) {
		r->errors = 0;
		delivered = deliver(r, buffer, hv_wire_frame_bytes(wire, result));
	} else if (!result) {
		r->dead = r->dry = true;
	} else {
		failed(r, -result);
	}
	put(delivered ? &r->free : &r->lent, buffer);
	r->lents += !delivered;
	if (!r->reading)
		finish_batch(r);
	finish_close(r);
}

static void something_came(struct hv_io *io, int result)
{
	struct receiver *r = HV_OWNER(io, struct receiver, watch);

	r->watching = false;
	r->ready = result > 0;
	if (result < 0 && result != -ECANCELED)
		count_error(r);
	finish_close(r);
}

static void watch(struct receiver *r)
{
	hv_wire_await(&r->target->wire, r->target->loop, &r->watch, false);
	r->watching = true;
}

static void read_batch(struct receiver *r)
{
	unsigned free = hv_loop_room(r->target->loop);

	while (r->lent && r->reading < r->batch && r->reading < free) {
		struct buffer *buffer = get(&r->lent);

		r->lents--;
		r->reading++;
		hv_wire_receive(&r->target->wire, r->target->loop,
				&buffer->wire_io);
	}
	r->dry = false;
}

/* Without a buffer there is nothing to do for the wire: it keeps what comes. */
static bool read_on(struct receiver *r)
{
	if (!r->lent || r->reading || r->watching || r->dead ||
	    hv_loop_abandoned(r->target->loop))
		return false;
	if (r->ready)
		read_batch(r);
	else
		watch(r);
	return r->reading > 0;
}

/* ---- the loop's */

static bool receiver_poll(struct hv_source *source)
{
	struct receiver *r = HV_OWNER(source, struct receiver, source);
	unsigned taken = room(r);

	for (unsigned i = 0; i < taken; i++)
		take(r);
	hv_ring_publish(&r->ring);
	return read_on(r) || taken;
}

static bool receiver_arm(struct hv_source *source)
{
	struct receiver *r = HV_OWNER(source, struct receiver, source);

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
	r->watch.done = something_came;
	r->batch = 1;
	for (unsigned i = LOOK_AHEAD; i--;) {
		r->buffers[i].receiver = r;
		r->buffers[i].wire_io.io.done = read_done;
		put(&r->free, &r->buffers[i]);
	}
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
	hv_ring_open(ring, target->loop, &target->stats.ring);
	hv_loop_add_source(target->loop, &r->source);
}

static void doorbell_silent(struct hv_ring *ring)
{
	finish_close(receiver_with(ring));
}

void hv_net_receive_close(struct hv_ring *ring, struct hv_job *job)
{
	struct receiver *r = receiver_with(ring);

	hv_loop_remove_source(ring->loop, &r->source);
	if (r->watching)
		hv_loop_cancel(ring->loop, &r->watch);
	hv_ring_close(ring, job, doorbell_silent);
}
