/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: a whole block queue under a guest that follows no protocol. The
 * input is a program of small steps: write anywhere into the ring, publish,
 * ring, take answers, close and open again. Nothing is expected but that the
 * hypervisor stays alive and the queue closes.
 */
#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/fake-guest.h"
#include "steps.h"

#define ENTRIES 8u

static const char *disk_path(void)
{
	static char path[] = "/tmp/paravane-fuzz-disk.XXXXXX";
	static bool made;
	int fd;

	if (made)
		return path;
	fd = mkstemp(path);
	assert(fd >= 0 && ftruncate(fd, 100000) == 0);
	close(fd);
	made = true;
	return path;
}

static void remove_disk(void)
{
	unlink(disk_path());
}

/* A request that is right but for what the step adds. */
static void put_request(struct fake_guest *guest, const struct step *s)
{
	struct pv_blk_request r = fake_read(s->more, (s->where & 127u) * 512u,
					    FAKE_BUFFER, (s->value & 15u) * 512u);

	r.op = s->what >> 4;
	if (s->where & 128)
		r.segments = s->value;
	fake_put(guest, &r);
}

static void step(struct fake_guest *guest, const struct step *s)
{
	uint8_t *ring = fake_ram(guest, FAKE_RING);
	uint32_t at = (s->where << 8 | s->value) % (uint32_t)PV_RING_BYTES(ENTRIES);

	switch (s->what & 15) {
	case 0:
		ring[at] = s->more;
		break;
	case 1:
		guest->ring->req_prod += s->value;
		fake_ring_doorbell(guest);
		break;
	case 2:
		guest->ring->rsp_cons += s->value % 16u;
		break;
	case 3:
		guest->ring->rsp_event = guest->ring->rsp_prod + s->value;
		break;
	case 4:
		hv_queue_close(&guest->vm, 0, 0);
		fake_queue_open(guest, ENTRIES);
		break;
	case 5:
		guest->rsp_cons = guest->ring->rsp_prod;
		guest->ring->rsp_cons = guest->rsp_cons;
		break;
	case 6:
		sched_yield();
		break;
	default:
		put_request(guest, s);
		fake_publish(guest, guest->req_prod);
		fake_ring_doorbell(guest);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct fake_guest guest;
	static bool made;

	if (!made) {
		atexit(remove_disk);
		assert(fake_guest_make(&guest, disk_path()) == 0);
		made = true;
	}
	/* As a new VM, without what making one costs. */
	atomic_store(&guest.vm.ending, HV_END_NOT);
	atomic_store(&guest.vm.end_claimed, false);
	if (fake_queue_open(&guest, ENTRIES) < 0)
		abort();
	for (size_t i = 0; i < steps_in(bytes); i++) {
		const struct step s = step_at(data, i);

		step(&guest, &s);
	}
	hv_queue_close(&guest.vm, 0, 0);
	return 0;
}
