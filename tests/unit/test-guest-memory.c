/* SPDX-License-Identifier: MIT
 *
 * The one place where guest addresses become host pointers: its edges.
 */
#include <criterion/criterion.h>

#include "guest-memory.h"

#define BYTES (UINT64_C(4) << 20)

static struct hv_memory memory;

static void setup(void)
{
	cr_assert_eq(hv_memory_create(&memory, BYTES), 0);
}

static void teardown(void)
{
	hv_memory_done(&memory);
}

TestSuite(guest_memory, .init = setup, .fini = teardown, .timeout = 20);

Test(guest_memory, first_and_last_byte_are_there)
{
	cr_assert_eq(hv_memory_at(&memory, 0, 1), memory.base);
	cr_assert_eq(hv_memory_at(&memory, BYTES - 1, 1), memory.base + BYTES - 1);
}

Test(guest_memory, all_of_it_is_there)
{
	cr_assert_eq(hv_memory_at(&memory, 0, BYTES), memory.base);
}

Test(guest_memory, one_byte_more_is_not)
{
	cr_assert_null(hv_memory_at(&memory, 0, BYTES + 1));
	cr_assert_null(hv_memory_at(&memory, 1, BYTES));
	cr_assert_null(hv_memory_at(&memory, BYTES - 1, 2));
	cr_assert_null(hv_memory_at(&memory, BYTES, 1));
	cr_assert_null(hv_memory_at(&memory, BYTES + 1, 1));
}

Test(guest_memory, sums_that_wrap_are_refused)
{
	cr_assert_null(hv_memory_at(&memory, UINT64_MAX, 1));
	cr_assert_null(hv_memory_at(&memory, UINT64_MAX, 2));
	cr_assert_null(hv_memory_at(&memory, UINT64_MAX - 4095, 4096));
	cr_assert_null(hv_memory_at(&memory, UINT64_MAX - 4095, 8192));
	cr_assert_null(hv_memory_at(&memory, 1, UINT64_MAX));
	cr_assert_null(hv_memory_at(&memory, 4096, UINT64_MAX - 4095));
	cr_assert_null(hv_memory_at(&memory, UINT64_MAX, UINT64_MAX));
}

Test(guest_memory, nothing_is_there_up_to_the_end_and_not_beyond)
{
	cr_assert_not_null(hv_memory_at(&memory, 0, 0));
	cr_assert_not_null(hv_memory_at(&memory, BYTES, 0));
	cr_assert_null(hv_memory_at(&memory, BYTES + 1, 0));
	cr_assert_null(hv_memory_at(&memory, UINT64_MAX, 0));
}

Test(guest_memory, it_is_zero_and_keeps_what_is_written)
{
	for (uint64_t at = 0; at < BYTES; at += 4096)
		cr_assert_eq(memory.base[at], 0);
	memory.base[0] = 1;
	memory.base[BYTES - 1] = 2;
	cr_assert_eq(*(uint8_t *)hv_memory_at(&memory, 0, 1), 1);
	cr_assert_eq(*(uint8_t *)hv_memory_at(&memory, BYTES - 1, 1), 2);
}

Test(guest_memory, it_is_aligned_for_huge_pages)
{
	cr_assert_eq((uintptr_t)memory.base % (2 << 20), 0);
}

Test(guest_memory, freeing_clears_and_may_be_done_twice)
{
	hv_memory_done(&memory);
	cr_assert_null(memory.base);
	cr_assert_eq(memory.bytes, 0);
	cr_assert_null(hv_memory_at(&memory, 0, 1));
	hv_memory_done(&memory);
}

Test(guest_memory, sizes_from_2_MiB_to_64_GiB_can_be_had)
{
	struct hv_memory other;

	for (uint64_t bytes = 2 << 20; bytes <= UINT64_C(64) << 30; bytes *= 2) {
		cr_assert_eq(hv_memory_create(&other, bytes), 0);
		other.base[bytes - 1] = 1;
		hv_memory_done(&other);
	}
}
