/* SPDX-License-Identifier: MIT
 *
 * The registers of the machine's first device, and a driver's steps with them.
 */
#ifndef TESTS_NATIVE_VIRTIO_H
#define TESTS_NATIVE_VIRTIO_H

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "bare.h"

#define VIRTIO 0xfeb00000u

static inline uint64_t at(const volatile void *pointer)
{
	return (uintptr_t)pointer;
}

static inline void virtio_set(uint32_t reg, uint32_t value)
{
	write32(VIRTIO + reg, value);
}

static inline uint32_t virtio_get(uint32_t reg)
{
	return read32(VIRTIO + reg);
}

static inline void virtio_set64(uint32_t low, uint64_t value)
{
	virtio_set(low, (uint32_t)value);
	virtio_set(low + 4, (uint32_t)(value >> 32));
}

/* Up to FEATURES_OK, with nothing but VERSION_1 and these. */
static inline void virtio_begin(uint32_t features)
{
	virtio_set(VIRTIO_MMIO_STATUS, 0);
	virtio_set(VIRTIO_MMIO_STATUS, 1 | 2);
	virtio_set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	virtio_set(VIRTIO_MMIO_DRIVER_FEATURES, features);
	virtio_set(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	virtio_set(VIRTIO_MMIO_DRIVER_FEATURES, 1);
	virtio_set(VIRTIO_MMIO_STATUS, 1 | 2 | 8);
}

static inline void virtio_place(uint32_t queue, uint32_t entries,
				uint64_t descriptors, uint64_t available,
				uint64_t used)
{
	virtio_set(VIRTIO_MMIO_QUEUE_SEL, queue);
	virtio_set(VIRTIO_MMIO_QUEUE_NUM, entries);
	virtio_set64(VIRTIO_MMIO_QUEUE_DESC_LOW, descriptors);
	virtio_set64(VIRTIO_MMIO_QUEUE_AVAIL_LOW, available);
	virtio_set64(VIRTIO_MMIO_QUEUE_USED_LOW, used);
	virtio_set(VIRTIO_MMIO_QUEUE_READY, 1);
}

static inline void virtio_start(void)
{
	virtio_set(VIRTIO_MMIO_STATUS, 1 | 2 | 8 | 4);
}

static inline bool virtio_broken(void)
{
	return virtio_get(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

static inline void virtio_wait_broken(void)
{
	while (!virtio_broken())
		__asm__ volatile("pause");
}

#endif
