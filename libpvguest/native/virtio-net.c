/* SPDX-License-Identifier: MIT
 *
 * Virtio's network device: section 5.1. A frame is a header of virtio's and what the
 * request's memory holds; the header lies in a record of ours, which has the number of
 * its chain's head. Of a RECEIVE request's memory the device gets what is behind struct
 * pv_net_frame, and that is written when the frame has come.
 *
 * What the device was lent to receive it gives back only when it is reset: so it is,
 * when that queue closes. QEMU's goes on at once; what the network brings meanwhile
 * waits there, or is lost as on any network.
 */
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "net.h"

/* 5.1.3 */
#define FEATURE_CHECKSUM (1u << 0)
#define FEATURE_GUEST_CHECKSUM (1u << 1)
#define FEATURE_MTU (1u << 3)
#define FEATURE_MAC (1u << 5)
#define FEATURE_GUEST_TCP4 (1u << 7)
#define FEATURE_GUEST_TCP6 (1u << 8)
#define FEATURE_HOST_TCP4 (1u << 11)
#define FEATURE_HOST_TCP6 (1u << 12)
#define FEATURES                                                            \
	(FEATURE_CHECKSUM | FEATURE_MTU | FEATURE_MAC | FEATURE_HOST_TCP4 | \
	 FEATURE_HOST_TCP6)
#define FEATURES_OFFLOAD \
	(FEATURE_GUEST_CHECKSUM | FEATURE_GUEST_TCP4 | FEATURE_GUEST_TCP6)

/* 5.1.4 */
#define CONFIG_MAC 0
#define CONFIG_MTU 10

#define MTU_USUAL 1500
#define MTU_MIN 68
#define TAG_BYTES 4 /* of a VLAN, in a frame that the MTU does not count in */
#define SEGMENTED_FRAME_BYTES 65550 /* the longest: 5.1.6.3.1 */
#define SEGMENTS_MIN 20
/* A frame takes a descriptor for the header, and one for each piece. */
#define DESCRIPTORS_FOR(segments) ((segments) + 1u)

/* For a device that is congested and does not send what it was given. */
#define PATIENCE_NS UINT64_C(1000000000)

struct pvg_net_buffer {
	struct pvg_net_header header; /* the device's to read or to write */
	bool busy;
	struct pvg_virtq_chain chain;
	struct pvg_net_pieces pieces; /* the request's, if it is to receive */
	uint32_t len_bytes; /* of the frame, or the room for one */
	uint64_t token;
};

static struct pvg_net_device *net_of(const struct pvg_queue *queue)
{
	return (struct pvg_net_device *)(void *)queue->driven;
}

static bool sends(const struct pvg_queue *queue)
{
	return queue->number == PVG_NET_SEND_QUEUE;
}

static struct pvg_net_buffer *buffer_of(const struct pvg_queue *queue,
					uint16_t head)
{
	return &net_of(queue)->buffers[queue->number][head];
}

/* ---- requests */

/* From `skip` bytes on, so many. */
static void add_pieces(struct pvg_queue *queue, struct pvg_virtq_chain *chain,
		       const struct pvg_net_pieces *pieces, uint32_t skip,
		       uint32_t bytes, unsigned flags)
{
	const struct pv_segment *segment =
		pvg_segments_at(pieces->inline_segment, pieces->segments);

	for (unsigned i = 0; i < pieces->segments && bytes > 0; i++, segment++) {
		uint32_t len = segment->len_bytes;
		uint32_t skipped = skip < len ? skip : len;

		skip -= skipped;
		len -= skipped;
		if (len > bytes)
			len = bytes;
		bytes -= len;
		if (len > 0)
			pvg_virtq_add(&queue->virtq, chain,
				      (void *)(uintptr_t)(segment->gpa + skipped),
				      len, flags);
	}
}

/* Of memory that is lent the device gets no more than the longest frame takes: it drops
 * what is longer. */
static void begin(struct pvg_queue *queue, const struct pv_net_request *request)
{
	struct pvg_net_buffer *b = buffer_of(queue, queue->virtq.free);
	uint32_t skip = sends(queue) ? 0 : sizeof(struct pv_net_frame);
	unsigned flags = sends(queue) ? 0 : PVG_VIRTQ_DEVICE_WRITES;

	b->header = pvg_net_header_of(&request->frame);
	b->busy = true;
	b->chain = (struct pvg_virtq_chain){ 0 };
	memcpy(b->pieces.inline_segment, request->seg, sizeof(request->seg));
	b->pieces.segments = request->segments;
	b->len_bytes = sends(queue)
			       ? request->len_bytes
			       : net_of(queue)->config.receive_bytes_min - skip;
	b->token = request->token;
	pvg_virtq_add(&queue->virtq, &b->chain, &b->header, sizeof(b->header),
		      flags);
	add_pieces(queue, &b->chain, &b->pieces, skip, b->len_bytes, flags);
	pvg_virtq_offer(&queue->virtq, &b->chain);
}

