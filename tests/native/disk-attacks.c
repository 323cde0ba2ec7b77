/* SPDX-License-Identifier: MIT
 *
 * What if a driver keeps to nothing? Its device demands a reset, and works again after
 * one.
 */
#include "../random.h"
#include "disk.h"

#define BEYOND_RAM (UINT64_C(1) << 40)
#define IN_THE_HOLE 0xe0000000u

/* ---- where the queue is */

static void bad_queue(uint32_t entries, uint64_t descriptors, uint64_t available,
		      uint64_t used)
{
	virtio_begin(0);
	disk_queue(entries, descriptors, available, used);
	EXPECT(virtio_broken());
	disk_must_read();
}

static void queues_nowhere(void)
{
	static const uint64_t bad[] = {
		BEYOND_RAM, IN_THE_HOLE, UINT64_MAX, UINT64_MAX - 15,
		(64u << 20) - 16, 0x8000000000000000u,
	};
	uint64_t d = at(disk_descriptor), a = at(&disk_available),
		 u = at(&disk_used);

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bad_queue(DISK_ENTRIES, bad[i] & ~UINT64_C(15), a, u);
		bad_queue(DISK_ENTRIES, d, bad[i] & ~UINT64_C(1), u);
		bad_queue(DISK_ENTRIES, d, a, bad[i] & ~UINT64_C(3));
	}
	bad_queue(DISK_ENTRIES, d + 1, a, u);
	bad_queue(DISK_ENTRIES, d, a + 1, u);
	bad_queue(DISK_ENTRIES, d, a, u + 2);
}

static void queues_of_odd_sizes(void)
{
	static const uint32_t bad[] = { 0, 3, 15, 257, 512, 32768, 65536,
					0x80000000u, ALL_ONES };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		bad_queue(bad[i], at(disk_descriptor), at(&disk_available),
			  at(&disk_used));
}

static void queues_on_top_of_each_other(void)
{
	disk_open();
	virtio_begin(0);
	disk_request(0, VIRTIO_BLK_T_IN, 0, disk_descriptor, 4096);
	disk_available.idx = 1;
	disk_queue(DISK_ENTRIES, at(disk_descriptor), at(&disk_available),
		   at(disk_descriptor));
	virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	for (unsigned i = 0; i < 200; i++)
		virtio_get(VIRTIO_MMIO_STATUS);
	disk_must_read();
}

static void enabled_twice(void)
{
	disk_open();
	for (unsigned i = 0; i < 50; i++) {
		virtio_set(VIRTIO_MMIO_QUEUE_READY, 1);
		virtio_set(VIRTIO_MMIO_STATUS, 15);
		virtio_set64(VIRTIO_MMIO_QUEUE_DESC_LOW, BEYOND_RAM);
	}
	disk_request(0, VIRTIO_BLK_T_IN, 1, disk_buffer, 512);
	disk_give(0);
	disk_wait(1);
	for (unsigned i = 0; i < 50; i++)
		virtio_set(VIRTIO_MMIO_QUEUE_READY, i & 1);
	disk_must_read();
}

static void started_without_features(void)
{
	virtio_begin(0);
	virtio_set(VIRTIO_MMIO_STATUS, 0);
	virtio_set(VIRTIO_MMIO_STATUS, 1 | 2 | 4); /* no FEATURES_OK */
	virtio_set(VIRTIO_MMIO_QUEUE_READY, 1);
	EXPECT(!(virtio_get(VIRTIO_MMIO_STATUS) & 4));
	virtio_begin(ALL_ONES); /* what was not offered */
	EXPECT(!(virtio_get(VIRTIO_MMIO_STATUS) & 8));
	disk_must_read();
}

static void other_queues(void)
{
	disk_open();
	for (uint32_t i = 1; i; i *= 2) {
		virtio_set(VIRTIO_MMIO_QUEUE_SEL, i);
		EXPECT(virtio_get(VIRTIO_MMIO_QUEUE_NUM_MAX) == 0);
		virtio_set(VIRTIO_MMIO_QUEUE_NUM, 4);
		virtio_set(VIRTIO_MMIO_QUEUE_READY, 1);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, i);
	}
	disk_must_read();
}

/* ---- what is in it */

/* This head breaks the device. */
static void breaks(uint16_t head)
{
	disk_give(head);
	virtio_wait_broken();
	disk_must_read();
	disk_open();
	disk_request(0, VIRTIO_BLK_T_IN, 0, disk_buffer, 512);
}

