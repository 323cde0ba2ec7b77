/* SPDX-License-Identifier: MIT
 *
 * What if a network's driver keeps to nothing? The device demands a reset, and works
 * again after one.
 */
#include "../random.h"
#include "net.h"

#define BEYOND_RAM (UINT64_C(1) << 40)
#define IN_THE_HOLE 0xe0000000u
#define RAM_END (64u << 20)

/* ---- where the queues are */

static void bad_queue(uint32_t queue, uint32_t entries, uint64_t descriptors,
		      uint64_t available, uint64_t used)
{
	virtio_begin(0);
	virtio_place(!queue, NET_ENTRIES, at(net_queue[!queue].descriptor),
		     at(&net_queue[!queue].available), at(&net_queue[!queue].used));
	virtio_place(queue, entries, descriptors, available, used);
	virtio_start();
	EXPECT(virtio_broken());
}

static void queues_nowhere(void)
{
	static const uint64_t bad[] = { BEYOND_RAM, IN_THE_HOLE, UINT64_MAX - 15,
					RAM_END - 16, 0x8000000000000000u };

	for (uint32_t i = 0; i < 2; i++) {
		uint64_t d = at(net_queue[i].descriptor);
		uint64_t a = at(&net_queue[i].available);
		uint64_t u = at(&net_queue[i].used);

		for (unsigned b = 0; b < sizeof(bad) / sizeof(bad[0]); b++) {
			bad_queue(i, NET_ENTRIES, bad[b], a, u);
			bad_queue(i, NET_ENTRIES, d, bad[b], u);
			bad_queue(i, NET_ENTRIES, d, a, bad[b]);
		}
		bad_queue(i, 0, d, a, u);
		bad_queue(i, 3, d, a, u);
		bad_queue(i, 512, d, a, u);
		net_must_work();
	}
}

static void other_queues(void)
{
	net_open();
	for (uint32_t i = 2; i; i *= 2) {
		virtio_set(VIRTIO_MMIO_QUEUE_SEL, i);
		EXPECT(virtio_get(VIRTIO_MMIO_QUEUE_NUM_MAX) == 0);
		virtio_place(i, 4, 0, 0, 0);
		EXPECT(virtio_get(VIRTIO_MMIO_QUEUE_READY) == 0);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, i);
	}
	net_must_work();
}

/* Both are one: frames are received into what is sent. */
static void one_queue_twice(void)
{
	for (unsigned i = 0; i < 10; i++) {
		virtio_begin(0);
		bare_set(net_queue, 0, sizeof(net_queue));
		for (uint32_t q = 0; q < 2; q++)
			virtio_place(q, NET_ENTRIES, at(net_queue[0].descriptor),
				     at(&net_queue[0].available),
				     at(&net_queue[0].used));
		virtio_start();
		net_lend(0, NET_ROOM);
		net_describe(0, 1, at(net_memory[0][1]), 100, 0, 0);
		net_give(0, 1);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
		for (unsigned n = 0; n < 50; n++)
			virtio_get(VIRTIO_MMIO_STATUS);
	}
	net_must_work();
}

static void ready_and_not(void)
{
	net_open();
	for (unsigned i = 0; i < 100; i++) {
		virtio_set(VIRTIO_MMIO_QUEUE_SEL, i >> 1 & 1);
		virtio_set(VIRTIO_MMIO_QUEUE_READY, i & 1);
		virtio_set64(VIRTIO_MMIO_QUEUE_DESC_LOW, BEYOND_RAM);
		virtio_set(VIRTIO_MMIO_STATUS, 15);
	}
	net_must_work();
}

/* ---- what is in them */

/* This head breaks the device. */
static void breaks(uint32_t queue, uint16_t head)
{
	net_give(queue, head);
	virtio_wait_broken();
	net_must_work();
	net_open();
}

