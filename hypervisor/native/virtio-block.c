/* SPDX-License-Identifier: MIT
 *
 * A disk of the native machine: block-queue.c for virtio's queue. Requests are carried
 * out by block-io.c, on the loop thread, as everything here between queue_open and the
 * end of queue_close is.
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>
#include <pvabi/error.h>
#include <stdlib.h>
#include <string.h>

#include "../block-io.h"
#include "../block-request.h"
#include "../iov.h"
#include "native.h"
#include "virtio-request.h"

#define BIT(n) (UINT64_C(1) << (n))

/* A request under way. */
struct slot {
	struct hv_blk_io blk_io;
	struct hv_virtio_block *block;
	struct slot *next_free;
	uint8_t *status;
	struct hv_virtq_chain chain;
};

struct hv_virtio_block {
	struct hv_virtio virtio; /* first: the transport takes a pointer to it */
	char name[16], id[PV_DEVICE_NAME_BYTES];
	struct hv_disk disk;
	struct virtio_blk_config config;
	struct hv_blk_target target;

	struct hv_virtio_ring ring;
	struct hv_source source;
	struct slot *slots; /* [HV_VIRTQ_MAX] */
	struct slot *free;
	unsigned busy;
};

/* ---- slots */

static struct slot *get_slot(struct hv_virtio_block *b)
{
	struct slot *slot = b->free;

	b->free = slot->next_free;
	b->busy++;
	return slot;
}

static void put_slot(struct slot *slot)
{
	struct hv_virtio_block *b = slot->block;

	slot->next_free = b->free;
	b->free = slot;
	b->busy--;
}

/* ---- answers */

static void finish_close(struct hv_virtio_block *b)
{
	if (!b->busy)
		hv_virtio_ring_finish(&b->ring);
}

/* read_bytes: of those the guest is to read, without the status. */
static void answer(struct slot *slot, uint8_t status, uint32_t read_bytes)
{
	struct hv_virtio_block *b = slot->block;

	if (status != VIRTIO_BLK_S_OK)
		hv_count(&b->target.stats.failed, 1);
	*slot->status = status;
	hv_virtq_put(&b->ring.queue, slot->chain.head, read_bytes + 1);
	put_slot(slot);
}

static uint8_t status_of(int32_t status)
{
	if (!status)
		return VIRTIO_BLK_S_OK;
	return status == -PV_EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP
					: VIRTIO_BLK_S_IOERR;
}

static void io_over(struct hv_blk_io *blk_io, int32_t status, uint32_t done_bytes)
{
	struct slot *slot = HV_OWNER(blk_io, struct slot, blk_io);
	struct hv_virtio_block *b = slot->block;

	answer(slot, status_of(status),
	       blk_io->op == PV_BLK_READ ? done_bytes : 0);
	finish_close(b);
}

/* ---- requests */

static void start_io(struct slot *slot, const struct hv_virtio_request *r)
{
	slot->blk_io.over = io_over;
	slot->blk_io.target = &slot->block->target;
	slot->blk_io.op = r->op;
	slot->blk_io.iov = r->iov;
	slot->blk_io.iovs = r->iovs;
	hv_blk_io_start(&slot->blk_io, r->offset_bytes, r->len_bytes);
}

static void drop(struct slot *slot)
{
	struct hv_virtio_block *b = slot->block;

	put_slot(slot);
	hv_virtio_ring_break(&b->ring);
}

/* How many bytes it moves, or asks to. */
static uint64_t serve(struct hv_virtio_block *b)
{
	struct slot *slot = get_slot(b);
	struct hv_virtio_request r = { .len_bytes = 0 };
	enum hv_virtio_do what = HV_VIRTIO_DO_BREAK;

	if (hv_virtq_take(&b->ring.queue, &slot->chain) == 0)
		what = hv_virtio_decode(&slot->chain, &b->disk, &r);
	slot->status = r.status;
	switch (what) {
	case HV_VIRTIO_DO_IO:
		start_io(slot, &r);
		break;
	case HV_VIRTIO_DO_ID:
		answer(slot, VIRTIO_BLK_S_OK,
		       (uint32_t)hv_iov_write(r.iov, r.iovs, 0, b->id,
					      VIRTIO_BLK_ID_BYTES));
		break;
	case HV_VIRTIO_DO_ANSWER:
		answer(slot, r.answer, 0);
		break;
	case HV_VIRTIO_DO_BREAK:
		drop(slot);
		break;
	}
	return r.len_bytes;
}

static unsigned choose_batch(struct hv_virtio_block *b)
{
	unsigned batch = hv_virtio_ring_waiting(&b->ring);
	unsigned room = hv_loop_room(b->target.loop);

	if (batch > HV_BLK_BATCH_MAX)
		batch = HV_BLK_BATCH_MAX;
	if (batch > HV_VIRTQ_MAX - b->busy)
		batch = HV_VIRTQ_MAX - b->busy;
	return batch < room ? batch : room;
}

static bool queue_poll(struct hv_source *source)
{
	struct hv_virtio_block *b = HV_OWNER(source, struct hv_virtio_block,
					     source);
	uint64_t bytes = 0, most = b->disk.direct ? UINT64_MAX
						  : HV_BLK_BATCH_CACHED_BYTES;
	unsigned batch, taken;

	hv_virtio_ring_show(&b->ring);
	batch = choose_batch(b);
	if (!batch)
		return false;
	hv_virtq_listen(&b->ring.queue, false);
	for (taken = 0; taken < batch && bytes < most && !b->ring.stopped; taken++)
		bytes += serve(b);
	hv_count(&b->target.stats.batches, 1);
	hv_count(&b->target.stats.requests, taken);
	return true;
}

