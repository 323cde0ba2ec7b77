/* SPDX-License-Identifier: MIT
 *
 * The first disk without a driver's care: every register, index and descriptor is the
 * test's to ruin.
 */
#ifndef TESTS_NATIVE_DISK_H
#define TESTS_NATIVE_DISK_H

#include <linux/virtio_blk.h>

#include "virtio.h"

#define DISK_ENTRIES 16u
#define DISK_BYTES (1u << 20)

/* What a queue is made of, apart from each other. */
static struct vring_desc disk_descriptor[DISK_ENTRIES]
	__attribute__((aligned(16)));
static struct {
	uint16_t flags, idx, ring[DISK_ENTRIES], used_event;
} disk_available __attribute__((aligned(2)));
static struct {
	uint16_t flags, idx;
	struct vring_used_elem ring[DISK_ENTRIES];
	uint16_t available_event;
} disk_used __attribute__((aligned(4)));

static struct virtio_blk_outhdr disk_header[DISK_ENTRIES];
static uint8_t disk_status[DISK_ENTRIES];
static uint8_t disk_buffer[64 << 10] __attribute__((aligned(4096)));

static inline void disk_queue(uint32_t entries, uint64_t descriptors,
			      uint64_t available, uint64_t used)
{
	virtio_place(0, entries, descriptors, available, used);
	virtio_start();
}

static inline void disk_open(void)
{
	bare_set(&disk_available, 0, sizeof(disk_available));
	bare_set(&disk_used, 0, sizeof(disk_used));
	virtio_begin(0);
	disk_queue(DISK_ENTRIES, at(disk_descriptor), at(&disk_available),
		   at(&disk_used));
}

static inline void describe(unsigned i, uint64_t address, uint32_t bytes,
			    uint16_t flags, uint16_t next)
{
	disk_descriptor[i] = (struct vring_desc){ address, bytes, flags, next };
}

/* A good request, in descriptors 0 to 2 of the three from 3 * n on. */
static inline void disk_request(unsigned n, uint32_t type, uint64_t sector,
				void *data, uint32_t bytes)
{
	uint16_t first = (uint16_t)(3 * n);

	disk_header[n] = (struct virtio_blk_outhdr){ .type = type,
						     .sector = sector };
	disk_status[n] = 0xff;
	describe(first, at(&disk_header[n]), sizeof(disk_header[n]),
		 VRING_DESC_F_NEXT, (uint16_t)(first + 1));
	describe(first + 1u, at(data), bytes,
		 VRING_DESC_F_NEXT | (type == VIRTIO_BLK_T_OUT
					      ? 0 : VRING_DESC_F_WRITE),
		 (uint16_t)(first + 2));
	describe(first + 2u, at(&disk_status[n]), 1, VRING_DESC_F_WRITE, 0);
}

static inline void disk_give(uint16_t head)
{
	uint16_t index = disk_available.idx;

	disk_available.ring[index % DISK_ENTRIES] = head;
	__atomic_store_n(&disk_available.idx, (uint16_t)(index + 1),
			 __ATOMIC_SEQ_CST);
	virtio_set(VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

static inline void disk_wait(uint16_t used)
{
	while (__atomic_load_n(&disk_used.idx, __ATOMIC_SEQ_CST) != used)
		__asm__ volatile("pause");
}

/* It works, again. */
static inline void disk_must_read(void)
{
	disk_open();
	disk_request(0, VIRTIO_BLK_T_IN, 1, disk_buffer, 512);
	disk_give(0);
	disk_wait(1);
	EXPECT(disk_status[0] == VIRTIO_BLK_S_OK);
	EXPECT(disk_used.ring[0].id == 0 && disk_used.ring[0].len == 513);
}

#endif