static void buffers_too_small(void)
{
	net_open();
	for (uint32_t len = 0; len < NET_HEADER + 14; len++) {
		net_describe(NET_RECEIVER, 0, at(net_memory[0][0]), len,
			     VRING_DESC_F_WRITE, 0);
		net_give(NET_RECEIVER, 0);
		virtio_wait_broken();
		net_open();
	}
	/* One only to be read. */
	net_describe(NET_RECEIVER, 0, at(net_memory[0][0]), NET_ROOM, 0, 0);
	breaks(NET_RECEIVER, 0);
}

static void headers_too_short(void)
{
	net_open();
	for (uint32_t len = 0; len < NET_HEADER; len++) {
		net_describe(NET_SENDER, 0, at(net_memory[1][0]), len, 0, 0);
		net_give(NET_SENDER, 0);
		virtio_wait_broken();
		net_open();
	}
	/* One only to be written. */
	net_describe(NET_SENDER, 0, at(net_memory[1][0]), NET_ROOM,
		     VRING_DESC_F_WRITE, 0);
	breaks(NET_SENDER, 0);
}

static void chains_that_make_no_sense(void)
{
	static const uint64_t nowhere[] = { BEYOND_RAM, IN_THE_HOLE, UINT64_MAX,
					    RAM_END - 100 };
	const uint16_t writes[2] = { VRING_DESC_F_WRITE, 0 };

	net_open();
	for (uint32_t q = 0; q < 2; q++) {
		uint64_t memory = at(net_memory[q][0]);
		uint16_t next = VRING_DESC_F_NEXT | writes[q];

		breaks(q, NET_ENTRIES);
		breaks(q, 0xffff);
		net_describe(q, 0, memory, 100, next, 0); /* around for ever */
		breaks(q, 0);
		net_describe(q, 0, memory, 0, next, 0);
		breaks(q, 0);
		net_describe(q, 0, memory, 100, next, 0xffff);
		breaks(q, 0);
		for (unsigned i = 0; i < 4; i++) {
			net_describe(q, 0, nowhere[i], NET_ROOM, writes[q], 0);
			breaks(q, 0);
			net_describe(q, 0, nowhere[i] & 0xffffff0, ALL_ONES, writes[q], 0);
			breaks(q, 0);
		}
		net_describe(q, 0, memory, 17, VRING_DESC_F_INDIRECT, 0);
		breaks(q, 0);
		net_describe(q, 0, BEYOND_RAM, 32, VRING_DESC_F_INDIRECT, 0);
		breaks(q, 0);
	}
}

static void indices_that_jump(void)
{
	static const uint16_t jumps[] = { NET_ENTRIES + 1, 0x8000, 0xffff };

	for (unsigned i = 0; i < 6; i++) {
		net_open();
		net_queue[i & 1].available.idx = jumps[i / 2];
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, i & 1);
		virtio_wait_broken();
	}
	net_must_work();
}

/* All of RAM as one frame, and as one buffer, in as many pieces as there may be. */
static void as_long_as_ram(void)
{
	net_open();
	for (uint16_t i = 0; i < NET_ENTRIES - 1; i++) {
		net_describe(NET_SENDER, i, 0, RAM_END, VRING_DESC_F_NEXT,
			     (uint16_t)(i + 1));
		net_describe(NET_RECEIVER, i, 40u << 20, 20u << 20,
			     VRING_DESC_F_NEXT | VRING_DESC_F_WRITE,
			     (uint16_t)(i + 1));
	}
	net_describe(NET_SENDER, NET_ENTRIES - 1, 0, RAM_END, 0, 0);
	net_describe(NET_RECEIVER, NET_ENTRIES - 1, 40u << 20, 20u << 20,
		     VRING_DESC_F_WRITE, 0);
	net_give(NET_RECEIVER, 0);
	net_give(NET_SENDER, 0);
	net_wait(NET_SENDER, 1);
	net_must_work();
}

