/* SPDX-License-Identifier: MIT
 *
 * See block.h.
 */
#include "block.h"

#include <pvabi/pvabi.h>
#include <stdlib.h>
#include <string.h>

#include "block-queue.h"
#include "vm.h"

_Static_assert(PV_BLK_QUEUES_MAX <= HV_QUEUES_MAX, "any device's are as many");

struct hv_block {
	struct hv_pv_device device;
	struct hv_disk disk;
	struct hv_blk_target target;
};

static struct hv_block *block_of(struct hv_pv_device *device)
{
	return HV_OWNER(device, struct hv_block, device);
}

static void describe(const struct hv_pv_device *device, void *ret_config)
{
	const struct hv_disk *disk =
		&((const struct hv_block *)(const void *)device)->disk;
	const struct pv_blk_config config = {
		.size_bytes = disk->size_bytes,
		.logical_block_bytes = disk->logical_block_bytes,
		.buffer_align_bytes = disk->buffer_align_bytes,
		.segments_max = PV_BLK_SEGMENTS_MAX,
		.flags = (disk->read_only ? PV_BLK_READ_ONLY : 0) |
			 (disk->can_discard ? PV_BLK_CAN_DISCARD : 0),
		.request_bytes_max = PV_BLK_REQUEST_MAX_BYTES,
	};

	memcpy(ret_config, &config, sizeof(config));
}

static int queue_create(struct hv_pv_device *device,
			const struct hv_ring_place *place,
			struct hv_ring **ret_ring)
{
	(void)device;
	return hv_blk_queue_create(place, ret_ring);
}

static void queue_open(struct hv_pv_device *device, struct hv_ring *ring)
{
	struct hv_blk_target *target = &block_of(device)->target;

	if (!target->loop)
		hv_blk_target_attach(target, device->vm->loop);
	hv_blk_queue_open(ring, target);
}

static void block_free(struct hv_pv_device *device)
{
	struct hv_block *block = block_of(device);

	hv_disk_done(&block->disk);
	free(block);
}

static const struct hv_pv_device_ops block_ops = {
	.type = PV_DEVICE_BLOCK,
	.name = "block",
	.feature = PV_FEATURE_BLOCK,
	.queues = PV_BLK_QUEUES_MAX,
	.entries_max = PV_BLK_ENTRIES_MAX,
	.describe = describe,
	.queue_create = queue_create,
	.queue_free = hv_blk_queue_free,
	.queue_open = queue_open,
	.queue_close = hv_blk_queue_close,
	.free = block_free,
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
	block->device.ops = &block_ops;
	memcpy(block->device.name, spec->id, sizeof(block->device.name));
	block->target.disk = &block->disk;
	hv_pv_device_add(vm, &block->device);
	return 0;
}

void hv_block_stats(const struct hv_pv_device *device,
		    struct hv_blk_stats *ret_stats)
{
	const struct hv_block *block = (const void *)device;

	hv_blk_target_stats(&block->target, ret_stats);
}