static bool queue_arm(struct hv_source *source)
{
	struct hv_virtio_block *b = HV_OWNER(source, struct hv_virtio_block,
					     source);

	hv_virtq_listen(&b->ring.queue, true);
	return choose_batch(b) > 0;
}

/* ---- start and stop: by a vCPU, which waits for the loop */

struct block_job {
	struct hv_job job;
	struct hv_virtio_block *block;
};

static void queue_open(struct hv_job *job)
{
	struct hv_virtio_block *b = HV_OWNER(job, struct block_job, job)->block;

	if (!b->target.loop)
		hv_blk_target_attach(&b->target, b->virtio.native->vm->loop);
	hv_virtio_ring_open(&b->ring);
	hv_loop_add_source(b->target.loop, &b->source);
	hv_loop_job_done(job);
}

static void doorbell_silent(struct hv_doorbell *doorbell)
{
	finish_close(HV_OWNER(doorbell, struct hv_virtio_block, ring.doorbell));
}

static void queue_close(struct hv_job *job)
{
	struct hv_virtio_block *b = HV_OWNER(job, struct block_job, job)->block;

	hv_loop_remove_source(b->target.loop, &b->source);
	hv_virtio_ring_close(&b->ring, job, doorbell_silent);
}

static int make_slots(struct hv_virtio_block *b)
{
	/* Large enough to be mapped, and so to cost what is touched of it. */
	b->slots = calloc(HV_VIRTQ_MAX, sizeof(*b->slots));
	if (!b->slots)
		return -1;
	b->free = NULL;
	b->busy = 0;
	for (unsigned i = HV_VIRTQ_MAX; i--;) {
		b->slots[i].block = b;
		b->slots[i].next_free = b->free;
		b->free = &b->slots[i];
	}
	return 0;
}

static struct hv_virtio_block *block_of(struct hv_virtio *virtio)
{
	return (struct hv_virtio_block *)(void *)virtio;
}

static void block_start(struct hv_virtio *virtio, unsigned queue)
{
	struct hv_virtio_block *b = block_of(virtio);
	struct block_job job = { .job.run = queue_open, .block = b };

	if (!hv_vm_loop(virtio->native->vm))
		return;
	if (hv_virtio_ring_init(&b->ring, virtio, queue,
				&b->target.stats.ring) < 0 ||
	    make_slots(b) < 0) {
		hv_virtio_break(virtio);
		return;
	}
	hv_loop_do(virtio->native->vm->loop, &job.job);
}

/* One that could not be started has no slots. */
static void block_stop(struct hv_virtio *virtio, unsigned queue)
{
	struct hv_virtio_block *b = block_of(virtio);
	struct block_job job = { .job.run = queue_close, .block = b };

	(void)queue;
	if (!b->slots)
		return;
	hv_loop_do(virtio->native->vm->loop, &job.job);
	free(b->slots);
	b->slots = NULL;
}

/* ---- the device */

static uint64_t features_of(const struct hv_disk *disk)
{
	return BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
	       BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_BLK_F_SEG_MAX) |
	       BIT(VIRTIO_BLK_F_BLK_SIZE) | BIT(VIRTIO_BLK_F_FLUSH) |
	       (disk->read_only ? BIT(VIRTIO_BLK_F_RO)
				: BIT(VIRTIO_BLK_F_WRITE_ZEROES)) |
	       (disk->can_discard ? BIT(VIRTIO_BLK_F_DISCARD) : 0);
}

static struct virtio_blk_config config_of(const struct hv_disk *disk)
{
	return (struct virtio_blk_config){
		.capacity = hv_blk_disk_end(disk) / HV_VIRTIO_SECTOR_BYTES,
		.seg_max = HV_VIRTQ_MAX - 2, /* without header and status */
		.blk_size = disk->logical_block_bytes,
		.max_discard_sectors = UINT32_MAX,
		.max_discard_seg = 1,
		.discard_sector_alignment =
			disk->logical_block_bytes / HV_VIRTIO_SECTOR_BYTES,
		.max_write_zeroes_sectors = UINT32_MAX,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1,
	};
}

static void describe(struct hv_virtio_block *b)
{
	b->config = config_of(&b->disk);
	b->virtio.device.name = b->name;
	b->virtio.id = VIRTIO_ID_BLOCK;
	b->virtio.features = features_of(&b->disk);
	b->virtio.config = &b->config;
	b->virtio.config_bytes = sizeof(b->config);
	b->virtio.queues = 1;
	b->virtio.start = block_start;
	b->virtio.stop = block_stop;
	b->target.disk = &b->disk;
	b->source.poll = queue_poll;
	b->source.arm = queue_arm;
}

int hv_virtio_block_add(struct hv_virtio_block **ret_block,
			struct hv_native *native, unsigned number,
			const struct hv_disk_spec *spec, struct hv_error *err)
{
	struct hv_virtio_block *b = calloc(1, sizeof(*b));

	if (!b)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	if (hv_disk_open(spec, &b->disk, err) < 0) {
		free(b);
		return -1;
	}
	*ret_block = b;
	snprintf(b->name, sizeof(b->name), "block%u", number);
	memcpy(b->id, spec->id, sizeof(b->id));
	describe(b);
	return hv_virtio_add(&b->virtio, native, err);
}

const struct hv_virtio *hv_virtio_block_device(const struct hv_virtio_block *block)
{
	return &block->virtio;
}

void hv_virtio_block_stats(const struct hv_virtio_block *block,
			   struct hv_blk_stats *ret_stats)
{
	hv_blk_target_stats(&block->target, ret_stats);
}

void hv_virtio_block_free(struct hv_virtio_block *block)
{
	if (!block)
		return;
	hv_virtio_done(&block->virtio);
	hv_disk_done(&block->disk);
	free(block);
}
