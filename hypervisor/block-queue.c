/* SPDX-License-Identifier: MIT
 *
 * See block-queue.h.
 */
#include "block-queue.h"

#include <errno.h>
#include <pvabi/block.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "block-io.h"
#include "block-request.h"
#include "units.h"
#include "vm.h"

#define BATCH_MIN 8 /* requests, if that many wait */

struct hv_blk_queue {
	struct hv_ring ring;
	struct hv_source source;
	struct hv_blk_target *target;

	struct hv_blk_slot *slots;  /* [entries] */
	struct hv_blk_slot *free;
	uint32_t slots_used;        /* those from here on never were */
	uint32_t slots_busy;
	void *arena;
	size_t arena_bytes;
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
	size_t slots = hv_round_up(queue->ring.place.entries * sizeof(struct hv_blk_slot),
				   PV_PAGE_BYTES);
	size_t bytes = slots + queue->ring.place.entries * LIST_BYTES;
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
			 queue->ring.place.entries * LIST_BYTES;

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
	hv_ring_answer(&queue->ring, token, status, done_bytes);
	if (status)
		hv_count(&queue->target->stats.failed, 1);
}

static void finish_close(struct hv_blk_queue *queue)
{
	if (!queue->slots_busy)
		hv_ring_finish(&queue->ring);
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

static int32_t map_buffers(struct hv_blk_slot *slot,
			   const struct pv_blk_request *request)
{
	struct hv_blk_io *blk_io = &slot->blk_io;

	blk_io->iovs = request->segments;
	blk_io->iov = request->segments > PV_BLK_SEGMENTS_INLINE ? slot->many
								 : slot->few;
	return hv_blk_request_map(request, blk_io->target->disk,
				  &slot->queue->ring.place.vcpu->vm->memory, blk_io->iov);
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
	struct pv_blk_request request;

	hv_ring_take(&queue->ring, &request);
	serve(queue, &request);
	return request.len_bytes;
}

/* How many to take now. Half of what waits: while the guest works on the
 * responses of one half, the other is served. Between two bounds: few enough to
 * share the loop, enough to make a system call and a look at the guest's cache
 * lines cheap. */
static uint32_t choose_batch(struct hv_blk_queue *queue)
{
	uint32_t waiting = hv_ring_waiting(&queue->ring);
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

	hv_ring_publish(&queue->ring);
	batch = choose_batch(queue);
	if (!batch)
		return false;
	for (taken = 0; taken < batch && bytes < bytes_max; taken++)
		bytes += take(queue);
	hv_count(&stats->batches, 1);
	hv_count(&stats->requests, taken);
	return true;
}

static bool queue_arm(struct hv_source *source)
{
	struct hv_blk_queue *queue = queue_of(source);

	hv_ring_arm(&queue->ring);
	return choose_batch(queue) > 0;
}

/* ---- life */

int hv_blk_queue_create(const struct hv_ring_place *place,
			struct hv_ring **ret_ring)
{
	struct hv_blk_queue *queue = calloc(1, sizeof(*queue));
	int r;

	if (!queue)
		return -ENOMEM;
	queue->source.poll = queue_poll;
	queue->source.arm = queue_arm;
	r = hv_ring_init(&queue->ring, place);
	if (!r)
		r = map_arena(queue);
	if (r < 0) {
		hv_blk_queue_free(&queue->ring);
		return r;
	}
	*ret_ring = &queue->ring;
	return 0;
}

static struct hv_blk_queue *queue_with(struct hv_ring *ring)
{
	return HV_OWNER(ring, struct hv_blk_queue, ring);
}

void hv_blk_queue_free(struct hv_ring *ring)
{
	struct hv_blk_queue *queue = queue_with(ring);

	if (queue->arena)
		munmap(queue->arena, queue->arena_bytes);
	hv_ring_done(&queue->ring);
	free(queue);
}

void hv_blk_queue_open(struct hv_ring *ring, struct hv_blk_target *target)
{
	struct hv_blk_queue *queue = queue_with(ring);

	queue->target = target;
	hv_ring_open(ring, target->loop, &target->stats.ring);
	hv_loop_add_source(target->loop, &queue->source);
}

static void doorbell_silent(struct hv_doorbell *doorbell)
{
	finish_close(HV_OWNER(doorbell, struct hv_blk_queue, ring.doorbell));
}

void hv_blk_queue_close(struct hv_ring *ring, struct hv_job *job)
{
	struct hv_blk_queue *queue = queue_with(ring);

	hv_loop_remove_source(ring->loop, &queue->source);
	hv_ring_close(ring, job, doorbell_silent);
}
