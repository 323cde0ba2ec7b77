/* SPDX-License-Identifier: MIT
 *
 * Virtio's block device: section 5.2. A request is a header, data and a status byte;
 * what the device reads of it and writes to it lies in a record of ours, which has the
 * number of its chain's head.
 */
#include <pvguest/clock.h>
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "disk.h"

#define SECTOR_BYTES 512u
#define ID_BYTES 20u
#define ID_DEADLINE_NS UINT64_C(5000000000)

/* 5.2.3 */
#define FEATURE_SEG_MAX (1u << 2)
#define FEATURE_READ_ONLY (1u << 5)
#define FEATURE_BLK_SIZE (1u << 6)
#define FEATURE_FLUSH (1u << 9)
#define FEATURE_DISCARD (1u << 13)
#define FEATURE_WRITE_ZEROES (1u << 14)

/* 5.2.4 */
#define CONFIG_CAPACITY 0
#define CONFIG_SEG_MAX 12
#define CONFIG_BLK_SIZE 20
#define CONFIG_DISCARD_SECTORS_MAX 36
#define CONFIG_ZERO_SECTORS_MAX 48

/* 5.2.6 */
#define TYPE_IN 0u
#define TYPE_OUT 1u
#define TYPE_FLUSH 4u
#define TYPE_GET_ID 8u
#define TYPE_DISCARD 11u
#define TYPE_WRITE_ZEROES 13u
#define STATUS_OK 0
#define STATUS_UNSUPPORTED 2
#define STATUS_NONE 0xff /* until the device writes one */

struct header {
	uint32_t type, reserved;
	uint64_t sector;
};
PV_SIZE_IS(struct header, 16);

struct range {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};
PV_SIZE_IS(struct range, 16);

struct pvg_disk_request {
	struct header header; /* the device's to read */
	struct range range;   /* too */
	uint8_t status;       /* the device's to write */
	bool busy;
	struct pvg_virtq_chain chain;
	uint32_t bytes_max; /* that it may write */
	uint64_t token;
	uint32_t done_bytes;   /* if all goes well */
	uint64_t sectors_left; /* of a range: behind those under way */
};

/* ---- requests */

static struct pvg_virtq *virtq_of(struct pvg_disk *disk)
{
	return &disk->driven.queue[0].virtq;
}

static struct pvg_disk *disk_of(struct pvg_driven *driven)
{
	return (struct pvg_disk *)(void *)driven;
}