static void chains_that_make_no_sense(void)
{
	disk_open();
	breaks(DISK_ENTRIES);
	breaks(0xffff);
	describe(1, at(disk_buffer), 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 0);
	disk_descriptor[0].flags |= VRING_DESC_F_WRITE;
	breaks(0); /* for ever around */
	describe(1, at(disk_buffer), 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	breaks(0);
	describe(1, at(disk_buffer), 0, VRING_DESC_F_NEXT, 1);
	breaks(0);
	describe(1, at(disk_buffer), 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 0xffff);
	breaks(0);
	disk_descriptor[2].flags = 0; /* no place for the status */
	disk_descriptor[1].flags = VRING_DESC_F_NEXT;
	breaks(0);
	disk_descriptor[0].len = 15; /* half a header */
	breaks(0);
	disk_descriptor[0].flags |= VRING_DESC_F_WRITE; /* a header to write to */
	breaks(0);
	disk_descriptor[2].flags = 0; /* to read behind to write */
	breaks(0);
}

static void buffers_nowhere(void)
{
	static const uint64_t bad[] = { BEYOND_RAM, IN_THE_HOLE, UINT64_MAX,
					(64u << 20) - 100 };

	disk_open();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		disk_request(0, VIRTIO_BLK_T_IN, 0, disk_buffer, 512);
		disk_descriptor[1].addr = bad[i];
		breaks(0);
		disk_descriptor[0].addr = bad[i] | 1u << 31;
		disk_descriptor[0].len = ALL_ONES;
		breaks(0);
	}
	disk_descriptor[2].addr = 64u << 20; /* the status */
	breaks(0);
}

static void indirect(uint64_t table, uint32_t bytes, uint16_t flags)
{
	describe(5, table, bytes, VRING_DESC_F_INDIRECT | flags, 5);
	breaks(5);
}

static void indirect_nonsense(void)
{
	static struct vring_desc table[64] __attribute__((aligned(16)));

	disk_open();
	indirect(BEYOND_RAM, 32, 0);
	indirect(at(table), 0, 0);
	indirect(at(table), 17, 0);
	indirect(at(table), 0xfffffff0u, 0);
	indirect(at(table), 32, VRING_DESC_F_NEXT);
	table[0] = (struct vring_desc){ at(table), 16, VRING_DESC_F_INDIRECT, 0 };
	indirect(at(table), sizeof(table), 0);
	for (uint16_t i = 0; i < 64; i++) /* longer than the queue */
		table[i] = (struct vring_desc){ at(disk_buffer), 16,
						VRING_DESC_F_NEXT,
						(uint16_t)((i + 1) % 64) };
	indirect(at(table), sizeof(table), 0);
}

static void indices_that_jump(void)
{
	static const uint16_t jumps[] = { DISK_ENTRIES + 1, 0x7fff, 0x8000, 0xffff };

	for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		disk_open();
		disk_request(0, VIRTIO_BLK_T_IN, 0, disk_buffer, 512);
		disk_available.idx = jumps[i];
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
		virtio_wait_broken();
		disk_must_read();
	}
}

/* The same request sixteen times: all are answered. */
static void one_chain_many_times(void)
{
	disk_open();
	disk_request(0, VIRTIO_BLK_T_IN, 0, disk_buffer, sizeof(disk_buffer));
	for (unsigned i = 0; i < DISK_ENTRIES; i++)
		disk_available.ring[i] = 0;
	for (uint16_t round = 1; round <= 20; round++) {
		disk_available.idx = (uint16_t)(round * DISK_ENTRIES);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
		disk_wait((uint16_t)(round * DISK_ENTRIES));
	}
}

/* ---- while I/O is under way */

