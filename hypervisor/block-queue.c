/* SPDX-License-Identifier: MIT
 *
 * See block-queue.h; the protocol is pvabi/ring.h, whose names are used here.
 */
#include "block-queue.h"

#include <errno.h>
#include <liburing.h>
#include <pvabi/block.h>
#include <pvabi/error.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block-io.h"
#include "block-request.h"
#include "event.h"
#include "units.h"
#include "vm.h"

#define BATCH_MIN 8 /* requests, if that many wait */

struct hv_blk_queue {
	struct hv_source source;
	struct hv_vcpu *vcpu; /* the one to tell */
	struct hv_blk_target *target;
	struct pv_ring *ring; /* guest RAM: written by the guest at any time */
	uint32_t entries;
	uint32_t port;
	uint32_t number;      /* of the device's queues */

	/* Our own indices; those in the ring are only ever written. */
	uint32_t req_cons;
	uint32_t rsp_prod;
	uint32_t rsp_published;
	uint32_t rsp_cons;  /* the guest's, as last seen */
	bool stopped;       /* the guest's indices made no sense */

	struct hv_blk_slot *slots;  /* [entries] */
	struct hv_blk_slot *free;
	uint32_t slots_used;        /* those from here on never were */
	uint32_t slots_busy;
	void *arena;
	size_t arena_bytes;

	struct hv_io doorbell;
	bool doorbell_awaited;
	int doorbell_fd;
	uint64_t doorbell_count;

	struct hv_job *closing;     /* over when the queue has drained */
};

/* A request being served, and what it needs from start to answer. */
struct hv_blk_slot {
	struct hv_blk_io blk_io;
	struct hv_blk_queue *queue;
	struct hv_blk_slot *next_free;
	struct iovec few[PV_BLK_SEGMENTS_INLINE];
	struct iovec *many; /* [PV_BLK_SEGMENTS_MAX] */
};

/* ---- what a queue needs of host memory: one mapping, touched as it is used */

#define LIST_BYTES (PV_BLK_SEGMENTS_MAX * sizeof(struct iovec))

/* Slots, then a list for each. A full-depth queue of long lists fills 1 MiB;
 * one of short requests touches a page or two. */
static int map_arena(struct hv_blk_queue *queue)
{
	size_t slots = hv_round_up(queue->entries * sizeof(struct hv_blk_slot),
				   PV_PAGE_BYTES);
	size_t bytes = slots + queue->entries * LIST_BYTES;
	void *arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (arena == MAP_FAILED)
		return -errno;
	/* A huge page would be touched as a whole. Refused: there are none. */
	madvise(arena, bytes, MADV_NOHUGEPAGE);
	queue->arena = arena;
	queue->arena_bytes = bytes;
	queue->slots = arena;
	return 0;
}

static struct iovec *list_of(struct hv_blk_queue *queue, uint32_t slot)
{
	uint8_t *lists = (uint8_t *)queue->arena + queue->arena_bytes -
			 queue->entries * LIST_BYTES;

	return (struct iovec *)(void *)(lists + slot * LIST_BYTES);
}

/* Last used first: what is warm stays warm, what is untouched stays so. There
 * is always one: a guest has no more than `entries` requests open. */
static struct hv_blk_slot *get_slot(struct hv_blk_queue *queue)
{
	struct hv_blk_slot *slot = queue->free;

	if (slot) {
		queue->free = slot->next_free;
	} else {
		slot = &queue->slots[queue->slots_used];
		slot->queue = queue;
		slot->many = list_of(queue, queue->slots_used);
		queue->slots_used++;
	}
	queue->slots_busy++;
	return slot;
}

static void put_slot(struct hv_blk_slot *slot)
{
	slot->next_free = slot->queue->free;
	slot->queue->free = slot;
	slot->queue->slots_busy--;
}

/* ---- responses */

static void push_response(struct hv_blk_queue *queue, uint64_t token,
			  int32_t status, uint32_t done_bytes)
{
	struct pv_ring_rsp *response = (void *)((uint8_t *)queue->ring +
		PV_RING_RSP_OFFSET(queue->entries,
				   queue->rsp_prod & (queue->entries - 1)));

	response->token = token;
	response->status = status;
	response->done_bytes = done_bytes;
	queue->rsp_prod++;
	if (status)
		hv_blk_count(&queue->target->stats.failed, 1);
}

