/* SPDX-License-Identifier: MIT
 *
 * Virtio's split queue: what is taken from it, what is refused, and who is told.
 */
#include <criterion/criterion.h>

#include "fake-native.h"

static struct fake_native fake;
static struct hv_virtq queue;
static struct hv_virtq_chain chain;

static const struct hv_virtq_place good = {
	.entries = FAKE_ENTRIES, .descriptors = FAKE_DESCRIPTORS,
	.available = FAKE_AVAILABLE, .used = FAKE_USED,
};

static void setup(void)
{
	cr_assert_eq(fake_native_make(&fake, NULL), 0);
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &good, false), 0);
}

static void teardown(void)
{
	fake_native_free(&fake);
}

TestSuite(virtio_queue, .init = setup, .fini = teardown, .timeout = 20);

static void refuses(struct hv_virtq_place place)
{
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &place, false), -1);
}

Test(virtio_queue, a_size_is_a_power_of_two_within_bounds)
{
	static const uint32_t bad[] = { 0, 3, 6, 2 * HV_VIRTQ_MAX, 65536,
					0x80000000, UINT32_MAX };
	struct hv_virtq_place place = good;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		place.entries = bad[i];
		refuses(place);
	}
	place.entries = 1;
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &place, false), 0);
	place.entries = HV_VIRTQ_MAX;
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &place, false), 0);
}

Test(virtio_queue, every_part_lies_in_ram_to_its_last_byte)
{
	struct hv_virtq_place place = good;

	place.descriptors = FAKE_RAM_BYTES - 16 * FAKE_ENTRIES;
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &place, false), 0);
	place.descriptors += 16;
	refuses(place);
	place = good;
	place.available = FAKE_RAM_BYTES - (4 + 2 * FAKE_ENTRIES + 2);
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &place, false), 0);
	place.available += 2;
	refuses(place);
	place = good;
	place.used = FAKE_RAM_BYTES - (4 + 8 * FAKE_ENTRIES + 4);
	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &place, false), 0);
	place.used += 4;
	refuses(place);
	place.used = UINT64_MAX - 3;
	refuses(place);
}

Test(virtio_queue, parts_are_aligned)
{
	struct hv_virtq_place place = good;

	place.descriptors += 8;
	refuses(place);
	place = good;
	place.available += 1;
	refuses(place);
	place = good;
	place.used += 2;
	refuses(place);
}

Test(virtio_queue, nothing_waits_at_first)
{
	cr_assert_eq(hv_virtq_waiting(&queue), 0);
	fake_available(&fake)->idx = FAKE_ENTRIES;
	cr_assert_eq(hv_virtq_waiting(&queue), FAKE_ENTRIES);
}

Test(virtio_queue, an_index_that_jumps_is_negative)
{
	fake_available(&fake)->idx = FAKE_ENTRIES + 1;
	cr_assert_lt(hv_virtq_waiting(&queue), 0);
	fake_available(&fake)->idx = UINT16_MAX;
	cr_assert_lt(hv_virtq_waiting(&queue), 0);
}

Test(virtio_queue, indices_wrap)
{
	queue.taken = queue.put = queue.shown = UINT16_MAX;
	fake_available(&fake)->idx = 1;
	cr_assert_eq(hv_virtq_waiting(&queue), 2);
	fake_describe(&fake, 3, FAKE_BUFFER, 1, 0, 0);
	fake_available(&fake)->ring[UINT16_MAX % FAKE_ENTRIES] = 3;
	cr_assert_eq(hv_virtq_take(&queue, &chain), 0);
	cr_assert_eq(chain.head, 3);
	hv_virtq_put(&queue, 3, 77);
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_INTERRUPT);
	cr_assert_eq(fake_used(&fake)->idx, 0);
	cr_assert_eq(fake_used(&fake)->ring[UINT16_MAX % FAKE_ENTRIES].len, 77);
}

static int take(uint16_t head)
{
	fake_give(&fake, head);
	return hv_virtq_take(&queue, &chain);
}

Test(virtio_queue, a_chain_is_its_buffers_in_order)
{
	fake_describe(&fake, 7, FAKE_BUFFER, 16, VRING_DESC_F_NEXT, 1);
	fake_describe(&fake, 1, FAKE_BUFFER + 100, 0, VRING_DESC_F_NEXT, 4);
	fake_describe(&fake, 4, FAKE_BUFFER + 200, 5, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 0);
	fake_describe(&fake, 0, FAKE_BUFFER + 300, 6, VRING_DESC_F_WRITE, 0);
	cr_assert_eq(take(7), 0);
	cr_assert(chain.head == 7 && chain.readable == 1 && chain.writable == 2);
	cr_assert_eq(chain.iov[0].iov_base, fake_ram(&fake, FAKE_BUFFER));
	cr_assert_eq(chain.iov[0].iov_len, 16);
	cr_assert_eq(chain.iov[1].iov_base, fake_ram(&fake, FAKE_BUFFER + 200));
	cr_assert_eq(chain.iov[2].iov_len, 6);
}

