/* SPDX-License-Identifier: MIT
 *
 * A network of the native machine, chapter 5.1 of the specification: net-receive.c and
 * net-send.c for virtio's queues. Frames travel by wire-io.h, on the loop thread, as
 * everything here between the open and the end of the close of a queue is.
 *
 * Virtio's header is Linux's own, so that it goes to a wire as it is, but for what the
 * driver did not agree to.
 */
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <pvabi/net.h>
#include <stdlib.h>

#include "../iov.h"
#include "../net-request.h"
#include "../wire-io.h"
#include "native.h"

#define BIT(n) (UINT64_C(1) << (n))
#define RECEIVE_QUEUE 0u
#define QUEUES 2u
#define HEADER_BYTES sizeof(struct virtio_net_hdr_v1)
#define FRAME_BYTES_MAX 65550u /* 5.1.6.3.1 */
/* What a frame received may be only if the driver knows it; Linux's drivers take all of
 * them or none. */
#define GUEST_OFFLOADS                                             \
	(BIT(VIRTIO_NET_F_GUEST_CSUM) | BIT(VIRTIO_NET_F_GUEST_TSO4) | \
	 BIT(VIRTIO_NET_F_GUEST_TSO6))
#define HOST_OFFLOADS                                         \
	(BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_HOST_TSO4) | \
	 BIT(VIRTIO_NET_F_HOST_TSO6))

/* A chain that the guest lent, or sends. */
struct frame {
	struct hv_wire_io wire_io;
	struct frame *next; /* that is free */
	struct hv_virtq_chain chain;
	struct iovec iov[1 + HV_VIRTQ_MAX + 1];
};

struct receiver {
	struct hv_virtio_ring ring;
	struct hv_source source;
	struct hv_wire_reader reader;
	bool offload; /* the driver agreed to GUEST_OFFLOADS */
	uint32_t frame_bytes_max;
	struct frame frames[HV_WIRE_LOOK_AHEAD];
	struct frame *free;
};

struct sender {
	struct hv_virtio_ring ring;
	struct hv_source source;
	struct hv_wire_writer writer;
	struct frame frames[HV_WIRE_BATCH_MAX];
	struct frame *free;
};

struct hv_virtio_net {
	struct hv_virtio virtio; /* first: the transport takes a pointer to it */
	char name[16];
	struct virtio_net_config config;
	struct hv_wire wire;
	bool attached; /* to the loop */
	struct hv_net_stats stats;
	/* NULL: the queue is not in use */
	struct receiver *receiver;
	struct sender *sender;
};

static struct hv_virtio_net *net_of(struct hv_virtio *virtio)
{
	return (struct hv_virtio_net *)(void *)virtio;
}

static void put_free(struct frame **free, struct frame *frame)
{
	frame->next = *free;
	*free = frame;
}

/* ---- receiving */

static const struct iovec *lent(const struct frame *frame)
{
	return frame->chain.iov + frame->chain.readable;
}

/* Less than the least frame takes no driver can mean. */
static bool lend(struct receiver *r, struct frame *frame)
{
	unsigned parts;

	if (hv_virtq_take(&r->ring.queue, &frame->chain) < 0 ||
	    hv_iov_bytes(lent(frame), frame->chain.writable) <
		    HEADER_BYTES + PV_NET_HEADER_BYTES)
		return false;
	parts = hv_iov_part(lent(frame), frame->chain.writable, HEADER_BYTES,
			    r->frame_bytes_max, &frame->iov[1]);
	hv_wire_lend(&r->reader, &frame->wire_io, frame->iov, 1 + parts);
	return true;
}

static unsigned lendable(struct receiver *r)
{
	unsigned most = hv_wire_lendable(&r->reader);
	unsigned waiting = most ? hv_virtio_ring_waiting(&r->ring) : 0;

	return waiting < most ? waiting : most;
}

static unsigned lend_all(struct receiver *r)
{
	unsigned count = lendable(r);

	for (unsigned i = 0; i < count; i++) {
		struct frame *frame = r->free;

		if (!lend(r, frame)) {
			hv_virtio_ring_break(&r->ring);
			return i;
		}
		r->free = frame->next;
	}
	return count;
}

