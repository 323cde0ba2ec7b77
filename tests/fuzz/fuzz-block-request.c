/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: a block request with its segment list. The input is the disk's
 * geometry, the request, and the start of guest RAM, where an indirect list may
 * lie. What passes both checks must keep every promise of block-request.h: the
 * I/O that follows goes by nothing else.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "block-request.h"

#define RAM_BYTES (1u << 16)

struct input {
	uint8_t block_shift, align_shift, disk_flags, disk_mib;
	uint16_t disk_tail_bytes;
	uint16_t narrow; /* bits: which fields to take modulo something likely */
	struct pv_blk_request request;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct hv_disk disk_of(const struct input *in)
{
	return (struct hv_disk){
		.fd = -1,
		.read_only = in->disk_flags & 1,
		.can_discard = (in->disk_flags & 3) == 2, /* as disk.c has it */
		.size_bytes = ((uint64_t)in->disk_mib << 20) +
			      in->disk_tail_bytes + 1,
		.logical_block_bytes = 512u << in->block_shift % 4,
		.buffer_align_bytes = 1u << in->align_shift % 13,
	};
}

/* Random 64-bit numbers are all refused at the first check; near the limits is
 * where the others are. */
static void narrow(struct input *in, const struct hv_disk *disk)
{
	struct pv_blk_request *r = &in->request;
	uint64_t block = disk->logical_block_bytes;

	if (in->narrow & 1)
		r->flags = 0;
	if (in->narrow & 2)
		r->reserved = 0;
	if (in->narrow & 4)
		r->op = r->op % 7;
	if (in->narrow & 8)
		r->segments %= PV_BLK_SEGMENTS_MAX + 2;
	if (in->narrow & 16)
		r->offset_bytes = r->offset_bytes % (1 << 20) * block;
	if (in->narrow & 32)
		r->len_bytes = r->len_bytes % 64 * block;
	for (int i = 0; i < PV_BLK_SEGMENTS_INLINE; i++) {
		if (in->narrow & 64)
			r->seg[i].gpa %= RAM_BYTES + 64;
		if (in->narrow & 128)
			r->seg[i].reserved = 0;
		if (in->narrow & 256)
			r->seg[i].len_bytes = (uint32_t)r->len_bytes;
	}
	if (in->narrow & 512) {
		r->seg[0].len_bytes = r->segments * 16u;
		r->seg[0].gpa &= ~UINT64_C(7);
		memset(&r->seg[1], 0, sizeof(r->seg[1]));
	}
}

static void check_range(const struct pv_blk_request *r,
			const struct hv_disk *disk)
{
	uint64_t end = hv_blk_disk_end(disk);

	assert(end >= disk->size_bytes &&
	       end - disk->size_bytes < disk->logical_block_bytes);
	assert(r->offset_bytes <= end && r->len_bytes <= end - r->offset_bytes);
	assert(r->offset_bytes % disk->logical_block_bytes == 0);
	assert(r->len_bytes % disk->logical_block_bytes == 0);
	assert(!r->flags && !r->reserved);
	if (r->op != PV_BLK_READ)
		assert(!disk->read_only || r->op == PV_BLK_FLUSH);
}

static void check_segments(const struct pv_blk_request *r,
			   const struct hv_disk *disk,
			   const struct hv_memory *memory,
			   const struct iovec *iov)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < r->segments; i++) {
		uint64_t at = (uint64_t)((uint8_t *)iov[i].iov_base -
					 memory->base);

		assert(iov[i].iov_len > 0 && at < memory->bytes);
		assert(iov[i].iov_len <= memory->bytes - at);
		assert(at % disk->buffer_align_bytes == 0);
		sum += iov[i].iov_len;
	}
	assert(sum == r->len_bytes && sum <= PV_BLK_REQUEST_MAX_BYTES);
}

static void check_request(struct input *in, const struct hv_memory *memory)
{
	struct hv_disk disk = disk_of(in);
	/* Of the size promised, for the address sanitizer to guard. */
	struct iovec *iov;

	narrow(in, &disk);
	if (hv_blk_request_check(&in->request, &disk) < 0)
		return;
	check_range(&in->request, &disk);
	if (in->request.op != PV_BLK_READ && in->request.op != PV_BLK_WRITE)
		return;
	assert(in->request.segments <= PV_BLK_SEGMENTS_MAX);
	iov = malloc(in->request.segments * sizeof(*iov));
	if (hv_blk_request_map(&in->request, &disk, memory, iov) == 0)
		check_segments(&in->request, &disk, memory, iov);
	free(iov);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t ram[RAM_BYTES];
	const struct hv_memory memory = { .base = ram, .bytes = sizeof(ram) };
	struct input in;

	if (bytes < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	bytes -= sizeof(in);
	memcpy(ram, data + sizeof(in), bytes < sizeof(ram) ? bytes : sizeof(ram));
	check_request(&in, &memory);
	return 0;
}
