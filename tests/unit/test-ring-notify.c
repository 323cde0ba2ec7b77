/* SPDX-License-Identifier: MIT
 *
 * When is the other side of a ring told? pv_ring_must_notify, around the wish,
 * around the wrap, and against a slow and obvious version of itself.
 */
#include <criterion/criterion.h>
#include <pvabi/ring.h>

/* Does the producer index, going from old to new one step at a time, arrive at
 * event? */
static int obvious(uint32_t event, uint32_t old_prod, uint32_t new_prod)
{
	while (old_prod != new_prod)
		if (++old_prod == event)
			return 1;
	return 0;
}

Test(ring_notify, a_wish_for_the_next_one_is_told_of_the_next_one)
{
	cr_assert(pv_ring_must_notify(1, 0, 1));
	cr_assert(pv_ring_must_notify(8, 7, 8));
}

Test(ring_notify, a_wish_that_was_passed_in_a_batch_is_told)
{
	cr_assert(pv_ring_must_notify(3, 0, 16));
	cr_assert(pv_ring_must_notify(16, 0, 16));
}

Test(ring_notify, a_wish_for_later_is_not_told)
{
	cr_assert_not(pv_ring_must_notify(17, 0, 16));
	cr_assert_not(pv_ring_must_notify(1000, 0, 16));
}

Test(ring_notify, a_wish_of_the_past_is_not_told_again)
{
	cr_assert_not(pv_ring_must_notify(1, 1, 2));
	cr_assert_not(pv_ring_must_notify(0, 0, 1));
}

Test(ring_notify, publishing_nothing_tells_nothing)
{
	cr_assert_not(pv_ring_must_notify(0, 0, 0));
	cr_assert_not(pv_ring_must_notify(5, 5, 5));
}

Test(ring_notify, it_is_right_around_the_wrap)
{
	cr_assert(pv_ring_must_notify(0, UINT32_MAX, 0));
	cr_assert(pv_ring_must_notify(UINT32_MAX, UINT32_MAX - 1, 3));
	cr_assert(pv_ring_must_notify(2, UINT32_MAX - 1, 3));
	cr_assert_not(pv_ring_must_notify(4, UINT32_MAX - 1, 3));
}

Test(ring_notify, it_equals_the_obvious_version)
{
	static const uint32_t starts[] = { 0, 1, 250, 0x7ffffff0, 0x80000000,
					   0xfffffff0, UINT32_MAX };

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++)
		for (uint32_t step = 0; step <= 32; step++)
			for (uint32_t wish = 0; wish <= 80; wish++) {
				uint32_t old = starts[s];
				uint32_t event = old - 40 + wish;

				cr_assert_eq(
					pv_ring_must_notify(event, old, old + step),
					obvious(event, old, old + step));
			}
}