/* Show the guest what was pushed since last time, and tell it if it asked. */
static void publish(struct hv_blk_queue *queue)
{
	struct hv_blk_stats *stats = &queue->target->stats;
	uint32_t old = queue->rsp_published, event;

	if (queue->rsp_prod == old)
		return;
	queue->rsp_published = queue->rsp_prod;
	/* After the responses; and before the look at rsp_event, since the
	 * guest writes that and then looks at rsp_prod. */
	__atomic_store_n(&queue->ring->rsp_prod, queue->rsp_prod,
			 __ATOMIC_SEQ_CST);
	event = __atomic_load_n(&queue->ring->rsp_event, __ATOMIC_SEQ_CST);
	if (pv_ring_must_notify(event, old, queue->rsp_prod)) {
		hv_blk_count(&stats->events_sent, 1);
		hv_event_raise(queue->vcpu, queue->port);
	} else {
		hv_blk_count(&stats->events_suppressed, 1);
	}
}

static void finish_close(struct hv_blk_queue *queue)
{
	if (!queue->closing || queue->slots_busy || queue->doorbell_awaited)
		return;
	publish(queue);
	hv_loop_job_done(queue->closing);
}

static void answer(struct hv_blk_io *blk_io, int32_t status,
		   uint32_t done_bytes)
{
	struct hv_blk_slot *slot = HV_OWNER(blk_io, struct hv_blk_slot, blk_io);

	push_response(slot->queue, blk_io->token, status, done_bytes);
	put_slot(slot);
	finish_close(slot->queue);
}

/* ---- requests */

/* The guest's own limits imply every bound we need:
 *
 *	rsp_cons <= rsp_prod <= req_cons <= req_prod <= rsp_cons + entries
 *
 * so what is served has a slot, and its response a place in the ring. */
static bool indices_are_sane(const struct hv_blk_queue *queue,
			     uint32_t req_prod, uint32_t rsp_cons)
{
	uint32_t unseen = queue->rsp_published - queue->rsp_cons;

	return rsp_cons - queue->rsp_cons <= unseen &&
	       req_prod - rsp_cons <= queue->entries &&
	       req_prod - queue->req_cons <= queue->entries;
}

static void stop_guest(struct hv_blk_queue *queue, uint32_t req_prod,
		       uint32_t rsp_cons)
{
	queue->stopped = true;
	hv_guest_kill(queue->vcpu->vm,
		      "the indices of block device %u, queue %u, make no sense: req_prod %u, rsp_cons %u, where %u requests were taken and %u answered, in a ring of %u",
		      queue->target->device, queue->number, req_prod, rsp_cons,
		      queue->req_cons, queue->rsp_published, queue->entries);
}

/* How many wait to be taken. */
static uint32_t count_waiting(struct hv_blk_queue *queue)
{
	/* In this order: each rsp_cons allows all req_prod written after it. */
	uint32_t req_prod =
		__atomic_load_n(&queue->ring->req_prod, __ATOMIC_ACQUIRE);
	uint32_t rsp_cons;

	if (req_prod == queue->req_cons || queue->stopped ||
	    hv_loop_abandoned(queue->target->loop))
		return 0;
	rsp_cons = __atomic_load_n(&queue->ring->rsp_cons, __ATOMIC_RELAXED);
	if (!indices_are_sane(queue, req_prod, rsp_cons)) {
		stop_guest(queue, req_prod, rsp_cons);
		return 0;
	}
	queue->rsp_cons = rsp_cons;
	return req_prod - queue->req_cons;
}

static int32_t map_buffers(struct hv_blk_slot *slot,
			   const struct pv_blk_request *request)
{
	struct hv_blk_io *blk_io = &slot->blk_io;

	blk_io->iovs = request->segments;
	blk_io->iov = request->segments > PV_BLK_SEGMENTS_INLINE ? slot->many
								 : slot->few;
	return hv_blk_request_map(request, blk_io->target->disk,
				  &slot->queue->vcpu->vm->memory, blk_io->iov);
}

static void serve(struct hv_blk_queue *queue,
		  const struct pv_blk_request *request)
{
	int32_t status = hv_blk_request_check(request, queue->target->disk);
	struct hv_blk_slot *slot;

	if (status) {
		push_response(queue, request->token, status, 0);
		return;
	}
	slot = get_slot(queue);
	slot->blk_io.over = answer;
	slot->blk_io.target = queue->target;
	slot->blk_io.op = request->op;
	slot->blk_io.token = request->token;
	if (request->segments)
		status = map_buffers(slot, request);
	if (status)
		answer(&slot->blk_io, status, 0);
	else
		hv_blk_io_start(&slot->blk_io, request->offset_bytes,
				request->len_bytes);
}

/* The length it names, whatever became of it. */
static uint64_t take(struct hv_blk_queue *queue)
{
	const uint8_t *at = (const uint8_t *)queue->ring +
		PV_RING_REQ_OFFSET(queue->req_cons & (queue->entries - 1));
	struct pv_blk_request request;

	hv_copy_once(&request, at, sizeof(request));
	queue->req_cons++;
	serve(queue, &request);
	return request.len_bytes;
}

