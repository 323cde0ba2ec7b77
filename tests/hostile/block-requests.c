/* SPDX-License-Identifier: MIT
 *
 * What if requests are wrong in each way a request can be? The disk is 1 MiB and
 * 512-byte blocks. Each gets its error, and the queue goes on.
 *
 * Clauses: D1, D2, D9, D10, D11, D12, D15, D16.
 */
#include "../guest/tap.h"
#include "ring.h"

static struct pv_blk_segment list[512] __attribute__((aligned(16)));

static void refused(const struct pv_blk_request *request, int32_t error,
		    const char *name)
{
	tap_equal(ring_status_of(request), -error, name);
}

/* A good read with one thing changed. */
#define REFUSED(change, error, name)                         \
	do {                                                 \
		struct pv_blk_request r = ring_good_read(1); \
		change;                                      \
		refused(&r, error, name);                    \
	} while (0)

static void fields(void)
{
	REFUSED(r.op = 0, PV_EOPNOTSUPP, "operation 0");
	REFUSED(r.op = 6, PV_EOPNOTSUPP, "an unknown operation");
	REFUSED(r.op = 255, PV_EOPNOTSUPP, "operation 255");
	REFUSED(r.flags = 1, PV_EINVAL, "a flag");
	REFUSED(r.reserved = 1, PV_EINVAL, "the reserved field of a request");
	REFUSED(r.seg[0].reserved = 1, PV_EINVAL, "the reserved field of a segment");
	REFUSED(r.segments = 0, PV_EINVAL, "a read into no segments");
	REFUSED(r.segments = UINT16_MAX, PV_E2BIG, "65535 segments");
	REFUSED(r.segments = PV_BLK_SEGMENTS_MAX + 1, PV_E2BIG,
		"one segment too many");
}

static void ranges(void)
{
	const uint64_t size = ring_disk()->size_bytes;

	REFUSED(r.offset_bytes = size, PV_ERANGE, "a read at the end");
	REFUSED(r.offset_bytes = size - 512, PV_ERANGE, "a read across the end");
	REFUSED(r.offset_bytes = UINT64_C(1) << 62, PV_ERANGE, "far beyond the end");
	REFUSED(r.offset_bytes = UINT64_MAX - 511, PV_ERANGE,
		"an offset that wraps with the length");
	REFUSED(r.offset_bytes = UINT64_MAX - 4095, PV_ERANGE,
		"an offset and length that add up to 0");
	REFUSED(r.offset_bytes = 1, PV_EINVAL, "an offset inside a block");
	REFUSED(r.offset_bytes = 256, PV_EINVAL, "an offset of half a block");
	REFUSED(r.len_bytes = 4095, PV_EINVAL, "a length that is no whole block");
	REFUSED(r.len_bytes = 0, PV_EINVAL, "no length");
	REFUSED(r.len_bytes = 8192, PV_EINVAL, "a length beyond the segments'");
	REFUSED(r.len_bytes = 512, PV_EINVAL, "a length short of the segments'");
	REFUSED(r.len_bytes = UINT64_MAX - 511, PV_E2BIG, "a length of ~0");
	REFUSED(r.len_bytes = (UINT64_C(1) << 32) + 4096, PV_E2BIG,
		"a length that is right in 32 bits");
}

static void segments(void)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	REFUSED(r.seg[0].gpa = ram, PV_EFAULT, "a segment past RAM");
	REFUSED(r.seg[0].gpa = ram - 512, PV_EFAULT, "across the end of RAM");
	REFUSED(r.seg[0].gpa = UINT64_MAX - 4095, PV_EFAULT, "wrapping to 0");
	REFUSED(r.seg[0].gpa = UINT64_MAX - 511, PV_EFAULT, "wrapping into RAM");
	REFUSED(r.seg[0].gpa = UINT64_C(1) << 63, PV_EFAULT, "noncanonical");