static bool deliver(struct hv_wire_reader *reader, struct hv_wire_io *wire_io,
		    uint32_t len_bytes)
{
	struct receiver *r = HV_OWNER(reader, struct receiver, reader);
	struct frame *frame = HV_OWNER(wire_io, struct frame, wire_io);
	struct virtio_net_hdr_v1 header = wire_io->header;
	struct pv_net_frame understood;

	if (!hv_net_frame_of(&header, len_bytes, r->offload, &understood))
		return false;
	if (!r->offload)
		header.flags = 0; /* not even that its checksum is good */
	header.num_buffers = 1;
	hv_iov_write(lent(frame), frame->chain.writable, 0, &header,
		     sizeof(header));
	hv_virtq_put(&r->ring.queue, frame->chain.head,
		     len_bytes + (uint32_t)HEADER_BYTES);
	put_free(&r->free, frame);
	return true;
}

static void receiver_settled(struct hv_wire_reader *reader)
{
	if (!hv_wire_reader_is_busy(reader))
		hv_virtio_ring_finish(
			&HV_OWNER(reader, struct receiver, reader)->ring);
}

static bool receiver_poll(struct hv_source *source)
{
	struct receiver *r = HV_OWNER(source, struct receiver, source);
	unsigned count;

	hv_virtio_ring_show(&r->ring);
	count = lend_all(r);
	if (count)
		hv_virtq_listen(&r->ring.queue, false);
	return hv_wire_read_on(&r->reader) || count;
}

/* Not as long as there are buffers enough: what uses one up has the loop turn too. */
static bool receiver_arm(struct hv_source *source)
{
	struct receiver *r = HV_OWNER(source, struct receiver, source);

	if (!hv_wire_lendable(&r->reader))
		return false;
	hv_virtq_listen(&r->ring.queue, true);
	return lendable(r) > 0;
}

/* ---- sending */

/* Whether the driver agreed to leave to the host what it leaves to it. */
static bool is_agreed(const struct virtio_net_hdr_v1 *header, uint64_t features)
{
	uint64_t needed = 0;

	switch (header->gso_type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		break;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		needed = BIT(VIRTIO_NET_F_HOST_TSO4);
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		needed = BIT(VIRTIO_NET_F_HOST_TSO6);
		break;
	default:
		return false;
	}
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		needed |= BIT(VIRTIO_NET_F_CSUM);
	return !(needed & ~features);
}

static void done_with(struct sender *s, struct frame *frame)
{
	hv_virtq_put(&s->ring.queue, frame->chain.head, 0);
	put_free(&s->free, frame);
}

/* Its header is read once; the host checks the rest of it. False: there is none. */
static bool send_one(struct sender *s, struct frame *frame)
{
	struct virtio_net_hdr_v1 *header = &frame->wire_io.header;
	const struct hv_virtq_chain *chain = &frame->chain;
	size_t bytes = hv_iov_bytes(chain->iov, chain->readable);
	unsigned parts;

	if (bytes < HEADER_BYTES)
		return false;
	bytes -= HEADER_BYTES;
	hv_iov_read(chain->iov, chain->readable, 0, header, HEADER_BYTES);
	header->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	s->free = frame->next;
	if (bytes < PV_NET_HEADER_BYTES || bytes > FRAME_BYTES_MAX ||
	    !is_agreed(header, s->ring.virtio->driver_features)) {
		hv_count(&s->writer.stats->failed, 1);
		done_with(s, frame);
		return true;
	}
	parts = hv_iov_part(chain->iov, chain->readable, HEADER_BYTES, bytes,
			    &frame->iov[1]);
	hv_wire_write(&s->writer, &frame->wire_io, frame->iov, 1 + parts,
		      (uint32_t)bytes);
	return true;
}

static unsigned sendable(struct sender *s)
{
	unsigned most = hv_wire_writable(&s->writer);
	unsigned waiting = most ? hv_virtio_ring_waiting(&s->ring) : 0;

	return waiting < most ? waiting : most;
}

