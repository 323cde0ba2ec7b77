/* SPDX-License-Identifier: MIT
 *
 * What does a driver of a network find that keeps to virtio's specification?
 */
#include "net.h"

static void is_announced(void)
{
	EXPECT(begins_with(bare_devices,
			   "virtio_mmio.device=512@0xfeb00000:16 "));
	EXPECT(virtio_get(VIRTIO_MMIO_MAGIC_VALUE) == 0x74726976);
	EXPECT(virtio_get(VIRTIO_MMIO_VERSION) == 2);
	EXPECT(virtio_get(VIRTIO_MMIO_DEVICE_ID) == 1);
	for (uint32_t i = 0; i < 4; i++) {
		virtio_set(VIRTIO_MMIO_QUEUE_SEL, i);
		EXPECT(virtio_get(VIRTIO_MMIO_QUEUE_NUM_MAX) == (i < 2 ? 256 : 0));
	}
	/* An address that anybody may use, of one station; the MTU. */
	EXPECT((read32(VIRTIO + VIRTIO_MMIO_CONFIG) & 3) == 2);
	EXPECT(read32(VIRTIO + VIRTIO_MMIO_CONFIG + 8) >> 16 == 1500);
}

static void frames_come_back(void)
{
	static const uint16_t lengths[] = { 14, 15, 60, 1000, 1514, 1518 };

	net_open();
	for (uint16_t i = 0; i < 6; i++) {
		net_lend(i, NET_ROOM);
		net_send(i, lengths[i]);
		net_wait(NET_SENDER, (uint16_t)(i + 1));
		net_wait(NET_RECEIVER, (uint16_t)(i + 1));
		EXPECT(net_queue[NET_RECEIVER].used.ring[i].id == i);
		EXPECT(net_used_bytes(NET_RECEIVER, i) ==
		       NET_HEADER + lengths[i]);
		EXPECT(net_used_bytes(NET_SENDER, i) == 0);
		EXPECT(net_is_frame(net_memory[NET_RECEIVER][i], i, lengths[i]));
	}
}

/* Header and frame cut where nobody would. */
static void takes_any_framing(void)
{
	const uint64_t from = at(net_memory[NET_SENDER][0]);
	const uint64_t to = at(net_memory[NET_RECEIVER][0]);

	net_open();
	net_describe(NET_RECEIVER, 5, to, 1, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
	net_describe(NET_RECEIVER, 2, to + 1, 10, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 9);
	net_describe(NET_RECEIVER, 9, to, 0, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	net_describe(NET_RECEIVER, 1, to + 11, 3, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 0);
	net_describe(NET_RECEIVER, 0, to + 14, 1600, VRING_DESC_F_WRITE, 0);
	net_give(NET_RECEIVER, 5);
	bare_set(net_memory[NET_SENDER][0], 0, NET_HEADER);
	for (uint32_t k = 0; k < 100; k++)
		net_memory[NET_SENDER][0][NET_HEADER + k] = (uint8_t)(k + 100);
	net_describe(NET_SENDER, 7, from, 11, VRING_DESC_F_NEXT, 3);
	net_describe(NET_SENDER, 3, from + 11, 2, VRING_DESC_F_NEXT, 4);
	net_describe(NET_SENDER, 4, from + 13, 0, VRING_DESC_F_NEXT, 8);
	net_describe(NET_SENDER, 8, from + 13, 99, 0, 0);
	net_give(NET_SENDER, 7);
	net_wait(NET_RECEIVER, 1);
	EXPECT(net_queue[NET_RECEIVER].used.ring[0].id == 5);
	EXPECT(net_used_bytes(NET_RECEIVER, 0) == NET_HEADER + 100);
	EXPECT(net_is_frame(net_memory[NET_RECEIVER][0], 0, 100));
}

static void takes_indirect_tables(void)
{
	static struct vring_desc table[2] __attribute__((aligned(16)));

	net_open();
	net_lend(0, NET_ROOM);
	table[0] = (struct vring_desc){ at(net_memory[NET_SENDER][1]), 12,
					VRING_DESC_F_NEXT, 1 };
	table[1] = (struct vring_desc){ at(net_memory[NET_SENDER][1]) + 12, 60, 0, 0 };
	bare_set(net_memory[NET_SENDER][1], 0, NET_HEADER);
	for (uint32_t k = 0; k < 60; k++)
		net_memory[NET_SENDER][1][NET_HEADER + k] = (uint8_t)(k + 60);
	net_describe(NET_SENDER, 4, at(table), sizeof(table), VRING_DESC_F_INDIRECT, 0);
	net_give(NET_SENDER, 4);
	net_wait(NET_RECEIVER, 1);
	EXPECT(net_is_frame(net_memory[NET_RECEIVER][0], 0, 60));
}

/* Each is done with, and none arrives but the one behind them. */
static void drops_what_is_no_frame(void)
{
	net_open();
	net_lend(0, NET_ROOM);
	net_send(1, 0);
	net_send(2, 13);
	/* A checksum and pieces, to which nobody agreed. */
	net_make(3, 100);
	net_memory[NET_SENDER][3][0] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	net_give(NET_SENDER, 3);
	net_make(4, 100);
	net_memory[NET_SENDER][4][1] = VIRTIO_NET_HDR_GSO_TCPV4;
	net_give(NET_SENDER, 4);
	net_describe(NET_SENDER, 5, 2u << 20, 70000, 0, 0); /* too long */
	net_give(NET_SENDER, 5);
	net_send(6, 44);
	net_wait(NET_SENDER, 6);
	net_wait(NET_RECEIVER, 1);
	EXPECT(net_is_frame(net_memory[NET_RECEIVER][0], 6, 44));
}

/* What does not fit the buffer is lost; the buffer stays. */
static void drops_what_does_not_fit(void)
{
	net_open();
	net_lend(0, NET_HEADER + 100);
	net_send(1, 101);
	net_send(2, 1500);
	net_send(3, 100);
	net_wait(NET_RECEIVER, 1);
	EXPECT(net_used_bytes(NET_RECEIVER, 0) == NET_HEADER + 100);
	EXPECT(net_is_frame(net_memory[NET_RECEIVER][0], 3, 100));
}

/* And nothing longer than the MTU allows, however much is lent. */
static void keeps_to_the_mtu(void)
{
	net_open();
	net_lend(0, NET_ROOM);
	net_send(1, 1519);
	net_send(2, 1518);
	net_wait(NET_RECEIVER, 1);
	EXPECT(net_is_frame(net_memory[NET_RECEIVER][0], 2, 1518));
}

static void frames_wait_for_buffers(void)
{
	net_open();
	for (uint16_t i = 0; i < 5; i++)
		net_send(i, 100u + i);
	net_wait(NET_SENDER, 5);
	EXPECT(net_used(NET_RECEIVER) == 0);
	for (uint16_t i = 0; i < 5; i++)
		net_lend(i, NET_ROOM);
	net_wait(NET_RECEIVER, 5);
	for (uint16_t i = 0; i < 5; i++) {
		uint32_t id = net_queue[NET_RECEIVER].used.ring[i].id;

		EXPECT(id < 5);
		EXPECT(net_is_frame(net_memory[NET_RECEIVER][id], i, 100u + i));
	}
}

static void all_at_once(void)
{
	net_open();
	for (uint16_t round = 0; round < 20; round++) {
		for (uint16_t i = 0; i < NET_ENTRIES; i++)
			net_lend(i, NET_ROOM);
		for (uint16_t i = 0; i < 8; i++)
			net_send(i, 60);
		for (uint16_t i = 8; i < NET_ENTRIES; i++)
			net_send(i, 60);
		net_wait(NET_SENDER, (uint16_t)((round + 1) * NET_ENTRIES));
		net_wait(NET_RECEIVER, (uint16_t)((round + 1) * NET_ENTRIES));
		for (uint16_t i = 0; i < NET_ENTRIES; i++) {
			uint32_t id = net_queue[NET_RECEIVER].used.ring[i].id;

			EXPECT(net_is_frame(net_memory[NET_RECEIVER][id], i, 60));
		}
	}
}

static void interrupts_until_acknowledged(void)
{
	net_must_work();
	while (!(virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS) & 1))
		;
	virtio_set(VIRTIO_MMIO_INTERRUPT_ACK, 1);
	EXPECT(!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS));
	net_queue[NET_RECEIVER].available.flags = 1; /* no interrupts */
	net_queue[NET_SENDER].available.flags = 1;
	net_lend(0, NET_ROOM);
	net_send(1, 60);
	net_wait(NET_RECEIVER, 2);
	EXPECT(!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS));
}