/* The same sixteen times: all are answered. */
static void one_chain_many_times(void)
{
	net_open();
	net_make(0, 60);
	net_describe(NET_RECEIVER, 0, at(net_memory[0][0]), NET_ROOM,
		     VRING_DESC_F_WRITE, 0);
	for (uint16_t round = 1; round <= 20; round++) {
		net_queue[NET_RECEIVER].available.idx = (uint16_t)(round * NET_ENTRIES);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, NET_RECEIVER);
		net_queue[NET_SENDER].available.idx = (uint16_t)(round * NET_ENTRIES);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, NET_SENDER);
		net_wait(NET_SENDER, (uint16_t)(round * NET_ENTRIES));
		net_wait(NET_RECEIVER, (uint16_t)(round * NET_ENTRIES));
	}
}

/* What is received goes into the queues themselves. */
static void receives_into_its_queues(void)
{
	for (unsigned i = 0; i < 20; i++) {
		net_open();
		net_describe(NET_RECEIVER, 0, at(&net_queue[i & 1]) + i * 16, NET_ROOM / 4,
			     VRING_DESC_F_WRITE, 0);
		net_give(NET_RECEIVER, 0);
		net_send(1, 300);
		net_send(2, 400);
		for (unsigned n = 0; n < 20; n++)
			virtio_get(VIRTIO_MMIO_STATUS);
	}
	net_must_work();
}

/* ---- while frames are under way */

static void many_under_way(void)
{
	net_open();
	for (unsigned i = 0; i < NET_ENTRIES; i++)
		net_lend(i, NET_ROOM);
	for (unsigned i = 0; i < 8; i++)
		net_send(i, 200);
}

/* Until the wire is full, and frames wait. */
static void fill_up(void)
{
	uint16_t sent = 0;
	unsigned looks;

	net_open();
	for (uint16_t i = 0; i < NET_ENTRIES; i++)
		net_make(i, 64), net_queue[1].available.ring[i] = i;
	do {
		sent = (uint16_t)(sent + NET_ENTRIES);
		net_queue[NET_SENDER].available.idx = sent;
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, NET_SENDER);
		for (looks = 2000; net_used(NET_SENDER) != sent && looks; looks--)
			virtio_get(VIRTIO_MMIO_STATUS);
	} while (looks);
}

static void reset_under_way(void)
{
	for (unsigned i = 0; i < 20; i++) {
		many_under_way();
		if (i & 1) {
			virtio_set(VIRTIO_MMIO_STATUS, 0);
		} else {
			virtio_set(VIRTIO_MMIO_QUEUE_SEL, NET_RECEIVER);
			virtio_set(VIRTIO_MMIO_QUEUE_READY, 0);
		}
		/* Nothing is written from here on. */
		bare_set(net_memory[0][0], 0x77, NET_ROOM);
		for (unsigned n = 0; n < 50; n++)
			virtio_get(VIRTIO_MMIO_STATUS);
		for (unsigned n = 0; n < NET_ROOM; n += 8)
			EXPECT(net_memory[0][0][n] == 0x77);
	}
	net_must_work();
}

static void reset_when_full(void)
{
	fill_up();
	net_must_work();
}

static void exit_under_way(void)
{
	many_under_way();
	bare_exit(9);
}

static void exit_when_full(void)
{
	fill_up();
	bare_exit(9);
}

static void fault_when_full(void)
{
	fill_up();
	__asm__ volatile("ud2");
}

/* ---- another processor rewrites it all meanwhile */

static uint32_t stirring;
static bool others_reset;

static void reset_for_ever(void)
{
	__atomic_store_n(&stirring, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		virtio_set(VIRTIO_MMIO_STATUS, 0);
		for (uint32_t q = 0; q < 2; q++) {
			virtio_set(VIRTIO_MMIO_QUEUE_SEL, q);
			virtio_set(VIRTIO_MMIO_QUEUE_READY, 1);
		}
		virtio_set(VIRTIO_MMIO_STATUS, 15);
		virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	}
}