static unsigned send_all(struct sender *s)
{
	unsigned count = sendable(s);

	if (count)
		hv_virtq_listen(&s->ring.queue, false);
	for (unsigned i = 0; i < count && !s->ring.stopped; i++)
		if (hv_virtq_take(&s->ring.queue, &s->free->chain) < 0 ||
		    !send_one(s, s->free))
			hv_virtio_ring_break(&s->ring);
	if (count)
		hv_wire_write_all(&s->writer);
	return count;
}

static void written(struct hv_wire_writer *writer, struct hv_wire_io *wire_io,
		    bool failed)
{
	(void)failed; /* virtio has no word for it */
	done_with(HV_OWNER(writer, struct sender, writer),
		  HV_OWNER(wire_io, struct frame, wire_io));
}

static void sender_settled(struct hv_wire_writer *writer)
{
	struct sender *s = HV_OWNER(writer, struct sender, writer);

	if (s->ring.closing && !hv_wire_writer_is_busy(writer))
		hv_virtio_ring_finish(&s->ring);
}

static bool sender_poll(struct hv_source *source)
{
	struct sender *s = HV_OWNER(source, struct sender, source);
	bool any;

	hv_virtio_ring_show(&s->ring);
	any = hv_wire_write_on(&s->writer);
	return send_all(s) || any;
}

static bool sender_arm(struct hv_source *source)
{
	struct sender *s = HV_OWNER(source, struct sender, source);

	if (!hv_wire_writable(&s->writer))
		return false;
	hv_virtq_listen(&s->ring.queue, true);
	return sendable(s) > 0;
}

/* ---- opening and closing, on the loop thread: a vCPU waits for it */

struct net_job {
	struct hv_job job;
	struct hv_virtio_net *net;
};

static struct hv_loop *attach(struct hv_virtio_net *net)
{
	struct hv_loop *loop = net->virtio.native->vm->loop;

	if (!net->attached)
		hv_wire_attach(&net->wire, loop);
	net->attached = true;
	return loop;
}

static void open_receiver(struct hv_job *job)
{
	struct hv_virtio_net *net = HV_OWNER(job, struct net_job, job)->net;
	struct receiver *r = net->receiver;

	r->reader = (struct hv_wire_reader){
		.wire = &net->wire, .loop = attach(net), .stats = &net->stats,
		.deliver = deliver, .settled = receiver_settled,
	};
	hv_wire_reader_open(&r->reader);
	hv_virtio_ring_open(&r->ring);
	hv_loop_add_source(r->ring.loop, &r->source);
	hv_loop_job_done(job);
}

static void open_sender(struct hv_job *job)
{
	struct hv_virtio_net *net = HV_OWNER(job, struct net_job, job)->net;
	struct sender *s = net->sender;

	s->writer = (struct hv_wire_writer){
		.wire = &net->wire, .loop = attach(net), .stats = &net->stats,
		.written = written, .settled = sender_settled,
	};
	hv_wire_writer_open(&s->writer);
	hv_virtio_ring_open(&s->ring);
	hv_loop_add_source(s->ring.loop, &s->source);
	hv_loop_job_done(job);
}

static void receiver_silent(struct hv_doorbell *doorbell)
{
	receiver_settled(
		&HV_OWNER(doorbell, struct receiver, ring.doorbell)->reader);
}

static void sender_silent(struct hv_doorbell *doorbell)
{
	sender_settled(&HV_OWNER(doorbell, struct sender, ring.doorbell)->writer);
}

static void close_receiver(struct hv_job *job)
{
	struct receiver *r = HV_OWNER(job, struct net_job, job)->net->receiver;

	hv_loop_remove_source(r->ring.loop, &r->source);
	hv_wire_reader_close(&r->reader);
	hv_virtio_ring_close(&r->ring, job, receiver_silent);
}

static void close_sender(struct hv_job *job)
{
	struct sender *s = HV_OWNER(job, struct net_job, job)->net->sender;

	hv_loop_remove_source(s->ring.loop, &s->source);
	hv_wire_writer_close(&s->writer);
	hv_virtio_ring_close(&s->ring, job, sender_silent);
}

/* ---- the same, on a vCPU's */

