/* SPDX-License-Identifier: MIT
 *
 * See block.h.
 */
#include "block.h"

#include <errno.h>
#include <pvabi/pvabi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block-queue.h"
#include "engine.h"
#include "vm.h"

/* A doorbell's number is device << 8 | queue. */
#define DOORBELL_DEVICE_SHIFT 8

struct hv_block {
	struct hv_vm *vm;
	char id[PV_DEVICE_NAME_BYTES];
	struct hv_disk disk;
	struct hv_blk_target target;
	struct hv_blk_queue *queues[PV_BLK_QUEUES_MAX];
};

int hv_block_add(struct hv_vm *vm, const struct hv_disk_spec *spec,
		 struct hv_error *err)
{
	struct hv_block *block = calloc(1, sizeof(*block));

	if (!block)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	if (hv_disk_open(spec, &block->disk, err) < 0) {
		free(block);
		return -1;
	}
	block->vm = vm;
	memcpy(block->id, spec->id, sizeof(block->id));
	block->target.disk = &block->disk;
	block->target.device = vm->blocks;
	vm->block[vm->blocks++] = block;
	return 0;
}

static struct pv_blk_config config(const struct hv_disk *disk)
{
	return (struct pv_blk_config){
		.size_bytes = disk->size_bytes,
		.logical_block_bytes = disk->logical_block_bytes,
		.buffer_align_bytes = disk->buffer_align_bytes,
		.segments_max = PV_BLK_SEGMENTS_MAX,
		.flags = (disk->read_only ? PV_BLK_READ_ONLY : 0) |
			 (disk->can_discard ? PV_BLK_CAN_DISCARD : 0),
		.request_bytes_max = PV_BLK_REQUEST_MAX_BYTES,
	};
}

void hv_block_describe(const struct hv_block *block,
		       struct pv_device *ret_device)
{
	struct pv_blk_config disk = config(&block->disk);

	*ret_device = (struct pv_device){
		.type = PV_DEVICE_BLOCK,
		.number = block->target.device,
		.queues = PV_BLK_QUEUES_MAX,
		.queue_entries_max = PV_BLK_ENTRIES_MAX,
	};
	memcpy(ret_device->name, block->id, sizeof(block->id));
	memcpy(ret_device->config, &disk, sizeof(disk));
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
		.job.run = run, .block = block, .queue = queue,
	};

	hv_loop_do(block->vm->loop, &job.job);
}

static void open_run(struct hv_job *job)
{
	struct block_job *b = HV_OWNER(job, struct block_job, job);

	if (!b->block->target.loop)
		hv_blk_target_attach(&b->block->target, b->block->vm->loop);
	hv_blk_queue_open(b->queue, &b->block->target);
	hv_loop_job_done(job);
}

static void close_run(struct hv_job *job)
{
	struct block_job *b = HV_OWNER(job, struct block_job, job);

	hv_blk_queue_close(b->queue, job);
}

static bool is_power_of_two(uint64_t n)
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

static int64_t check_ring(const struct hv_memory *memory, pv_gpa_t gpa,
			  uint64_t entries, uint64_t port,
			  struct pv_ring **ret_ring)
{
	struct pv_ring *ring;

