/* SPDX-License-Identifier: MIT
 *
 * See wire-io.h. Of what the guest lends, a few buffers are looked at ahead. While the
 * wire has nothing it is only watched; when something comes, a batch of reads follows
 * that do not wait, and another, until one finds nothing. So no buffer is ever with the
 * kernel for longer than a system call, and frames keep their order.
 */
#include <errno.h>
#include <pvabi/net.h>

#include "wire-io.h"

/* In a row: a wire that only fails is given up. */
#define ERRORS_MAX 16u

static void put(struct hv_wire_reader *r, struct hv_wire_io *buffer)
{
	buffer->next = r->lent;
	r->lent = buffer;
	r->lents++;
}

static struct hv_wire_io *get(struct hv_wire_reader *r)
{
	struct hv_wire_io *buffer = r->lent;

	r->lent = buffer->next;
	r->lents--;
	return buffer;
}

/* ---- what the wire brings */

/* Whether it became the guest's. */
static bool deliver(struct hv_wire_reader *r, struct hv_wire_io *buffer,
		    uint32_t len_bytes)
{
	if (len_bytes < PV_NET_HEADER_BYTES) {
		hv_count(&r->stats->too_short, 1);
		return false;
	}
	if (len_bytes > buffer->frame_bytes) {
		hv_count(&r->stats->too_long, 1);
		return false;
	}
	if (!r->deliver(r, buffer, len_bytes)) {
		hv_count(&r->stats->not_understood, 1);
		return false;
	}
	hv_count(&r->stats->received_frames, 1);
	hv_count(&r->stats->received_bytes, len_bytes);
	return true;
}

static void count_error(struct hv_wire_reader *r)
{
	hv_count(&r->stats->receive_errors, 1);
	if (++r->errors == ERRORS_MAX)
		r->dead = true;
}

/* Other errors than these are read on past: a socket tells by one what became of a
 * frame that was sent, and has the next frame behind it. */
static void failed(struct hv_wire_reader *r, int error)
{
	switch (error) {
	case EAGAIN:
		r->errors = 0;
		r->dry = true;
		break;
	case EINTR:
		break;
	case EPROTO: /* no stream of frames */
		hv_count(&r->stats->receive_errors, 1);
		r->dead = r->dry = true;
		break;
	case ESHUTDOWN:
		r->dead = r->dry = true;
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

static void finish_batch(struct hv_wire_reader *r)
{
	r->ready = !r->dry;
	r->batch = r->dry ? 1 : r->batch * 2;
	if (r->batch > HV_WIRE_LOOK_AHEAD)
		r->batch = HV_WIRE_LOOK_AHEAD;
}

static void read_done(struct hv_io *io, int result)
{
	struct hv_wire_io *buffer = HV_OWNER(io, struct hv_wire_io, io);
	struct hv_wire_reader *r = buffer->with;
	int bytes = hv_wire_received(r->wire, buffer, result);
	bool delivered = false;

	r->reading--;
	if (bytes >= 0) {
		r->errors = 0;
		delivered = deliver(r, buffer, (uint32_t)bytes);
	} else {
		failed(r, -bytes);
	}
	if (!delivered)
		put(r, buffer);
	if (!r->reading)
		finish_batch(r);
	r->settled(r);
}

static void something_came(struct hv_io *io, int result)
{
	struct hv_wire_reader *r = HV_OWNER(io, struct hv_wire_reader, watch);

	r->watching = false;
	r->ready = result > 0;
	if (result < 0 && result != -ECANCELED)
		count_error(r);
	r->settled(r);
}

static void watch(struct hv_wire_reader *r)
{
	hv_wire_await(r->wire, r->loop, &r->watch, false);
	r->watching = true;
}

/* Of a stream what is at hand, or else one, which brings more. */
static unsigned choose_batch(const struct hv_wire_reader *r)
{
	unsigned room = hv_loop_room(r->loop), most = r->batch;

	if (r->wire->stream) {
		most = hv_wire_at_hand(r->wire, HV_WIRE_LOOK_AHEAD);
		most += !most;
	}
	return most < room ? most : room;
}

static void read_batch(struct hv_wire_reader *r)
{
	unsigned batch = choose_batch(r);

	while (r->lent && r->reading < batch) {
		r->reading++;
		hv_wire_receive(r->wire, r->loop, get(r));
	}
	r->dry = false;
}

/* Without a buffer there is nothing to do for the wire: it keeps what comes. */
bool hv_wire_read_on(struct hv_wire_reader *r)
{
	if (!r->lent || r->reading || r->watching || r->dead ||
	    hv_loop_abandoned(r->loop))
		return false;
	if (r->ready || hv_wire_at_hand(r->wire, 1))
		read_batch(r);
	else
		watch(r);
	return r->reading > 0;
}

/* ---- what the guest lends */

/* One byte more than there is room for shows a frame that is too long. */
void hv_wire_lend(struct hv_wire_reader *r, struct hv_wire_io *buffer,
		  struct iovec *iov, unsigned iovs)
{
	buffer->io.done = read_done;
	buffer->with = r;
	buffer->frame_bytes = 0;
	for (unsigned i = 1; i < iovs; i++)
		buffer->frame_bytes += (uint32_t)iov[i].iov_len;
	iov[iovs] = (struct iovec){ &r->surplus, 1 };
	buffer->iov = iov;
	buffer->iovs = iovs + 1;
	put(r, buffer);
}

unsigned hv_wire_lendable(const struct hv_wire_reader *r)
{
	return HV_WIRE_LOOK_AHEAD - r->lents - r->reading;
}

/* ---- life */

void hv_wire_reader_open(struct hv_wire_reader *r)
{
	r->watch.done = something_came;
	r->batch = 1;
}

void hv_wire_reader_close(struct hv_wire_reader *r)
{
	if (r->watching)
		hv_loop_cancel(r->loop, &r->watch);
}

bool hv_wire_reader_is_busy(const struct hv_wire_reader *r)
{
	return r->reading || r->watching;
}
