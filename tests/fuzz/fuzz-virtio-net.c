/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: a virtio network under a driver that follows no protocol, with a peer that
 * sends and takes as it likes. The input is a program of small steps, as in
 * fuzz-virtio.c. Nothing is expected but that the hypervisor stays alive, and that the
 * device works after a reset.
 */
#include <assert.h>
#include <sched.h>

#include "../unit/fake-virtio-net.h"
#include "steps.h"

static void peer_sends(struct fake_virtio_net *fake, uint32_t len)
{
	static const uint8_t frame[4096];

	send(fake->other_end, frame, len % sizeof(frame), MSG_DONTWAIT);
}

static void peer_receives(struct fake_virtio_net *fake)
{
	static uint8_t frame[4096];

	while (recv(fake->other_end, frame, sizeof(frame), MSG_DONTWAIT) >= 0)
		;
}

static void step(struct fake_virtio_net *fake, const struct step *s)
{
	struct fake_native *machine = &fake->machine;
	unsigned queue = s->what >> 7;
	uint8_t *area = fake_ram(machine, FAKE_NET_QUEUE(queue) +
					  (s->where >> 6) % 3 * 0x1000u);

	switch (s->what & 15) {
	case 0:
	case 1:
		area[(s->where & 63) * 4 % 256 + (s->more & 3)] = s->value;
		break;
	case 2:
		fake_write(machine, s->where * 4u % 512,
			   s->value | (uint32_t)s->more << 24);
		break;
	case 3:
		fake_read(machine, s->where * 2u);
		break;
	case 4:
		fake_net_available(fake, queue)->idx =
			(uint16_t)(fake_net_available(fake, queue)->idx + s->value);
		break;
	case 5:
		fake_net_start(fake, s->more & 1
				       ? 1u << VIRTIO_RING_F_EVENT_IDX : 0);
		break;
	case 6:
		sched_yield();
		break;
	case 7:
		fake_write(machine, VIRTIO_MMIO_QUEUE_SEL, queue);
		fake_write(machine, VIRTIO_MMIO_QUEUE_READY, s->value & 1);
		break;
	case 8:
		peer_receives(fake);
		break;
	case 9:
	case 10:
		peer_sends(fake, s->value * 16u + s->more);
		break;
	default:
		fake_net_give(fake, queue, s->value % FAKE_ENTRIES,
			      s->more * 16u);
	}
}

/* After a reset, as if nothing had been, but for frames that wait on the wire. */
static void must_work(struct fake_virtio_net *fake)
{
	fake_net_start(fake, 0);
	peer_receives(fake);
	memset(fake_net_buffer(fake, FAKE_NET_SEND, 0), 0, FAKE_NET_HEADER);
	fake_net_give(fake, FAKE_NET_SEND, 0, FAKE_NET_HEADER + 60);
	fake_net_give(fake, FAKE_NET_RECEIVE, 0, FAKE_NET_BUFFER_BYTES);
	peer_sends(fake, 60);
	while (!__atomic_load_n(&fake_net_used(fake, FAKE_NET_SEND)->idx,
				__ATOMIC_SEQ_CST) ||
	       !__atomic_load_n(&fake_net_used(fake, FAKE_NET_RECEIVE)->idx,
				__ATOMIC_SEQ_CST))
		sched_yield();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct fake_virtio_net fake;
	static bool made;

	if (!made)
		assert(fake_virtio_net_make(&fake) == 0);
	made = true;
	fake_net_start(&fake, 0);
	for (size_t i = 0; i < steps_in(bytes); i++) {
		const struct step s = step_at(data, i);

		step(&fake, &s);
	}
	must_work(&fake);
	return 0;
}