static bool make_receiver(struct hv_virtio_net *net)
{
	struct receiver *r = calloc(1, sizeof(*r));

	if (!r || hv_virtio_ring_init(&r->ring, &net->virtio, RECEIVE_QUEUE,
				      &net->stats.ring) < 0) {
		free(r);
		return false;
	}
	r->source.poll = receiver_poll;
	r->source.arm = receiver_arm;
	r->offload = !(GUEST_OFFLOADS & ~net->virtio.driver_features);
	r->frame_bytes_max = r->offload ? FRAME_BYTES_MAX
					: net->config.mtu + HV_FRAME_MORE_BYTES;
	hv_wire_set_offload(&net->wire, r->offload);
	for (unsigned i = HV_WIRE_LOOK_AHEAD; i--;)
		put_free(&r->free, &r->frames[i]);
	net->receiver = r;
	return true;
}

static bool make_sender(struct hv_virtio_net *net)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s || hv_virtio_ring_init(&s->ring, &net->virtio, !RECEIVE_QUEUE,
				      &net->stats.ring) < 0) {
		free(s);
		return false;
	}
	s->source.poll = sender_poll;
	s->source.arm = sender_arm;
	for (unsigned i = HV_WIRE_BATCH_MAX; i--;)
		put_free(&s->free, &s->frames[i]);
	net->sender = s;
	return true;
}

static void net_start(struct hv_virtio *virtio, unsigned queue)
{
	struct hv_virtio_net *net = net_of(virtio);
	bool receives = queue == RECEIVE_QUEUE;
	struct net_job job = {
		.job.run = receives ? open_receiver : open_sender, .net = net,
	};

	if (!hv_vm_loop(virtio->native->vm))
		return;
	if (receives ? make_receiver(net) : make_sender(net))
		hv_loop_do(virtio->native->vm->loop, &job.job);
	else
		hv_virtio_break(virtio);
}

/* One that could not be started is not there. */
static void net_stop(struct hv_virtio *virtio, unsigned queue)
{
	struct hv_virtio_net *net = net_of(virtio);
	bool receives = queue == RECEIVE_QUEUE;
	struct net_job job = {
		.job.run = receives ? close_receiver : close_sender, .net = net,
	};

	if (receives ? !net->receiver : !net->sender)
		return;
	hv_loop_do(virtio->native->vm->loop, &job.job);
	if (receives) {
		free(net->receiver);
		net->receiver = NULL;
	} else {
		free(net->sender);
		net->sender = NULL;
	}
}

/* ---- the device */

static void describe(struct hv_virtio_net *net, const struct hv_net_spec *spec)
{
	hv_net_mac(spec, net->config.mac);
	net->config.mtu = (uint16_t)hv_net_mtu(spec, &net->wire);
	net->virtio.device.name = net->name;
	net->virtio.id = VIRTIO_ID_NET;
	net->virtio.features =
		BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
		BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_NET_F_MAC) |
		BIT(VIRTIO_NET_F_MTU) |
		(net->wire.has_headers ? HOST_OFFLOADS | GUEST_OFFLOADS : 0);
	net->virtio.config = &net->config;
	net->virtio.config_bytes = sizeof(net->config);
	net->virtio.queues = QUEUES;
	net->virtio.start = net_start;
	net->virtio.stop = net_stop;
}

int hv_virtio_net_add(struct hv_virtio_net **ret_net, struct hv_native *native,
		      unsigned number, const struct hv_net_spec *spec,
		      struct hv_error *err)
{
	struct hv_virtio_net *net = calloc(1, sizeof(*net));

	if (!net)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	if (hv_wire_open(&net->wire, spec, false, err) < 0) {
		free(net);
		return -1;
	}
	*ret_net = net;
	snprintf(net->name, sizeof(net->name), "net%u", number);
	describe(net, spec);
	return hv_virtio_add(&net->virtio, native, err);
}

const struct hv_virtio *hv_virtio_net_device(const struct hv_virtio_net *net)
{
	return &net->virtio;
}

void hv_virtio_net_stats(const struct hv_virtio_net *net,
			 struct hv_net_stats *ret_stats)
{
	hv_counters_read(&net->stats, ret_stats, sizeof(*ret_stats));
}

void hv_virtio_net_free(struct hv_virtio_net *net)
{
	if (!net)
		return;
	hv_virtio_done(&net->virtio);
	hv_wire_done(&net->wire);
	free(net);
}