#ifndef PVG_NATIVE /* where they are a kernel's own memory */
	REFUSED(r.seg[0].gpa = pvg_boot.ops_addr, PV_EFAULT,
		"the operations page");
	REFUSED(r.seg[0].gpa = pvg_boot.vcpu_addr, PV_EFAULT, "the vCPU page");
#endif
	REFUSED(r.seg[0].len_bytes = 0, PV_EINVAL, "an empty segment");
	REFUSED(r.seg[0].len_bytes = UINT32_MAX, PV_EFAULT, "a length of ~0");
	REFUSED((r.segments = 2, r.seg[0].len_bytes = UINT32_MAX - 4095 + 1,
		 r.seg[1].gpa = r.seg[0].gpa, r.seg[1].len_bytes = 8192),
		PV_EFAULT, "lengths that add up right in 32 bits");
}

static void fill_list(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		list[i] = (struct pv_blk_segment){
			.gpa = pvg_gpa(ring_buffer), .len_bytes = 512,
		};
}

static struct pv_blk_request with_list(unsigned count)
{
	struct pv_blk_request r = ring_good_read(2);

	fill_list(count);
	r.segments = (uint16_t)count;
	r.len_bytes = count * 512;
	r.seg[0].gpa = pvg_gpa(list);
	r.seg[0].len_bytes = count * (uint32_t)sizeof(list[0]);
	return r;
}

/* A good read through a list with one thing changed. */
#define LIST_REFUSED(change, error, name)               \
	do {                                            \
		struct pv_blk_request r = with_list(8); \
		change;                                 \
		refused(&r, error, name);               \
	} while (0)

static void lists(void)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	LIST_REFUSED(r.seg[0].gpa = ram, PV_EFAULT, "a list past RAM");
	LIST_REFUSED(r.seg[0].gpa = ram - 64, PV_EFAULT, "a list across RAM's end");
	LIST_REFUSED(r.seg[0].gpa = UINT64_MAX - 63, PV_EFAULT, "a list that wraps");
	LIST_REFUSED(r.seg[0].gpa += 4, PV_EINVAL, "a misaligned list");
	LIST_REFUSED(r.seg[0].len_bytes -= 16, PV_EINVAL, "a list too short");
	LIST_REFUSED(r.seg[0].len_bytes += 16, PV_EINVAL, "a list too long");
	LIST_REFUSED(r.seg[0].reserved = 1, PV_EINVAL, "a reserved field");
	LIST_REFUSED(r.seg[1].gpa = 8, PV_EINVAL, "a second segment beside a list");
	LIST_REFUSED(list[7].gpa = ram, PV_EFAULT, "its last segment past RAM");
	LIST_REFUSED(list[7].gpa = UINT64_MAX - 511, PV_EFAULT,
		     "its last segment wrapping");
	LIST_REFUSED(list[3].len_bytes = 0, PV_EINVAL, "an empty segment inside");
	LIST_REFUSED(list[3].reserved = 1, PV_EINVAL, "a reserved field inside");
	LIST_REFUSED(list[3].len_bytes = 1024, PV_EINVAL,
		     "segments longer than the request");
	LIST_REFUSED(list[3].len_bytes = UINT32_MAX, PV_EFAULT,
		     "a segment of ~0 inside");
}

static pv_gpa_t ring_gpa(uint32_t offset)
{
	return pvg_gpa(ring_memory) + offset;
}

/* Where the request goes that is pushed next, and slots it does not touch. */
static uint32_t next_slot(void)
{
	return ring_indices()->req_prod % RING_ENTRIES;
}

static uint32_t other_half(void)
{
	return next_slot() < RING_ENTRIES / 2 ? RING_ENTRIES / 2 : 0;
}

/* Data that overwrites what describes it, or the ring: only the guest's own
 * loss, and the right answer still comes, since it is written last. */