Test(virtio_queue, a_chain_as_long_as_the_queue_is_taken_and_no_longer)
{
	for (uint16_t i = 0; i < FAKE_ENTRIES; i++)
		fake_describe(&fake, i, FAKE_BUFFER, 1, VRING_DESC_F_NEXT,
			      (uint16_t)(i + 1));
	fake_descriptor(&fake, FAKE_ENTRIES - 1)->flags = 0;
	cr_assert_eq(take(0), 0);
	cr_assert_eq(chain.readable, FAKE_ENTRIES);
	fake_describe(&fake, FAKE_ENTRIES - 1, FAKE_BUFFER, 1, VRING_DESC_F_NEXT, 0);
	cr_assert_eq(take(0), -1);
}

Test(virtio_queue, chains_that_make_no_sense_are_refused)
{
	cr_assert_eq(take(FAKE_ENTRIES), -1);
	fake_describe(&fake, 0, FAKE_BUFFER, 1, VRING_DESC_F_NEXT, 0);
	cr_assert_eq(take(0), -1);
	fake_describe(&fake, 0, FAKE_BUFFER, 0, VRING_DESC_F_NEXT, 0);
	cr_assert_eq(take(0), -1);
	fake_describe(&fake, 0, FAKE_BUFFER, 1, VRING_DESC_F_NEXT, FAKE_ENTRIES);
	cr_assert_eq(take(0), -1);
	fake_describe(&fake, 0, FAKE_RAM_BYTES - 1, 2, 0, 0);
	cr_assert_eq(take(0), -1);
	fake_describe(&fake, 0, UINT64_MAX, 2, 0, 0);
	cr_assert_eq(take(0), -1);
	fake_describe(&fake, 0, FAKE_BUFFER, 1, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	fake_describe(&fake, 1, FAKE_BUFFER, 1, 0, 0);
	cr_assert_eq(take(0), -1);
}

Test(virtio_queue, a_table_is_followed_once)
{
	struct vring_desc *table = fake_ram(&fake, FAKE_BUFFER);

	table[0] = (struct vring_desc){ FAKE_BUFFER + 512, 8, VRING_DESC_F_NEXT, 1 };
	table[1] = (struct vring_desc){ FAKE_BUFFER + 1024, 9, VRING_DESC_F_WRITE, 0 };
	fake_describe(&fake, 2, FAKE_BUFFER, 32, VRING_DESC_F_INDIRECT, 0);
	cr_assert_eq(take(2), 0);
	cr_assert(chain.readable == 1 && chain.writable == 1);
	table[1].flags = VRING_DESC_F_INDIRECT;
	table[1].addr = FAKE_BUFFER;
	table[1].len = 32;
	cr_assert_eq(take(2), -1);
	table[1] = (struct vring_desc){ FAKE_BUFFER, 9, VRING_DESC_F_NEXT, 2 };
	cr_assert_eq(take(2), -1); /* beyond its end */
}

Test(virtio_queue, tables_that_make_no_sense_are_refused)
{
	static const uint32_t lengths[] = { 0, 15, 17, 0xfffffff0 };

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		fake_describe(&fake, 2, FAKE_BUFFER, lengths[i],
			      VRING_DESC_F_INDIRECT, 0);
		cr_assert_eq(take(2), -1);
	}
	fake_describe(&fake, 2, FAKE_RAM_BYTES, 16, VRING_DESC_F_INDIRECT, 0);
	cr_assert_eq(take(2), -1);
	fake_describe(&fake, 2, FAKE_BUFFER, 16,
		      VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 0);
	cr_assert_eq(take(2), -1);
}

Test(virtio_queue, what_is_put_is_shown_once)
{
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_NOTHING);
	hv_virtq_put(&queue, 5, 513);
	cr_assert_eq(fake_used(&fake)->idx, 0);
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_INTERRUPT);
	cr_assert_eq(fake_used(&fake)->idx, 1);
	cr_assert_eq(fake_used(&fake)->ring[0].id, 5);
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_NOTHING);
}

Test(virtio_queue, a_guest_that_wants_no_interrupt_gets_none)
{
	fake_available(&fake)->flags = VRING_AVAIL_F_NO_INTERRUPT;
	hv_virtq_put(&queue, 0, 1);
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_SHOWN);
}

Test(virtio_queue, it_says_whether_it_listens)
{
	hv_virtq_listen(&queue, false);
	cr_assert_eq(fake_used(&fake)->flags, VRING_USED_F_NO_NOTIFY);
	hv_virtq_listen(&queue, true);
	cr_assert_eq(fake_used(&fake)->flags, 0);
}

Test(virtio_queue, event_indices_say_when)
{
	uint16_t *used_event = &fake_available(&fake)->ring[FAKE_ENTRIES];
	uint16_t *available_event =
		(uint16_t *)(void *)&fake_used(&fake)->ring[FAKE_ENTRIES];

	cr_assert_eq(hv_virtq_open(&queue, &fake.vm, &good, true), 0);
	*used_event = 1;
	hv_virtq_put(&queue, 0, 1);
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_SHOWN);
	hv_virtq_put(&queue, 0, 1);
	cr_assert_eq(hv_virtq_show(&queue), HV_VIRTQ_INTERRUPT);
	queue.taken = 4;
	hv_virtq_listen(&queue, false);
	cr_assert_eq(*available_event, 0);
	hv_virtq_listen(&queue, true);
	cr_assert_eq(*available_event, 4);
}