/* How many to take now. Half of what waits: while the guest works on the
 * responses of one half, the other is served. Between two bounds: few enough to
 * share the loop, enough to make a system call and a look at the guest's cache
 * lines cheap. */
static uint32_t choose_batch(struct hv_blk_queue *queue)
{
	uint32_t waiting = count_waiting(queue);
	uint32_t room = hv_loop_room(queue->target->loop);
	uint32_t batch = waiting / 2;

	if (batch < BATCH_MIN)
		batch = BATCH_MIN;
	if (batch > HV_BLK_BATCH_MAX)
		batch = HV_BLK_BATCH_MAX;
	if (batch > waiting)
		batch = waiting;
	return batch < room ? batch : room;
}

static struct hv_blk_queue *queue_of(struct hv_source *source)
{
	return HV_OWNER(source, struct hv_blk_queue, source);
}

static bool queue_poll(struct hv_source *source)
{
	struct hv_blk_queue *queue = queue_of(source);
	struct hv_blk_stats *stats = &queue->target->stats;
	uint64_t bytes = 0, bytes_max = queue->target->disk->direct
						? UINT64_MAX
						: HV_BLK_BATCH_CACHED_BYTES;
	uint32_t batch, taken;

	publish(queue);
	batch = choose_batch(queue);
	if (!batch)
		return false;
	for (taken = 0; taken < batch && bytes < bytes_max; taken++)
		bytes += take(queue);
	hv_blk_count(&stats->batches, 1);
	hv_blk_count(&stats->requests, taken);
	return true;
}

static bool queue_arm(struct hv_source *source)
{
	struct hv_blk_queue *queue = queue_of(source);

	/* Before the last look, since the guest pushes and then reads it. */
	__atomic_store_n(&queue->ring->req_event, queue->req_cons + 1,
			 __ATOMIC_SEQ_CST);
	return choose_batch(queue) > 0;
}

/* ---- the doorbell */

static void await_doorbell(struct hv_blk_queue *queue)
{
	struct io_uring_sqe *sqe =
		hv_loop_sqe(queue->target->loop, &queue->doorbell);

	io_uring_prep_read(sqe, queue->doorbell_fd, &queue->doorbell_count,
			   sizeof(queue->doorbell_count), 0);
	queue->doorbell_awaited = true;
}

/* That the loop turns is all a doorbell is for: it looks at every ring then.
 * One that is rung in a storm is read once a turn. */
static void doorbell_rung(struct hv_io *io, int result)
{
	struct hv_blk_queue *queue =
		HV_OWNER(io, struct hv_blk_queue, doorbell);

	queue->doorbell_awaited = false;
	if (result == sizeof(queue->doorbell_count))
		hv_blk_count(&queue->target->stats.doorbells,
			     queue->doorbell_count);
	if (queue->closing)
		finish_close(queue);
	else
		await_doorbell(queue);
}

/* ---- life */

int hv_blk_queue_create(struct hv_blk_queue **ret_queue, struct hv_vcpu *vcpu,
			struct pv_ring *ring, uint32_t entries, uint32_t port,
			uint32_t number)
{
	struct hv_blk_queue *queue = calloc(1, sizeof(*queue));
	int r;

	if (!queue)
		return -ENOMEM;
	queue->source.poll = queue_poll;
	queue->source.arm = queue_arm;
	queue->vcpu = vcpu;
	queue->ring = ring;
	queue->entries = entries;
	queue->port = port;
	queue->number = number;
	queue->doorbell.done = doorbell_rung;
	queue->doorbell_fd = eventfd(0, EFD_CLOEXEC);
	r = queue->doorbell_fd < 0 ? -errno : map_arena(queue);
	if (r < 0) {
		hv_blk_queue_free(queue);
		return r;
	}
	*ret_queue = queue;
	return 0;
}

void hv_blk_queue_free(struct hv_blk_queue *queue)
{
	if (!queue)
		return;
	if (queue->arena)
		munmap(queue->arena, queue->arena_bytes);
	if (queue->doorbell_fd >= 0)
		close(queue->doorbell_fd);
	free(queue);
}

int hv_blk_queue_eventfd(const struct hv_blk_queue *queue)
{
	return queue->doorbell_fd;
}

void hv_blk_queue_open(struct hv_blk_queue *queue, struct hv_blk_target *target)
{
	queue->target = target;
	await_doorbell(queue);
	hv_loop_add_source(target->loop, &queue->source);
}

void hv_blk_queue_close(struct hv_blk_queue *queue, struct hv_job *job)
{
	queue->closing = job;
	hv_loop_remove_source(queue->target->loop, &queue->source);
	hv_loop_cancel(queue->target->loop, &queue->doorbell);
	finish_close(queue);
}