static void data_overlaps(void)
{
	struct pv_blk_request r = with_list(8);

	for (unsigned i = 0; i < 8; i++)
		list[i].gpa = pvg_gpa(list);
	refused(&r, 0, "data that overlaps its own list");

	r = ring_good_read(3);
	r.len_bytes = r.seg[0].len_bytes = 512;
	r.seg[0].gpa = ring_gpa(PV_RING_REQ_OFFSET(0));
	refused(&r, 0, "data that overlaps request slots");
	r.seg[0].gpa = ring_gpa(PV_RING_REQ_OFFSET(next_slot() / 8 * 8));
	refused(&r, 0, "data that overlaps its own request");
	r.seg[0].gpa = ring_gpa(PV_RING_RSP_OFFSET(RING_ENTRIES, 0));
	refused(&r, 0, "data that overlaps all response slots");
}

/* A list may lie in the ring like anywhere: it is taken for what is there. */
static void list_overlaps(void)
{
	struct pv_blk_request r = with_list(8);

	r.seg[0].gpa = ring_gpa(PV_RING_REQ_OFFSET(other_half()));
	memcpy((void *)r.seg[0].gpa, list, r.seg[0].len_bytes);
	refused(&r, 0, "a list in request slots that are free");
	r.seg[0].gpa = ring_gpa(PV_RING_REQ_OFFSET(other_half()));
	for (unsigned i = 0; i < 8; i++)
		list[i].gpa = r.seg[0].gpa;
	memcpy((void *)r.seg[0].gpa, list, r.seg[0].len_bytes);
	refused(&r, 0, "and with data that overwrites it there");

	/* Its token is the first segment's length and reserved field. */
	r = with_list(8);
	r.token = 0;
	r.seg[0].gpa = ring_gpa(PV_RING_REQ_OFFSET(next_slot()));
	refused(&r, PV_EINVAL, "a list that is its own request");

	/* There it is rsp_event, which nobody wrote. */
	r = with_list(8);
	r.seg[0].gpa = ring_gpa(0);
	refused(&r, PV_EINVAL, "a list that begins with the indices");
}

static void others(void)
{
	struct pv_blk_request r = { .op = PV_BLK_FLUSH };

	r.len_bytes = 512;
	refused(&r, PV_EINVAL, "a flush with a length");
	r = (struct pv_blk_request){ .op = PV_BLK_FLUSH, .offset_bytes = 512 };
	refused(&r, PV_EINVAL, "a flush with an offset");
	r = (struct pv_blk_request){ .op = PV_BLK_FLUSH, .segments = 1 };
	refused(&r, PV_EINVAL, "a flush with a segment");
	r = ring_good_read(1);
	r.op = PV_BLK_ZERO;
	refused(&r, PV_EINVAL, "zeroes with a segment");
	r = (struct pv_blk_request){ .op = PV_BLK_ZERO, .len_bytes = 512,
				     .offset_bytes = UINT64_MAX - 511 };
	refused(&r, PV_ERANGE, "zeroes that wrap");
	r = (struct pv_blk_request){ .op = PV_BLK_ZERO, .len_bytes = 511 };
	refused(&r, PV_EINVAL, "zeroes of no whole block");
	r = (struct pv_blk_request){ .op = PV_BLK_DISCARD,
				     .len_bytes = UINT64_MAX - 511 };
	refused(&r, ring_disk()->flags & PV_BLK_CAN_DISCARD ? PV_ERANGE :
							      PV_EOPNOTSUPP,
		"a discard of everything and more");
}

int main(void)
{
	struct pv_blk_request good = ring_good_read(4);

	if (!tap_ok(ring_open() >= 0, "the queue opens"))
		return tap_done();
	tap_equal(ring_disk()->buffer_align_bytes <= 512, 1,
		  "buffers of blocks are aligned enough");
	fields();
	ranges();
	segments();
	lists();
	data_overlaps();
	list_overlaps();
	others();
	tap_equal(ring_status_of(&good), 0, "a good request works after all that");
	tap_equal(pvg_op_queue_close(0, 0), 0, "and the queue closes");
	return tap_done();
}
