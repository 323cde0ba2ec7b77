/* SPDX-License-Identifier: MIT
 *
 * The first network without a driver's care. Its wire ends where it begins: what is sent
 * comes back.
 */
#ifndef TESTS_NATIVE_NET_H
#define TESTS_NATIVE_NET_H

#include <linux/virtio_net.h>

#include "virtio.h"

#define NET_ENTRIES 16u
#define NET_RECEIVER 0u
#define NET_SENDER 1u
#define NET_HEADER 12u /* of virtio's */
#define NET_ROOM 2048u
#define NET_FEATURE(n) (UINT32_C(1) << (n))

static struct net_queue {
	struct vring_desc descriptor[NET_ENTRIES];
	struct {
		uint16_t flags, idx, ring[NET_ENTRIES], used_event;
	} available __attribute__((aligned(4)));
	struct {
		uint16_t flags, idx;
		struct vring_used_elem ring[NET_ENTRIES];
		uint16_t available_event;
	} used __attribute__((aligned(4)));
} net_queue[2] __attribute__((aligned(4096)));

/* By descriptor: what that lends, or sends. */
static uint8_t net_memory[2][NET_ENTRIES][NET_ROOM]
	__attribute__((aligned(4096)));

static inline void net_place_both(void)
{
	for (uint32_t i = 0; i < 2; i++)
		virtio_place(i, NET_ENTRIES, at(net_queue[i].descriptor),
			     at(&net_queue[i].available), at(&net_queue[i].used));
}

static inline void net_open_with(uint32_t features)
{
	virtio_begin(features);
	bare_set(net_queue, 0, sizeof(net_queue));
	net_place_both();
	virtio_start();
}

static inline void net_open(void)
{
	net_open_with(0);
}

static inline void net_describe(uint32_t queue, unsigned i, uint64_t address,
				uint32_t bytes, uint16_t flags, uint16_t next)
{
	net_queue[queue].descriptor[i] =
		(struct vring_desc){ address, bytes, flags, next };
}

static inline void net_give(uint32_t queue, uint16_t head)
{
	struct net_queue *q = &net_queue[queue];
	uint16_t index = q->available.idx;

	q->available.ring[index % NET_ENTRIES] = head;
	__atomic_store_n(&q->available.idx, (uint16_t)(index + 1),
			 __ATOMIC_SEQ_CST);
	virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

static inline uint16_t net_used(uint32_t queue)
{
	return __atomic_load_n(&net_queue[queue].used.idx, __ATOMIC_SEQ_CST);
}

static inline void net_wait(uint32_t queue, uint16_t used)
{
	while (net_used(queue) != used)
		__asm__ volatile("pause");
}

static inline uint32_t net_used_bytes(uint32_t queue, uint16_t i)
{
	return net_queue[queue].used.ring[i % NET_ENTRIES].len;
}

/* Descriptor i, and its memory: a frame behind a header of zeroes. */
static inline void net_make(unsigned i, uint32_t len)
{
	uint8_t *memory = net_memory[NET_SENDER][i];

	bare_set(memory, 0, NET_HEADER);
	for (uint32_t k = 0; k < len; k++)
		memory[NET_HEADER + k] = (uint8_t)(k + i + len);
	net_describe(NET_SENDER, i, at(memory), NET_HEADER + len, 0, 0);
}

static inline void net_send(unsigned i, uint32_t len)
{
	net_make(i, len);
	net_give(NET_SENDER, (uint16_t)i);
}

static inline void net_lend(unsigned i, uint32_t bytes)
{
	bare_set(net_memory[NET_RECEIVER][i], 0xee, 64);
	net_describe(NET_RECEIVER, i, at(net_memory[NET_RECEIVER][i]), bytes,
		     VRING_DESC_F_WRITE, 0);
	net_give(NET_RECEIVER, (uint16_t)i);
}

/* Whether that is the frame of net_send(sent, len), behind its header. */
static inline bool net_is_frame(const uint8_t *memory, unsigned sent, uint32_t len)
{
	for (uint32_t k = 0; k < 10; k++)
		if (memory[k] != 0)
			return false;
	if (memory[10] != 1 || memory[11] != 0) /* num_buffers */
		return false;
	for (uint32_t k = 0; k < len; k++)
		if (memory[NET_HEADER + k] != (uint8_t)(k + sent + len))
			return false;
	return true;
}

/* It works, again: what earlier tests left on the wire comes first. */
static inline void net_must_work(void)
{
	const uint32_t len = 77;
	uint16_t received = 0;

	net_open();
	net_lend(0, NET_ROOM);
	net_send(3, len);
	net_wait(NET_SENDER, 1);
	for (;;) {
		net_wait(NET_RECEIVER, ++received);
		if (net_used_bytes(NET_RECEIVER, (uint16_t)(received - 1)) ==
			    NET_HEADER + len &&
		    net_is_frame(net_memory[NET_RECEIVER][0], 3, len))
			return;
		net_lend(0, NET_ROOM);
	}
}

#endif