static void many_under_way(void)
{
	disk_open();
	for (unsigned n = 0; n < 5; n++)
		disk_request(n, VIRTIO_BLK_T_IN, 0, disk_buffer, sizeof(disk_buffer));
	for (uint16_t n = 0; n < DISK_ENTRIES; n++)
		disk_available.ring[n] = n % 5 * 3;
	disk_available.idx = DISK_ENTRIES;
	virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

static void reset_under_way(void)
{
	for (unsigned i = 0; i < 30; i++) {
		many_under_way();
		if (i & 1)
			virtio_set(VIRTIO_MMIO_STATUS, 0);
		else
			virtio_set(VIRTIO_MMIO_QUEUE_READY, 0);
		/* Nothing is written from here on. */
		bare_set(disk_buffer, 0x77, 512);
		for (unsigned n = 0; n < 50; n++)
			virtio_get(VIRTIO_MMIO_STATUS);
		for (unsigned n = 0; n < 512; n++)
			EXPECT(disk_buffer[n] == 0x77);
	}
	disk_must_read();
}

static void exit_under_way(void)
{
	many_under_way();
	bare_exit(9);
}

static void fault_under_way(void)
{
	many_under_way();
	__asm__ volatile("ud2");
}

/* The disk is read into the queue itself. */
static void reads_into_its_queue(void)
{
	for (unsigned i = 0; i < 20; i++) {
		disk_open();
		disk_request(0, VIRTIO_BLK_T_IN, i, &disk_available, 512);
		disk_request(1, VIRTIO_BLK_T_IN, i, disk_descriptor, 512);
		disk_give(0);
		disk_give(3);
		for (unsigned n = 0; n < 20; n++)
			virtio_get(VIRTIO_MMIO_STATUS);
	}
	disk_must_read();
}

/* ---- another processor rewrites it all meanwhile */

static uint32_t stirring;
static bool others_reset;

/* And enable it, and notify. */
static void reset_for_ever(void)
{
	__atomic_store_n(&stirring, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		virtio_set(VIRTIO_MMIO_STATUS, 0);
		virtio_set(VIRTIO_MMIO_QUEUE_READY, 1);
		virtio_set(VIRTIO_MMIO_STATUS, 15);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	}
}

/* What the disk may then write to, with any lower 24 bits and 8 MiB on: above the
 * kernel. The next 8 bits stay as they are. */
#define PLAYGROUND 0x2000000u
#define KEPT_BYTE 3u

static bool is_kept(uint64_t byte)
{
	return byte % sizeof(disk_descriptor[0]) == KEPT_BYTE;
}

static void request_in_playground(unsigned n)
{
	uint64_t place = PLAYGROUND + n * 0x10000u;
	uint16_t first = (uint16_t)(3 * n);

	*(struct virtio_blk_outhdr *)(uintptr_t)place =
		(struct virtio_blk_outhdr){ .type = VIRTIO_BLK_T_IN };
	describe(first, place, 16, VRING_DESC_F_NEXT, (uint16_t)(first + 1));
	describe(first + 1u, place + 4096, 512,
		 VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, (uint16_t)(first + 2));
	describe(first + 2u, place + 64, 1, VRING_DESC_F_WRITE, 0);
}

void bare_other(void)
{
	uint8_t *bytes = (uint8_t *)disk_descriptor;

	if (others_reset)
		reset_for_ever();
	__atomic_store_n(&stirring, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&stirring, __ATOMIC_SEQ_CST) == 1) {
		uint64_t r = random_next();

		if (!is_kept(r % sizeof(disk_descriptor)))
			bytes[r % sizeof(disk_descriptor)] = (uint8_t)(r >> 32);
		disk_available.ring[r >> 40 & (DISK_ENTRIES - 1)] =
			(uint16_t)(r >> 50 & 7);
	}
	__atomic_store_n(&stirring, 3, __ATOMIC_SEQ_CST);
}

static void rewritten_meanwhile(void)
{
	for (unsigned i = 0; i < DISK_ENTRIES; i++)
		describe(i, PLAYGROUND, 16, 0, 0);
	place_other_code();
	start_other(1);
	while (!__atomic_load_n(&stirring, __ATOMIC_SEQ_CST))
		;
	for (unsigned i = 0; i < 300; i++) {
		if (i % 8 == 0 || virtio_broken())
			disk_open();
		for (unsigned n = 0; n < 5; n++)
			request_in_playground(n);
		disk_available.idx = (uint16_t)(disk_available.idx + 5);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	}
	__atomic_store_n(&stirring, 2, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&stirring, __ATOMIC_SEQ_CST) != 3)
		;
	disk_must_read();
}

/* Two processors set one disk up at once, and one ends the machine in the midst. */
static void reset_by_another(void)
{
	others_reset = true;
	place_other_code();
	start_other(1);
	while (!__atomic_load_n(&stirring, __ATOMIC_SEQ_CST))
		;
	for (unsigned i = 0; i < 100; i++) {
		many_under_way();
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	}
	bare_exit(9);
}

const struct bare_case bare_cases[] = {
	{ "queues-nowhere", queues_nowhere, "0", "any" },
	{ "queues-of-odd-sizes", queues_of_odd_sizes, "0", "any" },
	{ "queues-on-top-of-each-other", queues_on_top_of_each_other, "0", "any" },
	{ "enabled-twice", enabled_twice, "0", "any" },
	{ "started-without-features", started_without_features, "0", "any" },
	{ "other-queues", other_queues, "0", "any" },
	{ "chains-that-make-no-sense", chains_that_make_no_sense, "0", "any" },
	{ "buffers-nowhere", buffers_nowhere, "0", "any" },
	{ "indirect-nonsense", indirect_nonsense, "0", "any" },
	{ "indices-that-jump", indices_that_jump, "0", "any" },
	{ "one-chain-many-times", one_chain_many_times, "0", "any" },
	{ "reset-under-way", reset_under_way, "0", "any" },
	{ "exit-under-way", exit_under_way, "9", "any" },
	{ "fault-under-way", fault_under_way, "123", "triple fault" },
	{ "reads-into-its-queue", reads_into_its_queue, "0", "any" },
	{ "rewritten-meanwhile", rewritten_meanwhile, "0", "any" },
	{ "reset-by-another", reset_by_another, "9", "any" },
	{ NULL, NULL, NULL, NULL },
};
