/* SPDX-License-Identifier: MIT
 *
 * Which block requests are legal, and where their segments lie in host memory.
 */
#include <criterion/criterion.h>
#include <pvabi/error.h>
#include <string.h>

#include "block-request.h"

#define RAM_BYTES (UINT64_C(2) << 20)
#define DISK_BYTES 1000100u /* ends inside a block of 512 */
#define DISK_END 1000448u
#define LIST 65536u

static struct hv_disk disk;
static struct hv_memory memory;
static struct pv_blk_request request;
static struct iovec iov[PV_BLK_SEGMENTS_MAX];

static void setup(void)
{
	disk = (struct hv_disk){
		.fd = -1, .size_bytes = DISK_BYTES, .logical_block_bytes = 512,
		.buffer_align_bytes = 4, .can_discard = true,
	};
	cr_assert_eq(hv_memory_create(&memory, RAM_BYTES), 0);
	request = (struct pv_blk_request){
		.op = PV_BLK_READ, .segments = 1, .token = 7,
		.offset_bytes = 1024, .len_bytes = 4096,
	};
	request.seg[0] = (struct pv_blk_segment){ 8192, 4096, 0 };
}

static void teardown(void)
{
	hv_memory_done(&memory);
}

TestSuite(block_request, .init = setup, .fini = teardown, .timeout = 20);

static int32_t check(void)
{
	return hv_blk_request_check(&request, &disk);
}

static int32_t map(void)
{
	return hv_blk_request_map(&request, &disk, &memory, iov);
}

static struct pv_blk_segment *list(void)
{
	return (void *)(memory.base + LIST);
}

static void use_list(uint16_t segments)
{
	request.segments = segments;
	request.len_bytes = segments * 512u;
	request.seg[0] = (struct pv_blk_segment){ LIST, segments * 16u, 0 };
	request.seg[1] = (struct pv_blk_segment){ 0, 0, 0 };
	for (uint16_t i = 0; i < segments; i++)
		list()[i] = (struct pv_blk_segment){ i * 4096u, 512, 0 };
}

Test(block_request, a_good_one_passes)
{
	cr_assert_eq(check(), 0);
	cr_assert_eq(map(), 0);
	cr_assert_eq(iov[0].iov_base, memory.base + 8192);
	cr_assert_eq(iov[0].iov_len, 4096);
}

Test(block_request, a_disk_ends_at_a_whole_block)
{
	cr_assert_eq(hv_blk_disk_end(&disk), DISK_END);
	disk.size_bytes = 1024;
	cr_assert_eq(hv_blk_disk_end(&disk), 1024);
	disk.size_bytes = 1;
	cr_assert_eq(hv_blk_disk_end(&disk), 512);
}

Test(block_request, it_may_end_in_the_short_block_and_not_beyond)
{
	request.offset_bytes = DISK_END - 4096;
	cr_assert_eq(check(), 0);
	request.offset_bytes += 512;
	cr_assert_eq(check(), -PV_ERANGE);
	request.offset_bytes = DISK_END;
	cr_assert_eq(check(), -PV_ERANGE);
}

Test(block_request, offsets_that_wrap_are_beyond_the_end)
{
	request.offset_bytes = UINT64_MAX - 511;
	cr_assert_eq(check(), -PV_ERANGE);
	request.offset_bytes = UINT64_MAX - 4095;
	cr_assert_eq(check(), -PV_ERANGE);
	request.offset_bytes = UINT64_C(1) << 63;
	cr_assert_eq(check(), -PV_ERANGE);
}

Test(block_request, blocks_are_whole)
{
	request.offset_bytes = 1;
	cr_assert_eq(check(), -PV_EINVAL);
	request.offset_bytes = 1024;
	request.len_bytes = 4095;
	cr_assert_eq(check(), -PV_EINVAL);
	request.len_bytes = 0;
	cr_assert_eq(check(), -PV_EINVAL);
}

Test(block_request, limits_are_too_big_beyond_them)
{
	request.segments = PV_BLK_SEGMENTS_MAX + 1;
	cr_assert_eq(check(), -PV_E2BIG);
	request.segments = 1;
	disk.size_bytes = UINT64_C(1) << 40;
	request.len_bytes = PV_BLK_REQUEST_MAX_BYTES;
	cr_assert_eq(check(), 0);
	request.len_bytes += 512;
	cr_assert_eq(check(), -PV_E2BIG);
}

Test(block_request, reserved_fields_are_zero)
{
	request.flags = 1;
	cr_assert_eq(check(), -PV_EINVAL);
	request.flags = 0;
	request.reserved = 1;
	cr_assert_eq(check(), -PV_EINVAL);
	request.reserved = 0;
	request.seg[0].reserved = 1;
	cr_assert_eq(map(), -PV_EINVAL);
}