static void takes_event_indices(void)
{
	net_open_with(NET_FEATURE(VIRTIO_RING_F_EVENT_IDX));
	net_queue[NET_RECEIVER].available.used_event = 1; /* not the first */
	net_queue[NET_SENDER].available.used_event = 0x8000;
	net_lend(0, NET_ROOM);
	net_send(1, 60);
	net_wait(NET_RECEIVER, 1);
	EXPECT(!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS));
	net_lend(0, NET_ROOM);
	net_send(1, 60);
	net_wait(NET_RECEIVER, 2);
	while (!virtio_get(VIRTIO_MMIO_INTERRUPT_STATUS))
		;
}

/* One queue is taken away and given back; the other goes on. */
static void queues_are_their_own(void)
{
	net_open();
	net_lend(0, NET_ROOM);
	virtio_set(VIRTIO_MMIO_QUEUE_SEL, NET_RECEIVER);
	virtio_set(VIRTIO_MMIO_QUEUE_READY, 0);
	EXPECT(!virtio_get(VIRTIO_MMIO_QUEUE_READY));
	net_send(1, 60);
	net_wait(NET_SENDER, 1);
	EXPECT(net_used(NET_RECEIVER) == 0);
	bare_set(&net_queue[NET_RECEIVER], 0, sizeof(net_queue[0]));
	virtio_place(NET_RECEIVER, NET_ENTRIES, at(net_queue[0].descriptor),
		     at(&net_queue[0].available), at(&net_queue[0].used));
	net_lend(3, NET_ROOM);
	net_wait(NET_RECEIVER, 1);
	EXPECT(net_is_frame(net_memory[NET_RECEIVER][3], 1, 60));
}

const struct bare_case bare_cases[] = {
	{ "is-announced", is_announced, "0", "any" },
	{ "frames-come-back", frames_come_back, "0", "any" },
	{ "takes-any-framing", takes_any_framing, "0", "any" },
	{ "takes-indirect-tables", takes_indirect_tables, "0", "any" },
	{ "drops-what-is-no-frame", drops_what_is_no_frame, "0", "any" },
	{ "drops-what-does-not-fit", drops_what_does_not_fit, "0", "any" },
	{ "keeps-to-the-mtu", keeps_to_the_mtu, "0", "any" },
	{ "frames-wait-for-buffers", frames_wait_for_buffers, "0", "any" },
	{ "all-at-once", all_at_once, "0", "any" },
	{ "interrupts-until-acknowledged", interrupts_until_acknowledged, "0", "any" },
	{ "takes-event-indices", takes_event_indices, "0", "any" },
	{ "queues-are-their-own", queues_are_their_own, "0", "any" },
	{ NULL, NULL, NULL, NULL },
};
