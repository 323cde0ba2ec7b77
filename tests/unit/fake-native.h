/* SPDX-License-Identifier: MIT
 *
 * A native machine without KVM: RAM, a bus and its devices, whose registers a test
 * works by hand. Interrupts go nowhere.
 */
#ifndef TESTS_FAKE_NATIVE_H
#define TESTS_FAKE_NATIVE_H

#include <linux/virtio_blk.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <time.h>

#include "console.h"
#include "loop.h"
#include "native/native.h"
#include "vm.h"

#define FAKE_RAM_BYTES (UINT64_C(4) << 20)
/* Where in RAM the tests' queues and buffers lie. */
#define FAKE_DESCRIPTORS 0x1000u
#define FAKE_AVAILABLE 0x2000u
#define FAKE_USED 0x3000u
#define FAKE_HEADER 0x4000u
#define FAKE_STATUS 0x5000u
#define FAKE_BUFFER 0x10000u
#define FAKE_ENTRIES 8u

struct fake_native {
	struct hv_vm vm;
	struct hv_native native;
	struct hv_virtio_block *block;
};

/* 0 or what failed; disk_path NULL: no disk. */
static inline int fake_native_make(struct fake_native *f,
				   const struct hv_disk_spec *disk)
{
	struct hv_error err = { .text = "" };

	memset(f, 0, sizeof(*f));
	hv_vm_init(&f->vm, 1);
	f->vm.native = &f->native;
	f->vm.poll_ns = 20000;
	f->native.vm = &f->vm;
	f->native.kvm = f->native.dev = -1;
	f->native.ram_bytes = FAKE_RAM_BYTES;
	f->vm.console = hv_console_create(&f->vm);
	f->native.serial = hv_serial_create(&f->native);
	if (hv_memory_create(&f->vm.memory, FAKE_RAM_BYTES) < 0)
		return -1;
	return disk ? hv_virtio_block_add(&f->block, &f->native, 0, disk, &err)
		    : 0;
}

static inline void fake_native_free(struct fake_native *f)
{
	hv_virtio_block_free(f->block);
	hv_loop_stop(f->vm.loop);
	hv_serial_free(f->native.serial);
	hv_console_free(f->vm.console);
	hv_memory_done(&f->vm.memory);
}

static inline void *fake_ram(struct fake_native *f, pv_gpa_t gpa)
{
	return f->vm.memory.base + gpa;
}

static inline void fake_write(struct fake_native *f, uint64_t offset,
			      uint32_t value)
{
	hv_bus_access(&f->native.bus, &f->vm.vcpu[0], false,
		      HV_NATIVE_VIRTIO + offset, &value, sizeof(value), true);
}

static inline uint32_t fake_read(struct fake_native *f, uint64_t offset)
{
	uint32_t value = 0;

	hv_bus_access(&f->native.bus, &f->vm.vcpu[0], false,
		      HV_NATIVE_VIRTIO + offset, &value, sizeof(value), false);
	return value;
}

static inline void fake_out(struct fake_native *f, uint16_t port, uint8_t value)
{
	hv_bus_access(&f->native.bus, &f->vm.vcpu[0], true, port, &value, 1, true);
}

static inline uint8_t fake_in(struct fake_native *f, uint16_t port)
{
	uint8_t value = 0;

	hv_bus_access(&f->native.bus, &f->vm.vcpu[0], true, port, &value, 1,
		      false);
	return value;
}

static inline void fake_nap(void)
{
	const struct timespec nap = { .tv_nsec = 50000 };

	nanosleep(&nap, NULL);
}

static inline struct vring_desc *fake_descriptor(struct fake_native *f, unsigned i)
{
	return (struct vring_desc *)fake_ram(f, FAKE_DESCRIPTORS) + i;
}

static inline void fake_describe(struct fake_native *f, unsigned i, pv_gpa_t gpa,
				 uint32_t bytes, uint16_t flags, uint16_t next)
{
	*fake_descriptor(f, i) = (struct vring_desc){ gpa, bytes, flags, next };
}

static inline struct vring_avail *fake_available(struct fake_native *f)
{
	return fake_ram(f, FAKE_AVAILABLE);
}

static inline struct vring_used *fake_used(struct fake_native *f)
{
	return fake_ram(f, FAKE_USED);
}

static inline void fake_make_available(struct vring_avail *available, uint16_t head)
{
	available->ring[available->idx % FAKE_ENTRIES] = head;
	__atomic_store_n(&available->idx, (uint16_t)(available->idx + 1),
			 __ATOMIC_SEQ_CST);
}

static inline void fake_give(struct fake_native *f, uint16_t head)
{
	fake_make_available(fake_available(f), head);
}

/* A driver's steps to a device that works: up to FEATURES_OK, its queues, DRIVER_OK. */
static inline void fake_begin(struct fake_native *f, uint32_t features)
{
	fake_write(f, VIRTIO_MMIO_STATUS, 0);
	fake_write(f, VIRTIO_MMIO_STATUS, 3);
	fake_write(f, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	fake_write(f, VIRTIO_MMIO_DRIVER_FEATURES, features);
	fake_write(f, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	fake_write(f, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	fake_write(f, VIRTIO_MMIO_STATUS, 11);
}

static inline void fake_place(struct fake_native *f, unsigned queue,
			      uint32_t descriptors, uint32_t available, uint32_t used)
{
	fake_write(f, VIRTIO_MMIO_QUEUE_SEL, queue);
	fake_write(f, VIRTIO_MMIO_QUEUE_NUM, FAKE_ENTRIES);
	fake_write(f, VIRTIO_MMIO_QUEUE_DESC_LOW, descriptors);
	fake_write(f, VIRTIO_MMIO_QUEUE_AVAIL_LOW, available);
	fake_write(f, VIRTIO_MMIO_QUEUE_USED_LOW, used);
	fake_write(f, VIRTIO_MMIO_QUEUE_READY, 1);
}

static inline void fake_run(struct fake_native *f)
{
	fake_write(f, VIRTIO_MMIO_STATUS, 15);
}

/* A disk that works. */
static inline void fake_start(struct fake_native *f, uint32_t features)
{
	fake_begin(f, features);
	/* What was under way could be answered until the reset was over. */
	memset(fake_ram(f, FAKE_DESCRIPTORS), 0, FAKE_HEADER - FAKE_DESCRIPTORS);
	fake_place(f, 0, FAKE_DESCRIPTORS, FAKE_AVAILABLE, FAKE_USED);
	fake_run(f);
}

/* A request in descriptors 0 to 2. */
static inline void fake_request(struct fake_native *f, uint32_t type,
				uint64_t sector, uint32_t bytes)
{
	uint16_t writable = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID
				    ? VRING_DESC_F_WRITE : 0;

	*(struct virtio_blk_outhdr *)fake_ram(f, FAKE_HEADER) =
		(struct virtio_blk_outhdr){ .type = type, .sector = sector };
	*(uint8_t *)fake_ram(f, FAKE_STATUS) = 0xff;
	fake_describe(f, 0, FAKE_HEADER, 16, VRING_DESC_F_NEXT, 1);
	fake_describe(f, 1, FAKE_BUFFER, bytes,
		      (uint16_t)(VRING_DESC_F_NEXT | writable), 2);
	fake_describe(f, 2, FAKE_STATUS, 1, VRING_DESC_F_WRITE, 0);
}

#endif