static uint32_t saturate(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static struct pvg_disk_request *open_chain(struct pvg_disk *disk, uint32_t type,
					   uint64_t sector)
{
	struct pvg_disk_request *r = &disk->requests[virtq_of(disk)->free];

	r->header = (struct header){ type, 0, sector };
	r->status = STATUS_NONE;
	r->busy = true;
	r->chain = (struct pvg_virtq_chain){ 0 };
	r->bytes_max = sizeof(r->status);
	r->sectors_left = 0;
	pvg_virtq_add(virtq_of(disk), &r->chain, &r->header, sizeof(r->header), 0);
	return r;
}

static void close_chain(struct pvg_disk *disk, struct pvg_disk_request *r)
{
	pvg_virtq_add(virtq_of(disk), &r->chain, &r->status, sizeof(r->status),
		      PVG_VIRTQ_DEVICE_WRITES);
	pvg_virtq_offer(virtq_of(disk), &r->chain);
}

static struct pvg_disk_request *begin_transfer(struct pvg_disk *disk,
					const struct pv_blk_request *request)
{
	const struct pv_blk_segment *segment =
		pvg_segments_at(request->seg, request->segments);
	bool reads = request->op == PV_BLK_READ;
	struct pvg_disk_request *r =
		open_chain(disk, reads ? TYPE_IN : TYPE_OUT,
			   request->offset_bytes / SECTOR_BYTES);

	for (unsigned i = 0; i < request->segments; i++)
		pvg_virtq_add(virtq_of(disk), &r->chain,
			      (void *)(uintptr_t)segment[i].gpa,
			      segment[i].len_bytes,
			      reads ? PVG_VIRTQ_DEVICE_WRITES : 0);
	if (reads)
		r->bytes_max += (uint32_t)request->len_bytes;
	close_chain(disk, r);
	return r;
}

/* As much of the range as the device takes at once. */
static void cut_range(const struct pvg_disk *disk, struct pvg_disk_request *r)
{
	uint32_t most = r->header.type == TYPE_DISCARD
				? disk->discard_sectors_max
				: disk->zero_sectors_max;

	r->range.sectors = r->sectors_left < most ? (uint32_t)r->sectors_left
						  : most;
	r->sectors_left -= r->range.sectors;
}

static struct pvg_disk_request *begin_range(struct pvg_disk *disk,
					    const struct pv_blk_request *request)
{
	struct pvg_disk_request *r =
		open_chain(disk, request->op == PV_BLK_DISCARD
					 ? TYPE_DISCARD : TYPE_WRITE_ZEROES, 0);

	r->range.sector = request->offset_bytes / SECTOR_BYTES;
	r->range.flags = 0;
	r->sectors_left = request->len_bytes / SECTOR_BYTES;
	cut_range(disk, r);
	pvg_virtq_add(virtq_of(disk), &r->chain, &r->range, sizeof(r->range), 0);
	close_chain(disk, r);
	return r;
}

static struct pvg_disk_request *begin_flush(struct pvg_disk *disk)
{
	struct pvg_disk_request *r = open_chain(disk, TYPE_FLUSH, 0);

	close_chain(disk, r);
	return r;
}

/* Whether the device has an operation for it; if not, that is its answer. Without FLUSH
 * what is written is on stable storage at once (5.2.5). */
static bool can(const struct pvg_disk *disk, uint8_t op, int32_t *ret_answer)
{
	*ret_answer = op == PV_BLK_FLUSH ? 0 : -PV_EOPNOTSUPP;
	if (op == PV_BLK_FLUSH)
		return disk->driven.virtio.features & FEATURE_FLUSH;
	return op != PV_BLK_ZERO || disk->zero_sectors_max;
}

static unsigned descriptors_for(const struct pv_blk_request *request)
{
	bool is_range = request->op == PV_BLK_DISCARD ||
			request->op == PV_BLK_ZERO;

	return 2u + request->segments + is_range;
}

static bool begin(struct pvg_disk *disk, const struct pv_blk_request *request)
{
	struct pvg_disk_request *r;

	if (descriptors_for(request) > virtq_of(disk)->free_count)
		return false;
	if (request->op == PV_BLK_FLUSH)
		r = begin_flush(disk);
	else if (request->op == PV_BLK_READ || request->op == PV_BLK_WRITE)
		r = begin_transfer(disk, request);
	else
		r = begin_range(disk, request);
	r->token = request->token;
	r->done_bytes = saturate(request->len_bytes);
	return true;
}

static enum pvg_take disk_take(struct pvg_queue *queue, const void *slot,
			       struct pv_ring_rsp *ret_rsp)
{
	struct pvg_disk *disk = disk_of(queue->driven);
	const struct pv_blk_request *request = slot;

	ret_rsp->token = request->token;
	ret_rsp->status = pvg_block_check(request, &disk->config);
	if (ret_rsp->status || !can(disk, request->op, &ret_rsp->status))
		return PVG_TAKE_ANSWERED;
	return begin(disk, request) ? PVG_TAKE_BEGUN : PVG_TAKE_LATER;
}

/* ---- answers */

static struct pvg_disk_request *take_done(struct pvg_disk *disk)
{
	const char *name = disk->driven.device->name;
	struct pvg_disk_request *r;
	uint16_t head;
	uint32_t bytes;

	if (!pvg_virtq_take(virtq_of(disk), name, &head, &bytes))
		return NULL;
	r = &disk->requests[head];
	if (!r->busy)
		pvg_panic("%s: the device is done with request %u, which is not "
			  "under way", name, head);
	if (bytes > r->bytes_max)
		pvg_panic("%s: the device wrote %u bytes where there was room "
			  "for %u", name, bytes, r->bytes_max);
	return r;
}

/* The rest of a range goes by the same chain. */
static bool goes_on(struct pvg_disk *disk, struct pvg_disk_request *r)
{
	if (r->sectors_left == 0 || r->status != STATUS_OK)
		return false;
	r->range.sector += r->range.sectors;
	cut_range(disk, r);
	r->status = STATUS_NONE;
	pvg_virtq_offer(virtq_of(disk), &r->chain);
	return true;
}

static int32_t status_of(const struct pvg_disk_request *r)
{
	if (r->status == STATUS_OK)
		return 0;
	return r->status == STATUS_UNSUPPORTED ? -PV_EOPNOTSUPP : -PV_EIO;
}

static bool disk_answer(struct pvg_queue *queue, struct pv_ring_rsp *ret_rsp)
{
	struct pvg_disk *disk = disk_of(queue->driven);
	struct pvg_disk_request *r;

	do
		r = take_done(disk);
	while (r && goes_on(disk, r));
	if (!r)
		return false;
	ret_rsp->token = r->token;
	ret_rsp->status = status_of(r);
	ret_rsp->done_bytes = ret_rsp->status ? 0 : r->done_bytes;
	r->busy = false;
	pvg_virtq_give_back(virtq_of(disk), &r->chain);
	return true;
}

static bool disk_is_over(struct pvg_queue *queue)
{
	return queue->under_way == 0;
}

/* ---- what it is */

static const char *read_limits(struct pvg_disk *disk)
{
	const struct pvg_virtio *virtio = &disk->driven.virtio;
	struct pv_blk_config *c = &disk->config;
	uint64_t sectors = pvg_virtio_config64(virtio, CONFIG_CAPACITY);

	c->logical_block_bytes = virtio->features & FEATURE_BLK_SIZE
			? pvg_virtio_config(virtio, CONFIG_BLK_SIZE)
			: SECTOR_BYTES;
	if (c->logical_block_bytes < SECTOR_BYTES ||
	    c->logical_block_bytes > 4096 ||
	    c->logical_block_bytes & (c->logical_block_bytes - 1))
		return "its block size is no power of two from 512 to 4096";
	c->size_bytes = sectors * SECTOR_BYTES &
			~(uint64_t)(c->logical_block_bytes - 1);
	if (sectors > INT64_MAX / SECTOR_BYTES)
		return "its size makes no sense";
	c->buffer_align_bytes = 1;
	c->request_bytes_max = PV_BLK_REQUEST_MAX_BYTES;
	c->segments_max = PV_BLK_SEGMENTS_MAX;
	if (virtio->features & FEATURE_SEG_MAX &&
	    pvg_virtio_config(virtio, CONFIG_SEG_MAX) < c->segments_max)
		c->segments_max = pvg_virtio_config(virtio, CONFIG_SEG_MAX);
	return NULL;
}

/* A whole number of blocks, and at least one. */
static uint32_t sectors_max(const struct pvg_disk *disk, unsigned offset)
{
	uint32_t block = disk->config.logical_block_bytes / SECTOR_BYTES;
	uint32_t most = pvg_virtio_config(&disk->driven.virtio, offset) &
			~(block - 1);

	return most ? most : block;
}

static void read_abilities(struct pvg_disk *disk)
{
	uint64_t features = disk->driven.virtio.features;

	if (features & FEATURE_READ_ONLY) {
		disk->config.flags |= PV_BLK_READ_ONLY;
	} else if (features & FEATURE_DISCARD) {
		disk->config.flags |= PV_BLK_CAN_DISCARD;
		disk->discard_sectors_max =
			sectors_max(disk, CONFIG_DISCARD_SECTORS_MAX);
	}
	if (features & FEATURE_WRITE_ZEROES)
		disk->zero_sectors_max = sectors_max(disk, CONFIG_ZERO_SECTORS_MAX);
}

static const char *make_requests(struct pvg_disk *disk)
{
	size_t pages = pvg_pages_for(virtq_of(disk)->entries *
				     sizeof(*disk->requests));

	/* Header and status of a transfer have descriptors too. */
	if (disk->config.segments_max > virtq_of(disk)->entries - 2u)
		disk->config.segments_max = virtq_of(disk)->entries - 2u;
	if (disk->config.segments_max < 128)
		return "it takes fewer than 128 pieces of memory at once";
	disk->requests = pvg_pages_alloc(pages);
	if (!disk->requests)
		return "there is no memory for its requests";
	memset(disk->requests, 0, pages * PVG_PAGE_BYTES);
	return NULL;
}

/* The only request that is waited for here. Anything but what can be printed is no
 * name. */
static const char *read_name(struct pvg_disk *disk)
{
	uint64_t deadline_ns = (uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC) +
			       ID_DEADLINE_NS;
	static char name[ID_BYTES + 1];
	struct pvg_disk_request *r = open_chain(disk, TYPE_GET_ID, 0);
	struct pv_ring_rsp rsp;

	memset(name, 0, sizeof(name));
	pvg_virtq_add(virtq_of(disk), &r->chain, name, ID_BYTES,
		      PVG_VIRTQ_DEVICE_WRITES);
	r->bytes_max += ID_BYTES;
	close_chain(disk, r);
	if (pvg_virtq_show(virtq_of(disk)))
		pvg_virtio_notify(&disk->driven.virtio, 0);
	while (!disk_answer(&disk->driven.queue[0], &rsp)) {
		if ((uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC) > deadline_ns)
			return "it does not answer";
		__builtin_ia32_pause();
	}
	for (const char *at = name; *at && rsp.status == 0; at++)
		if (*at <= ' ' || *at > '~')
			rsp.status = -PV_EIO;
	if (rsp.status == 0)
		memcpy(disk->driven.device->name, name, sizeof(name));
	return NULL;
}

static const char *disk_start(struct pvg_driven *driven)
{
	struct pvg_disk *disk = disk_of(driven);
	struct pv_device *device = driven->device;
	const char *problem = pvg_virtio_begin(&driven->virtio,
		FEATURE_SEG_MAX | FEATURE_READ_ONLY | FEATURE_BLK_SIZE |
		FEATURE_FLUSH | FEATURE_DISCARD | FEATURE_WRITE_ZEROES);

	if (!problem)
		problem = read_limits(disk);
	if (!problem)
		problem = pvg_virtio_add_queue(&driven->virtio, 0,
					       virtq_of(disk));
	if (!problem)
		problem = make_requests(disk);
	if (problem)
		return problem;
	pvg_virtio_start(&driven->virtio);
	problem = read_name(disk);
	read_abilities(disk);
	device->type = PV_DEVICE_BLOCK;
	device->queues = 1;
	device->queue_entries_max = PV_BLK_ENTRIES_MAX;
	memcpy(device->config, &disk->config, sizeof(disk->config));
	return problem;
}

const struct pvg_driver pvg_disk_driver = {
	.name = "disk",
	.type = "block",
	.kind = PVG_VIRTIO_BLOCK,
	.start = disk_start,
	.take = disk_take,
	.answer = disk_answer,
	.is_over = disk_is_over,
};