static enum pvg_take net_take(struct pvg_queue *queue, const void *slot,
			      struct pv_ring_rsp *ret_rsp)
{
	const struct pv_net_request *request = slot;

	ret_rsp->token = request->token;
	ret_rsp->status = pvg_net_check(request, queue->number,
					&net_of(queue)->config);
	if (ret_rsp->status)
		return PVG_TAKE_ANSWERED;
	if (DESCRIPTORS_FOR(request->segments) > queue->virtq.free_count)
		return PVG_TAKE_LATER;
	begin(queue, request);
	return PVG_TAKE_BEGUN;
}

/* ---- answers */

static struct pvg_net_buffer *take_done(struct pvg_queue *queue,
					uint32_t *ret_bytes)
{
	const char *name = queue->driven->device->name;
	struct pvg_net_buffer *b;
	uint16_t head;

	if (!pvg_virtq_take(&queue->virtq, name, &head, ret_bytes))
		return NULL;
	b = buffer_of(queue, head);
	if (!b->busy)
		pvg_panic("%s: the device is done with request %u of queue %u, "
			  "which is not under way", name, head, queue->number);
	if (!sends(queue) && *ret_bytes > sizeof(b->header) + b->len_bytes)
		pvg_panic("%s: the device wrote %u bytes where there was room "
			  "for %zu", name, *ret_bytes,
			  sizeof(b->header) + b->len_bytes);
	return b;
}

/* Whether what was received is a frame for the guest; ret_rsp has its length then. */
static bool take_frame(struct pvg_queue *queue, const struct pvg_net_buffer *b,
		       uint32_t bytes, struct pv_ring_rsp *ret_rsp)
{
	bool offload = queue->driven->virtio.features & FEATURE_GUEST_CHECKSUM;

	if (bytes < sizeof(b->header) + PV_NET_HEADER_BYTES)
		return false;
	bytes -= sizeof(b->header);
	ret_rsp->done_bytes = (uint32_t)sizeof(struct pv_net_frame) + bytes;
	return pvg_net_frame_put(&b->header, &b->pieces, bytes, offload);
}

static bool net_answer(struct pvg_queue *queue, struct pv_ring_rsp *ret_rsp)
{
	struct pvg_net_buffer *b;
	uint32_t bytes;

	while ((b = take_done(queue, &bytes)) && !sends(queue) &&
	       !take_frame(queue, b, bytes, ret_rsp))
		pvg_virtq_offer(&queue->virtq, &b->chain); /* dropped */
	if (!b)
		return false;
	ret_rsp->token = b->token;
	ret_rsp->status = 0;
	if (sends(queue))
		ret_rsp->done_bytes = b->len_bytes;
	b->busy = false;
	pvg_virtq_give_back(&queue->virtq, &b->chain);
	return true;
}

/* ---- the device, at its start and when it is reset */

static const char *agree(struct pvg_net_device *net)
{
	bool offload = pvg_boot.features & PV_FEATURE_NET_OFFLOAD;

	return pvg_virtio_begin(&net->driven.virtio,
				FEATURES | (offload ? FEATURES_OFFLOAD : 0));
}

static const char *add_queues(struct pvg_net_device *net)
{
	const char *problem = NULL;

	for (uint32_t i = 0; !problem && i < PVG_QUEUES_MAX; i++)
		problem = pvg_virtio_add_queue(&net->driven.virtio, i,
					       &net->driven.queue[i].virtq);
	return problem;
}

static void take_back(struct pvg_queue *queue)
{
	for (uint16_t head = 0; head < queue->virtq.entries; head++) {
		struct pvg_net_buffer *b = buffer_of(queue, head);

		if (b->busy)
			pvg_virtq_give_back(&queue->virtq, &b->chain);
		b->busy = false;
	}
	queue->under_way = 0;
}

static void offer_again(struct pvg_queue *queue)
{
	for (uint16_t head = 0; head < queue->virtq.entries; head++)
		if (buffer_of(queue, head)->busy)
			pvg_virtq_offer(&queue->virtq,
					&buffer_of(queue, head)->chain);
}

