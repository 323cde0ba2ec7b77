/* SPDX-License-Identifier: MIT
 *
 * A native machine (fake-native.h) with a network and no disk, whose two queues and their
 * buffers have places in RAM.
 */
#ifndef TESTS_FAKE_VIRTIO_NET_H
#define TESTS_FAKE_VIRTIO_NET_H

#include <linux/virtio_net.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake-native.h"
#include "wire-io.h"

#define FAKE_NET_RECEIVE 0u
#define FAKE_NET_SEND 1u
#define FAKE_NET_HEADER 12u /* of virtio's */
/* Each queue has a page for each of its parts, and buffers by descriptor. */
#define FAKE_NET_QUEUE(q) (0x1000u + (q) * 0x4000u)
#define FAKE_NET_BUFFER_BYTES (128u << 10)
#define FAKE_NET_BUFFER(q, i) \
	(0x100000u + ((q) * FAKE_ENTRIES + (i)) * FAKE_NET_BUFFER_BYTES)

struct fake_virtio_net {
	struct fake_native machine;
	struct hv_virtio_net *net;
	int other_end; /* of the wire; -1: none */
};

static inline int fake_virtio_net_make_of(struct fake_virtio_net *f,
					  const struct hv_net_spec *spec)
{
	struct hv_error err = { .text = "" };

	f->net = NULL;
	f->other_end = -1;
	if (fake_native_make(&f->machine, NULL) < 0)
		return -1;
	return hv_virtio_net_add(&f->net, &f->machine.native, 0, spec, &err);
}

/* With a socket at the other end. */
static inline int fake_virtio_net_make(struct fake_virtio_net *f)
{
	struct hv_net_spec spec = { .kind = HV_WIRE_FD, .what = "3", .id = "net0" };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return -1;
	spec.fd = pair[0];
	if (fake_virtio_net_make_of(f, &spec) < 0)
		return -1;
	f->other_end = pair[1];
	return 0;
}

static inline void fake_virtio_net_free(struct fake_virtio_net *f)
{
	hv_virtio_net_free(f->net);
	fake_native_free(&f->machine);
	if (f->other_end >= 0)
		close(f->other_end);
}

static inline struct vring_desc *fake_net_descriptor(struct fake_virtio_net *f,
						     unsigned queue, unsigned i)
{
	return (struct vring_desc *)fake_ram(&f->machine,
					     FAKE_NET_QUEUE(queue)) + i;
}

static inline struct vring_avail *fake_net_available(struct fake_virtio_net *f,
						     unsigned queue)
{
	return fake_ram(&f->machine, FAKE_NET_QUEUE(queue) + 0x1000u);
}

static inline struct vring_used *fake_net_used(struct fake_virtio_net *f,
					       unsigned queue)
{
	return fake_ram(&f->machine, FAKE_NET_QUEUE(queue) + 0x2000u);
}

static inline uint8_t *fake_net_buffer(struct fake_virtio_net *f, unsigned queue,
				       unsigned i)
{
	return fake_ram(&f->machine, FAKE_NET_BUFFER(queue, i));
}

static inline void fake_net_place_queue(struct fake_virtio_net *f, unsigned queue)
{
	const uint32_t at = FAKE_NET_QUEUE(queue);

	memset(fake_ram(&f->machine, at), 0, 0x3000);
	fake_place(&f->machine, queue, at, at + 0x1000, at + 0x2000);
}

/* A driver's way to a network that works. */
static inline void fake_net_start(struct fake_virtio_net *f, uint32_t features)
{
	fake_begin(&f->machine, features);
	fake_net_place_queue(f, FAKE_NET_RECEIVE);
	fake_net_place_queue(f, FAKE_NET_SEND);
	fake_run(&f->machine);
}

/* Make the chain at descriptor i, which is its buffer, available. */
static inline void fake_net_give(struct fake_virtio_net *f, unsigned queue,
				 unsigned i, uint32_t bytes)
{
	*fake_net_descriptor(f, queue, i) = (struct vring_desc){
		FAKE_NET_BUFFER(queue, i), bytes,
		queue == FAKE_NET_RECEIVE ? VRING_DESC_F_WRITE : 0, 0,
	};
	fake_make_available(fake_net_available(f, queue), (uint16_t)i);
	fake_write(&f->machine, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

/* Until so many are done with, or more. */
static inline void fake_net_wait(struct fake_virtio_net *f, unsigned queue,
				 uint16_t used)
{
	while ((int16_t)(__atomic_load_n(&fake_net_used(f, queue)->idx,
					 __ATOMIC_SEQ_CST) - used) < 0)
		fake_nap();
}

#endif
