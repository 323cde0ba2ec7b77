/* SPDX-License-Identifier: MIT
 *
 * A queue of the first disk without a driver's care: every index and slot is
 * the test's to ruin.
 */
#ifndef TESTS_HOSTILE_RING_H
#define TESTS_HOSTILE_RING_H

#include "raw.h"

#define RING_ENTRIES 16
#define RING_PORT 17

static uint8_t ring_memory[PV_RING_BYTES(256)]
	__attribute__((aligned(PV_PAGE_BYTES)));
static uint8_t ring_buffer[64 << 10] __attribute__((aligned(PV_PAGE_BYTES)));
static int64_t ring_doorbell;

static inline volatile struct pv_ring *ring_indices(void)
{
	return (volatile struct pv_ring *)(void *)ring_memory;
}

static inline volatile struct pv_blk_request *ring_slot(uint32_t index)
{
	return (volatile struct pv_blk_request *)(void *)
		(ring_memory + PV_RING_REQ_OFFSET(index % RING_ENTRIES));
}

static inline volatile struct pv_ring_rsp *ring_answer(uint32_t index)
{
	return (volatile struct pv_ring_rsp *)(void *)
		(ring_memory +
		 PV_RING_RSP_OFFSET(RING_ENTRIES, index % RING_ENTRIES));
}

static inline const struct pv_blk_config *ring_disk(void)
{
	const struct pv_device *device = (void *)pvg_boot.devices_addr;

	return (const struct pv_blk_config *)(const void *)device[0].config;
}

/* Open queue 0 of disk 0. Doorbells are rung always, so no event is asked for
 * before it is needed. */
static inline int64_t ring_open(void)
{
	memset(ring_memory, 0, sizeof(ring_memory));
	ring_doorbell = pvg_op_queue_open(0, 0, pvg_gpa(ring_memory),
					  RING_ENTRIES, RING_PORT);
	return ring_doorbell;
}

/* A good read of 4096 bytes at 0. */
static inline struct pv_blk_request ring_good_read(uint64_t token)
{
	struct pv_blk_request request = {
		.op = PV_BLK_READ, .segments = 1, .token = token,
		.len_bytes = 4096,
	};

	request.seg[0].gpa = pvg_gpa(ring_buffer);
	request.seg[0].len_bytes = 4096;
	return request;
}

static inline void ring_put(uint32_t index, const struct pv_blk_request *request)
{
	*ring_slot(index) = *request;
}

static inline void ring_publish(uint32_t req_prod)
{
	__atomic_store_n(&ring_indices()->req_prod, req_prod, __ATOMIC_RELEASE);
	pvg_op_doorbell((uint64_t)ring_doorbell);
}

static inline void ring_push(const struct pv_blk_request *request)
{
	uint32_t prod = ring_indices()->req_prod;

	ring_put(prod, request);
	ring_publish(prod + 1);
}

/* Wait until rsp_prod has reached this, at most 10 seconds. */
static inline bool ring_wait(uint32_t rsp_prod)
{
	uint64_t deadline = pvg_clock_ns() + UINT64_C(10000000000);

	while ((int32_t)(__atomic_load_n(&ring_indices()->rsp_prod,
					 __ATOMIC_ACQUIRE) - rsp_prod) < 0)
		if (pvg_clock_ns() > deadline)
			return false;
	return true;
}

/* In place of a status where no answer came. */
#define RING_NO_ANSWER (-1000)

/* Push, wait, take: the status. */
static inline int32_t ring_status_of(const struct pv_blk_request *request)
{
	uint32_t cons = ring_indices()->rsp_cons;

	ring_push(request);
	if (!ring_wait(cons + 1))
		return RING_NO_ANSWER;
	ring_indices()->rsp_cons = cons + 1;
	return ring_answer(cons)->status;
}

#endif