/* The other queue loses nothing by it. */
static void reset_for(struct pvg_queue *closing)
{
	struct pvg_net_device *net = net_of(closing);
	struct pvg_queue *other = &net->driven.queue[!closing->number];
	const char *problem = agree(net);

	/* What was done with until then, so that no frame is sent twice. */
	pvg_queue_answer(other);
	pvg_queue_answer(closing);
	if (!problem)
		problem = add_queues(net);
	if (problem)
		pvg_panic("%s: the device does not come back from a reset: %s",
			  net->driven.device->name, problem);
	take_back(closing);
	offer_again(other);
	pvg_virtio_start(&net->driven.virtio);
	pvg_queue_serve(closing);
	pvg_queue_serve(other);
}

static bool net_is_over(struct pvg_queue *queue)
{
	uint64_t waited_ns = (uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC) -
			     queue->closing_since_ns;

	if (queue->under_way == 0)
		return true;
	if (sends(queue) && waited_ns < PATIENCE_NS)
		return false;
	reset_for(queue);
	return true;
}

/* ---- what it is */

static uint32_t longest_frame(const struct pvg_net_device *net)
{
	return net->config.mtu_bytes + PV_NET_HEADER_BYTES + TAG_BYTES;
}

static const char *read_config(struct pvg_net_device *net)
{
	const struct pvg_virtio *virtio = &net->driven.virtio;
	struct pv_net_config *c = &net->config;
	uint32_t longest;

	if (!(virtio->features & FEATURE_MAC))
		return "it has no address";
	for (unsigned i = 0; i < sizeof(c->mac); i++)
		c->mac[i] = pvg_virtio_config8(virtio, CONFIG_MAC + i);
	c->mtu_bytes = virtio->features & FEATURE_MTU
			       ? pvg_virtio_config16(virtio, CONFIG_MTU)
			       : MTU_USUAL;
	if (c->mtu_bytes < MTU_MIN)
		return "its frames are too short";
	longest = longest_frame(net);
	c->send_bytes_max = longest;
	if (virtio->features & (FEATURE_GUEST_TCP4 | FEATURE_GUEST_TCP6) &&
	    longest < SEGMENTED_FRAME_BYTES)
		longest = SEGMENTED_FRAME_BYTES;
	c->receive_bytes_min = (uint32_t)sizeof(struct pv_net_frame) + longest;
	return NULL;
}

/* What of segmentation goes without checksums is none (5.1.3.1). */
static void read_abilities(struct pvg_net_device *net)
{
	uint64_t features = net->driven.virtio.features;

	if (!(features & FEATURE_CHECKSUM))
		return;
	net->config.flags |= PV_NET_CAN_CHECKSUM;
	if (features & FEATURE_HOST_TCP4)
		net->config.flags |= PV_NET_CAN_TCP4;
	if (features & FEATURE_HOST_TCP6)
		net->config.flags |= PV_NET_CAN_TCP6;
}

static const char *make_buffers(struct pvg_net_device *net, uint32_t number)
{
	uint32_t entries = net->driven.queue[number].virtq.entries;
	size_t pages = pvg_pages_for(entries * sizeof(struct pvg_net_buffer));

	if (entries < DESCRIPTORS_FOR(SEGMENTS_MIN))
		return "it takes fewer than 20 pieces of memory at once";
	if (net->config.segments_max > entries - DESCRIPTORS_FOR(0))
		net->config.segments_max = entries - DESCRIPTORS_FOR(0);
	net->buffers[number] = pvg_pages_alloc(pages);
	if (!net->buffers[number])
		return "there is no memory for its requests";
	memset(net->buffers[number], 0, pages * PVG_PAGE_BYTES);
	return NULL;
}

static const char *net_start(struct pvg_driven *driven)
{
	struct pvg_net_device *net = (struct pvg_net_device *)(void *)driven;
	struct pv_device *device = driven->device;
	const char *problem = agree(net);

	if (!problem)
		problem = read_config(net);
	if (!problem)
		problem = add_queues(net);
	net->config.segments_max = PV_NET_SEGMENTS_MAX;
	for (uint32_t i = 0; !problem && i < PVG_QUEUES_MAX; i++)
		problem = make_buffers(net, i);
	if (problem)
		return problem;
	read_abilities(net);
	pvg_virtio_start(&driven->virtio);
	device->type = PV_DEVICE_NET;
	device->queues = PVG_QUEUES_MAX;
	device->queue_entries_max = PV_NET_ENTRIES_MAX;
	memcpy(device->config, &net->config, sizeof(net->config));
	return NULL;
}

const struct pvg_driver pvg_net_driver = {
	.name = "net",
	.type = "network",
	.kind = PVG_VIRTIO_NET,
	.start = net_start,
	.take = net_take,
	.answer = net_answer,
	.is_over = net_is_over,
};