	if (entries < 2 || entries > PV_BLK_ENTRIES_MAX ||
	    !is_power_of_two(entries) || gpa % PV_CACHE_LINE ||
	    port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	ring = hv_memory_at(memory, gpa, PV_RING_BYTES(entries));
	if (!ring)
		return -PV_EFAULT;
	if (!is_zero(ring))
		return -PV_EINVAL;
	*ret_ring = ring;
	return 0;
}

static uint32_t doorbell_of(const struct hv_block *block, uint32_t queue)
{
	return block->target.device << DOORBELL_DEVICE_SHIFT | queue;
}

/* Without an eventfd the engine brings each doorbell as an exit, and
 * hv_block_doorbell passes it on: slower, but the same. */
static void set_doorbell(struct hv_block *block, uint32_t queue, bool on)
{
	struct hv_engine *engine = block->vm->engine;

	engine->ops->set_doorbell(engine, doorbell_of(block, queue),
				  hv_blk_queue_eventfd(block->queues[queue]),
				  on);
}

/* The queue's place in its device, or NULL if there is no such thing. */
static struct hv_blk_queue **find_queue(struct hv_vm *vm, uint64_t device,
					uint64_t queue)
{
	return device < vm->blocks && queue < PV_BLK_QUEUES_MAX
		       ? &vm->block[device]->queues[queue] : NULL;
}

static int64_t open_queue(struct hv_vcpu *vcpu, uint64_t device,
			  uint64_t number, pv_gpa_t gpa, uint64_t entries,
			  uint64_t port)
{
	struct hv_vm *vm = vcpu->vm;
	struct hv_blk_queue **queue = find_queue(vm, device, number);
	struct hv_block *block;
	struct pv_ring *ring;
	int64_t status;

	if (!queue)
		return -PV_ENODEV;
	if (*queue)
		return -PV_EBUSY;
	status = check_ring(&vm->memory, gpa, entries, port, &ring);
	if (status)
		return status;
	if (!hv_vm_loop(vm) ||
	    hv_blk_queue_create(queue, vcpu, ring, (uint32_t)entries,
				(uint32_t)port, (uint32_t)number))
		return -PV_ENOMEM;
	block = vm->block[device];
	set_doorbell(block, (uint32_t)number, true);
	do_for(block, *queue, open_run);
	return doorbell_of(block, (uint32_t)number);
}

int64_t hv_block_queue_open(struct hv_vcpu *vcpu, uint64_t device,
			    uint64_t queue, pv_gpa_t gpa, uint64_t entries,
			    uint64_t port)
{
	int64_t status;

	pthread_mutex_lock(&vcpu->vm->lock);
	status = open_queue(vcpu, device, queue, gpa, entries, port);
	pthread_mutex_unlock(&vcpu->vm->lock);
	return status;
}

static void close_queue(struct hv_block *block, uint32_t number)
{
	struct hv_blk_queue *queue = block->queues[number];

	set_doorbell(block, number, false);
	do_for(block, queue, close_run);
	hv_blk_queue_free(queue);
	block->queues[number] = NULL;
}

int64_t hv_block_queue_close(struct hv_vm *vm, uint64_t device, uint64_t number)
{
	struct hv_blk_queue **queue = find_queue(vm, device, number);
	int64_t status = -PV_ENODEV;

	pthread_mutex_lock(&vm->lock);
	if (queue && *queue) {
		close_queue(vm->block[device], (uint32_t)number);
		status = 0;
	}
	pthread_mutex_unlock(&vm->lock);
	return status;
}

void hv_block_doorbell(struct hv_vm *vm, uint32_t doorbell)
{
	struct hv_blk_queue **queue =
		find_queue(vm, doorbell >> DOORBELL_DEVICE_SHIFT,
			   doorbell & ((1u << DOORBELL_DEVICE_SHIFT) - 1));
	uint64_t one = 1;

	pthread_mutex_lock(&vm->lock); /* another vCPU may close the queue */
	if (queue && *queue)
		while (write(hv_blk_queue_eventfd(*queue), &one, sizeof(one)) <
			       0 && errno == EINTR)
			;
	pthread_mutex_unlock(&vm->lock);
}

void hv_block_stats(const struct hv_block *block,
		    struct hv_blk_stats *ret_stats)
{
	hv_blk_target_stats(&block->target, ret_stats);
}

void hv_block_free(struct hv_block *block)
{
	if (!block)
		return;
	for (uint32_t i = 0; i < PV_BLK_QUEUES_MAX; i++)
		if (block->queues[i])
			close_queue(block, i);
	hv_disk_done(&block->disk);
	free(block);
}
