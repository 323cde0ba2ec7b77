/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: a virtio disk under a driver that follows no protocol. The input is a
 * program of small steps: write registers, write anywhere into the queue, make requests
 * available, reset. Nothing is expected but that the hypervisor stays alive, and that
 * the device works after a reset.
 */
#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/fake-native.h"
#include "steps.h"

static char disk_path[] = "/tmp/paravane-fuzz-virtio.XXXXXX";

static void make(struct fake_native *fake)
{
	const struct hv_disk_spec spec = { .path = disk_path, .id = "disk" };
	int fd = mkstemp(disk_path);

	assert(fd >= 0 && ftruncate(fd, 100000) == 0);
	close(fd);
	assert(fake_native_make(fake, &spec) == 0);
	unlink(disk_path);
}

static void step(struct fake_native *fake, const struct step *s)
{
	static const uint16_t areas[] = { FAKE_DESCRIPTORS, FAKE_AVAILABLE,
					  FAKE_USED, FAKE_HEADER };
	uint8_t *area = fake_ram(fake, areas[s->where >> 6]);

	switch (s->what & 15) {
	case 0:
	case 1:
	case 2:
		area[(s->where & 63) * 4 % 256 + (s->more & 3)] = s->value;
		break;
	case 3:
		fake_write(fake, s->where * 4u % 512, s->value | (uint32_t)s->more << 24);
		break;
	case 4:
		fake_read(fake, s->where * 2u);
		break;
	case 5:
		fake_available(fake)->idx = (uint16_t)(fake_available(fake)->idx + s->value);
		break;
	case 6:
		fake_start(fake, s->more & 1 ? 1u << VIRTIO_RING_F_EVENT_IDX : 0);
		break;
	case 7:
		sched_yield();
		break;
	case 8:
		fake_write(fake, VIRTIO_MMIO_STATUS, s->value & 15);
		break;
	case 9:
		fake_write(fake, VIRTIO_MMIO_QUEUE_READY, s->value & 1);
		break;
	default:
		fake_request(fake, s->value & 15, s->where, s->more * 64u);
		fake_give(fake, s->value >> 6);
		fake_write(fake, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	}
}

/* After a reset, as if nothing had been. */
static void must_work(struct fake_native *fake)
{
	fake_start(fake, 0);
	fake_request(fake, VIRTIO_BLK_T_IN, 0, 512);
	fake_give(fake, 0);
	fake_write(fake, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	while (!__atomic_load_n(&fake_used(fake)->idx, __ATOMIC_SEQ_CST))
		sched_yield();
	assert(*(uint8_t *)fake_ram(fake, FAKE_STATUS) == VIRTIO_BLK_S_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct fake_native fake;
	static bool made;

	if (!made)
		make(&fake);
	made = true;
	fake_start(&fake, 0);
	for (size_t i = 0; i < steps_in(bytes); i++) {
		const struct step s = step_at(data, i);

		step(&fake, &s);
	}
	must_work(&fake);
	return 0;
}