Test(block_request, a_read_only_disk_takes_reads_and_flushes)
{
	disk.read_only = true;
	disk.can_discard = false;
	cr_assert_eq(check(), 0);
	request.op = PV_BLK_WRITE;
	cr_assert_eq(check(), -PV_EROFS);
	request = (struct pv_blk_request){ .op = PV_BLK_ZERO, .len_bytes = 512 };
	cr_assert_eq(check(), -PV_EROFS);
	request.op = PV_BLK_DISCARD;
	cr_assert_eq(check(), -PV_EROFS);
	request = (struct pv_blk_request){ .op = PV_BLK_FLUSH };
	cr_assert_eq(check(), 0);
}

Test(block_request, operations_without_segments_have_none)
{
	request.op = PV_BLK_ZERO;
	cr_assert_eq(check(), -PV_EINVAL);
	request.segments = 0;
	request.seg[0] = (struct pv_blk_segment){ 0 };
	cr_assert_eq(check(), 0);
	request.op = PV_BLK_DISCARD;
	cr_assert_eq(check(), 0);
	request.op = PV_BLK_FLUSH;
	cr_assert_eq(check(), -PV_EINVAL);
	request.op = PV_BLK_READ;
	cr_assert_eq(check(), -PV_EINVAL);
}

Test(block_request, unused_segments_are_zero)
{
	request.seg[1].len_bytes = 4;
	cr_assert_eq(check(), -PV_EINVAL);
	request.seg[1] = (struct pv_blk_segment){ .gpa = 4096 };
	cr_assert_eq(check(), -PV_EINVAL);
	use_list(8);
	cr_assert_eq(check(), 0);
	request.seg[1].reserved = 1;
	cr_assert_eq(check(), -PV_EINVAL);
	request = (struct pv_blk_request){
		.op = PV_BLK_FLUSH, .seg[0].gpa = 1,
	};
	cr_assert_eq(check(), -PV_EINVAL);
}

Test(block_request, unknown_operations_are_refused)
{
	for (unsigned op = 0; op < 256; op++) {
		request.op = (uint8_t)op;
		if (op < PV_BLK_READ || op > PV_BLK_ZERO)
			cr_assert_lt(check(), 0, "%u", op);
	}
}

Test(block_request, segments_lie_in_ram)
{
	static const struct pv_blk_segment outside[] = {
		{ RAM_BYTES, 4096, 0 },
		{ RAM_BYTES - 4, 4096, 0 },
		{ UINT64_MAX - 4095, 4096, 0 },
		{ UINT64_MAX - 3, 4096, 0 },
		{ 0, UINT32_MAX - 3, 0 },
		{ UINT64_C(0x7f8000000000), 4096, 0 },
	};

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		request.seg[0] = outside[i];
		cr_assert_eq(map(), -PV_EFAULT, "case %zu", i);
	}
}

Test(block_request, the_last_byte_of_ram_can_be_used)
{
	request.seg[0].gpa = RAM_BYTES - 4096;
	cr_assert_eq(map(), 0);
}

Test(block_request, segments_are_aligned_and_not_empty)
{
	request.seg[0].gpa += 2;
	cr_assert_eq(map(), -PV_EINVAL);
	request.seg[0] = (struct pv_blk_segment){ 8192, 4094, 0 };
	cr_assert_eq(map(), -PV_EINVAL);
	request.seg[0] = (struct pv_blk_segment){ 8192, 0, 0 };
	cr_assert_eq(map(), -PV_EINVAL);
}

Test(block_request, segments_add_up)
{
	request.seg[0].len_bytes = 4092;
	cr_assert_eq(map(), -PV_EINVAL);
	request.segments = 2;
	request.seg[1] = (struct pv_blk_segment){ 0, 4, 0 };
	cr_assert_eq(map(), 0);
	cr_assert_eq(iov[1].iov_base, memory.base);
}

Test(block_request, lists_are_read_from_ram)
{
	use_list(PV_BLK_SEGMENTS_MAX);
	cr_assert_eq(check(), 0);
	cr_assert_eq(map(), 0);
	for (unsigned i = 0; i < PV_BLK_SEGMENTS_MAX; i++) {
		cr_assert_eq(iov[i].iov_base, memory.base + i * 4096u);
		cr_assert_eq(iov[i].iov_len, 512);
	}
}

Test(block_request, lists_have_their_exact_length_and_place)
{
	use_list(8);
	request.seg[0].len_bytes += 16;
	cr_assert_eq(map(), -PV_EINVAL);
	use_list(8);
	request.seg[0].gpa += 4;
	cr_assert_eq(map(), -PV_EINVAL);
	use_list(8);
	request.seg[0].gpa = RAM_BYTES - 120;
	cr_assert_eq(map(), -PV_EFAULT);
	request.seg[0].gpa = UINT64_MAX - 7;
	cr_assert_eq(map(), -PV_EFAULT);
}

Test(block_request, one_bad_segment_spoils_a_list)
{
	use_list(8);
	list()[7].gpa = RAM_BYTES;
	cr_assert_eq(map(), -PV_EFAULT);
	use_list(8);
	list()[5].reserved = 1;
	cr_assert_eq(map(), -PV_EINVAL);
	use_list(8);
	list()[0].len_bytes = 1024;
	cr_assert_eq(map(), -PV_EINVAL);
}
