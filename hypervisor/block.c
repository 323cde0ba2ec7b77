/* SPDX-License-Identifier: MIT
 *
 * See block.h.
 */
#include "block.h"

#include <errno.h>
#include <pvabi/pvabi.h>
#include <stdlib.h>
#include <unistd.h>

#include "block-queue.h"
#include "engine.h"
#include "vm.h"

struct hv_block {
	struct hv_vm *vm;
	struct hv_disk disk;
	struct hv_blk_target target;
	struct hv_blk_queue *queues[PV_BLK_QUEUES_MAX];
};

int hv_block_create(struct hv_block **ret_block, struct hv_vm *vm,
		    const struct hv_disk *disk)
{
	struct hv_block *block = calloc(1, sizeof(*block));

	if (!block)
		return -ENOMEM;
	block->vm = vm;
	block->disk = *disk;
	block->target.disk = &block->disk;
	*ret_block = block;
	return 0;
}

void hv_block_config(const struct hv_block *block,
		     struct pv_blk_config *ret_config)
{
	const struct hv_disk *disk = &block->disk;

	*ret_config = (struct pv_blk_config){
		.size_bytes = disk->size_bytes,
		.logical_block_bytes = disk->logical_block_bytes,
		.buffer_align_bytes = disk->buffer_align_bytes,
		.segments_max = PV_BLK_SEGMENTS_MAX,
		.flags = (disk->read_only ? PV_BLK_READ_ONLY : 0) |
			 (disk->can_discard ? PV_BLK_CAN_DISCARD : 0),
		.request_bytes_max = PV_BLK_REQUEST_MAX_BYTES,
	};
}

/* What the loop thread is asked to do for this thread. */
struct block_job {
	struct hv_job job;
	struct hv_block *block;
	struct hv_blk_queue *queue;
};

static void do_for(struct hv_block *block, struct hv_blk_queue *queue,
		   void (*run)(struct hv_job *job))
{
	struct block_job job = {
		.job.run = run, .block = block, .queue = queue};

	hv_loop_do(block->vm->loop, &job.job);
}

/* At the first queue: a disk that is never opened costs the loop nothing. */
static void attach_target(struct hv_block *block)
{
	struct hv_blk_target *target = &block->target;
	int slot = hv_loop_add_file(block->vm->loop, block->disk.fd);

	target->loop = block->vm->loop;
	target->file_is_slot = slot >= 0;
	target->file = slot >= 0 ? slot : block->disk.fd;
}

static void open_run(struct hv_job *job)
{
	struct block_job *b = HV_OWNER(job, struct block_job, job);

	if (!b->block->target.loop)
		attach_target(b->block);
	hv_blk_queue_open(b->queue, &b->block->target);
	hv_loop_job_done(job);
}

static void close_run(struct hv_job *job)
{
	struct block_job *b = HV_OWNER(job, struct block_job, job);

	hv_blk_queue_close(b->queue, job);
}

static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static bool is_zero(const struct pv_ring *ring)
{
	const uint64_t *words = (const void *)ring;

	for (unsigned i = 0; i < sizeof(*ring) / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

static int64_t check_ring(struct hv_block *block, pv_gpa_t gpa,
			  uint32_t entries, uint32_t port,
			  struct pv_ring **ret_ring)
{
	struct pv_ring *ring;

	if (entries < 2 || entries > PV_BLK_ENTRIES_MAX ||
	    !is_power_of_two(entries) || gpa % PV_CACHE_LINE ||
	    port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	ring = hv_memory_at(&block->vm->memory, gpa, PV_RING_BYTES(entries));
	if (!ring)
		return -PV_EFAULT;
	if (!is_zero(ring))
		return -PV_EINVAL;
	*ret_ring = ring;
	return 0;
}

/* Without an eventfd the engine brings each doorbell as an exit, and
 * hv_block_doorbell passes it on: slower, but the same. */
static void bind_doorbell(struct hv_block *block, struct hv_blk_queue *queue)
{
	struct hv_engine *engine = block->vm->engine;

	engine->ops->bind_doorbell(engine, queue->doorbell_number,
				   queue->doorbell_fd);
}

static void unbind_doorbell(struct hv_block *block, struct hv_blk_queue *queue)
{
	struct hv_engine *engine = block->vm->engine;

	engine->ops->unbind_doorbell(engine, queue->doorbell_number,
				     queue->doorbell_fd);
}

int64_t hv_block_queue_open(struct hv_block *block, uint32_t number,
			    pv_gpa_t gpa, uint32_t entries, uint32_t port,
			    uint32_t doorbell)
{
	struct hv_blk_queue *queue;
	struct pv_ring *ring;
	int64_t status;

	if (number >= PV_BLK_QUEUES_MAX)
		return -PV_ENODEV;
	if (block->queues[number])
		return -PV_EBUSY;
	status = check_ring(block, gpa, entries, port, &ring);
	if (status)
		return status;
	if (!hv_vm_loop(block->vm))
		return -PV_ENOMEM;
	if (hv_blk_queue_create(&queue, block->vm, ring, entries, port,
				doorbell))
		return -PV_ENOMEM;
	bind_doorbell(block, queue);
	do_for(block, queue, open_run);
	block->queues[number] = queue;
	return doorbell;
}

int64_t hv_block_queue_close(struct hv_block *block, uint32_t number)
{
	struct hv_blk_queue *queue;

	if (number >= PV_BLK_QUEUES_MAX || !block->queues[number])
		return -PV_ENODEV;
	queue = block->queues[number];
	block->queues[number] = NULL;
	unbind_doorbell(block, queue);
	do_for(block, queue, close_run);
	hv_blk_queue_free(queue);
	return 0;
}

void hv_block_doorbell(struct hv_block *block, uint32_t number)
{
	uint64_t one = 1;
	int fd;

	if (number >= PV_BLK_QUEUES_MAX || !block->queues[number])
		return;
	fd = block->queues[number]->doorbell_fd;
	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void hv_block_stats(const struct hv_block *block,
		    struct hv_block_stats *ret_stats)
{
	const uint64_t *from = (const void *)&block->target.stats;
	uint64_t *to = (void *)ret_stats;

	for (unsigned i = 0; i < sizeof(*ret_stats) / sizeof(*to); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* Nobody is left to use what is under way: have the kernel drop what it did not
 * start yet. */
static void abandon_run(struct hv_job *job)
{
	struct hv_blk_target *target =
		&HV_OWNER(job, struct block_job, job)->block->target;

	target->abandoned = true;
	if (target->file_is_slot)
		hv_loop_cancel_file(target->loop, target->file);
	hv_loop_job_done(job);
}

void hv_block_free(struct hv_block *block)
{
	if (!block)
		return;
	if (block->target.loop &&
	    atomic_load(&block->vm->ending) != HV_END_EXIT)
		do_for(block, NULL, abandon_run);
	for (uint32_t i = 0; i < PV_BLK_QUEUES_MAX; i++)
		if (block->queues[i])
			hv_block_queue_close(block, i);
	hv_disk_done(&block->disk);
	free(block);
}