/* What may then be written to, with any lower 24 bits and 8 MiB on: above the kernel.
 * The next 8 bits stay as they are. */
#define PLAYGROUND 0x2000000u
#define KEPT_BYTE 3u

void bare_other(void)
{
	if (others_reset)
		reset_for_ever();
	__atomic_store_n(&stirring, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&stirring, __ATOMIC_SEQ_CST) == 1) {
		uint64_t r = random_next();
		struct net_queue *q = &net_queue[r >> 60 & 1];
		uint8_t *bytes = (uint8_t *)q->descriptor;
		uint64_t byte = r % sizeof(q->descriptor);

		if (byte % sizeof(q->descriptor[0]) != KEPT_BYTE)
			bytes[byte] = (uint8_t)(r >> 32);
		q->available.ring[r >> 40 & (NET_ENTRIES - 1)] =
			(uint16_t)(r >> 50 & 7);
	}
	__atomic_store_n(&stirring, 3, __ATOMIC_SEQ_CST);
}

static void start_another(void)
{
	place_other_code();
	start_other(1);
	while (!__atomic_load_n(&stirring, __ATOMIC_SEQ_CST))
		;
}

static void rewritten_meanwhile(void)
{
	for (unsigned q = 0; q < 2; q++)
		for (unsigned i = 0; i < NET_ENTRIES; i++)
			net_describe(q, i, PLAYGROUND, 16, 0, 0);
	start_another();
	for (unsigned i = 0; i < 200; i++) {
		if (i % 8 == 0 || virtio_broken()) {
			virtio_begin(0);
			for (uint32_t q = 0; q < 2; q++) {
				bare_set(&net_queue[q].available, 0, 4);
				bare_set(&net_queue[q].used, 0, 4);
			}
			net_place_both();
			virtio_start();
		}
		for (uint32_t q = 0; q < 2; q++) {
			for (unsigned n = 0; n < 8; n++)
				net_describe(q, n, PLAYGROUND + n * 0x10000u, 512,
					     q ? 0 : VRING_DESC_F_WRITE, 0);
			net_queue[q].available.idx =
				(uint16_t)(net_queue[q].available.idx + 5);
			virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, q);
		}
	}
	__atomic_store_n(&stirring, 2, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&stirring, __ATOMIC_SEQ_CST) != 3)
		;
	net_must_work();
}

static void reset_by_another(void)
{
	others_reset = true;
	start_another();
	for (unsigned i = 0; i < 50; i++)
		many_under_way();
	bare_exit(9);
}

const struct bare_case bare_cases[] = {
	{ "queues-nowhere", queues_nowhere, "0", "any" },
	{ "other-queues", other_queues, "0", "any" },
	{ "one-queue-twice", one_queue_twice, "0", "any" },
	{ "ready-and-not", ready_and_not, "0", "any" },
	{ "buffers-too-small", buffers_too_small, "0", "any" },
	{ "headers-too-short", headers_too_short, "0", "any" },
	{ "chains-that-make-no-sense", chains_that_make_no_sense, "0", "any" },
	{ "indices-that-jump", indices_that_jump, "0", "any" },
	{ "as-long-as-ram", as_long_as_ram, "0", "any" },
	{ "one-chain-many-times", one_chain_many_times, "0", "any" },
	{ "receives-into-its-queues", receives_into_its_queues, "0", "any" },
	{ "reset-under-way", reset_under_way, "0", "any" },
	{ "reset-when-full", reset_when_full, "0", "any" },
	{ "exit-under-way", exit_under_way, "9", "any" },
	{ "exit-when-full", exit_when_full, "9", "any" },
	{ "fault-when-full", fault_when_full, "123", "triple fault" },
	{ "rewritten-meanwhile", rewritten_meanwhile, "0", "any" },
	{ "reset-by-another", reset_by_another, "9", "any" },
	{ NULL, NULL, NULL, NULL },
};
