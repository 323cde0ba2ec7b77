/* SPDX-License-Identifier: MIT
 *
 * A guest played by the host: a VM without a vCPU, whose RAM, ring and doorbell
 * a test works by hand. What the hypervisor does with a queue can so be seen
 * under sanitizers and with the host's tools.
 */
#ifndef TESTS_FAKE_GUEST_H
#define TESTS_FAKE_GUEST_H

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "block.h"
#include "engine.h"
#include "loop.h"
#include "vm.h"

#define FAKE_RAM_BYTES (UINT64_C(16) << 20)
#define FAKE_RING 4096u   /* where its ring lies in RAM */
#define FAKE_BUFFER (1u << 20)
#define FAKE_PORT 20u

struct fake_guest {
	struct hv_vm vm;
	struct pv_ring *ring;
	uint32_t entries, req_prod, rsp_cons;
	unsigned queue; /* whose ring it is */
};

/* One VM at a time. */
static struct pv_vcpu fake_vcpu;
static int fake_doorbell_fd[HV_QUEUES_MAX]; /* of device 0 */

static int fake_set_doorbell(struct hv_engine *engine, uint32_t number,
			     int eventfd, bool on)
{
	(void)engine;
	fake_doorbell_fd[number % HV_QUEUES_MAX] = on ? eventfd : -1;
	return 0;
}

static const struct hv_engine_ops fake_engine_ops = {
	.name = "fake",
	.set_doorbell = fake_set_doorbell,
};
static struct hv_engine fake_engine = { .ops = &fake_engine_ops };

/* A VM without devices. 0 or what failed. */
static inline int fake_vm_start(struct fake_guest *ret_guest)
{
	memset(ret_guest, 0, sizeof(*ret_guest));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	ret_guest->vm.engine = &fake_engine;
	hv_vm_init(&ret_guest->vm, 1);
	ret_guest->vm.vcpu[0].page = &fake_vcpu;
	ret_guest->vm.poll_ns = 20000;
	ret_guest->vm.features = PV_FEATURE_BLOCK | PV_FEATURE_NET;
	return hv_memory_create(&ret_guest->vm.memory, FAKE_RAM_BYTES);
}

/* A guest with this disk. 0 or what failed. */
static inline int fake_guest_make(struct fake_guest *ret_guest,
				  const char *disk_path)
{
	const struct hv_disk_spec spec = { .path = disk_path, .id = "disk" };
	struct hv_error err = { .text = "" };

	if (fake_vm_start(ret_guest) < 0)
		return -1;
	return hv_block_add(&ret_guest->vm, &spec, &err);
}

static inline void fake_guest_free(struct fake_guest *guest)
{
	hv_pv_device_free(guest->vm.device[0]);
	hv_loop_stop(guest->vm.loop);
	hv_memory_done(&guest->vm.memory);
}

static inline void *fake_ram(struct fake_guest *guest, pv_gpa_t gpa)
{
	return guest->vm.memory.base + gpa;
}

static inline int64_t fake_queue_open(struct fake_guest *guest, uint32_t entries)
{
	guest->ring = fake_ram(guest, FAKE_RING);
	guest->entries = entries;
	guest->req_prod = guest->rsp_cons = 0;
	memset(guest->ring, 0, PV_RING_BYTES(entries));
	return hv_queue_open(&guest->vm.vcpu[0], 0, 0, FAKE_RING, entries,
				   FAKE_PORT);
}

static inline struct pv_blk_request fake_read(uint64_t token, uint64_t offset,
					      pv_gpa_t gpa, uint32_t len)
{
	struct pv_blk_request request = {
		.op = PV_BLK_READ, .segments = 1, .token = token,
		.offset_bytes = offset, .len_bytes = len,
	};

	request.seg[0].gpa = gpa;
	request.seg[0].len_bytes = len;
	return request;
}

static inline void fake_put(struct fake_guest *guest,
			    const struct pv_blk_request *request)
{
	uint32_t slot = guest->req_prod++ & (guest->entries - 1);

	memcpy((uint8_t *)guest->ring + PV_RING_REQ_OFFSET(slot), request,
	       sizeof(*request));
}

static inline void fake_ring_doorbell(const struct fake_guest *guest)
{
	uint64_t one = 1;

	while (write(fake_doorbell_fd[guest->queue], &one, sizeof(one)) < 0 &&
	       errno == EINTR)
		;
}

static inline void fake_publish(struct fake_guest *guest, uint32_t req_prod)
{
	uint32_t old = __atomic_exchange_n(&guest->ring->req_prod, req_prod,
					   __ATOMIC_SEQ_CST);
	uint32_t event = __atomic_load_n(&guest->ring->req_event,
					 __ATOMIC_SEQ_CST);

	if (pv_ring_must_notify(event, old, req_prod))
		fake_ring_doorbell(guest);
}

static inline void fake_nap(void)
{
	const struct timespec nap = { .tv_nsec = 50000 };

	nanosleep(&nap, NULL);
}

/* The next response, waiting for it up to 5 seconds; false if none came. */
static inline bool fake_pop(struct fake_guest *guest, struct pv_ring_rsp *ret_rsp)
{
	uint32_t slot = guest->rsp_cons & (guest->entries - 1);

	for (int naps = 0;; naps++) {
		if (__atomic_load_n(&guest->ring->rsp_prod, __ATOMIC_ACQUIRE) !=
		    guest->rsp_cons)
			break;
		if (naps == 100000 || atomic_load(&guest->vm.ending))
			return false;
		fake_nap();
	}
	memcpy(ret_rsp,
	       (uint8_t *)guest->ring + PV_RING_RSP_OFFSET(guest->entries, slot),
	       sizeof(*ret_rsp));
	__atomic_store_n(&guest->ring->rsp_cons, ++guest->rsp_cons,
			 __ATOMIC_RELEASE);
	return true;
}

#endif
