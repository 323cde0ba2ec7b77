/* SPDX-License-Identifier: MIT
 *
 * The queues of the first network without a driver's care: every index and slot is the
 * test's to ruin. Its wire ends where it begins: what is sent comes back.
 */
#ifndef TESTS_HOSTILE_NET_H
#define TESTS_HOSTILE_NET_H

#include <pvguest/note.h>

#include "raw.h"

PVG_NOTE(PV_FEATURE_NET, PVG_FEATURES_DEFAULT, 0, 0);

#define NET_ENTRIES 32u
#define NET_PORT 20
#define NET_INFO ((uint32_t)sizeof(struct pv_net_frame))
#define NET_ROOM 4096u /* of a buffer */

enum { NET_RECEIVER, NET_SENDER };

struct net_ring {
	uint8_t memory[PV_RING_BYTES(NET_ENTRIES)]
		__attribute__((aligned(PV_PAGE_BYTES)));
};

static struct net_ring net_rings[2];
static uint8_t net_buffer[64][NET_ROOM] __attribute__((aligned(PV_PAGE_BYTES)));
static int64_t net_doorbells[2];

static inline const struct pv_device *net_device(void)
{
	const struct pv_device *device = (void *)pvg_boot.devices_addr;

	while (device->type != PV_DEVICE_NET)
		device++;
	return device;
}

static inline const struct pv_net_config *net_config(void)
{
	return (const void *)net_device()->config;
}

static inline volatile struct pv_ring *net_indices(unsigned queue)
{
	return (volatile struct pv_ring *)(void *)net_rings[queue].memory;
}

static inline volatile struct pv_ring_rsp *net_answer(unsigned queue,
						      uint32_t index)
{
	return (volatile struct pv_ring_rsp *)(void *)
		(net_rings[queue].memory +
		 PV_RING_RSP_OFFSET(NET_ENTRIES, index % NET_ENTRIES));
}

static inline int64_t net_open(unsigned queue)
{
	memset(&net_rings[queue], 0, sizeof(net_rings[queue]));
	net_doorbells[queue] = pvg_op_queue_open(net_device()->number, queue,
						 pvg_gpa(&net_rings[queue]),
						 NET_ENTRIES, NET_PORT + queue);
	return net_doorbells[queue];
}

static inline int64_t net_close(unsigned queue)
{
	return pvg_op_queue_close(net_device()->number, queue);
}

/* A good one of either kind, in a buffer of its own. */
static inline struct pv_net_request net_good(unsigned queue, uint32_t buffer,
					     uint32_t len)
{
	struct pv_net_request request = {
		.op = queue == NET_SENDER ? PV_NET_SEND : PV_NET_RECEIVE,
		.segments = 1, .token = buffer, .len_bytes = len,
	};

	request.seg[0].gpa = pvg_gpa(net_buffer[buffer]);
	request.seg[0].len_bytes = len;
	return request;
}

static inline void net_put_slot(unsigned queue, uint32_t index,
				const struct pv_net_request *request)
{
	*(volatile struct pv_net_request *)(void *)
		(net_rings[queue].memory +
		 PV_RING_REQ_OFFSET(index % NET_ENTRIES)) = *request;
}

static inline void net_publish(unsigned queue, uint32_t req_prod)
{
	__atomic_store_n(&net_indices(queue)->req_prod, req_prod,
			 __ATOMIC_RELEASE);
	pvg_op_doorbell((uint64_t)net_doorbells[queue]);
}

static inline void net_push(unsigned queue, const struct pv_net_request *request)
{
	uint32_t prod = net_indices(queue)->req_prod;

	net_put_slot(queue, prod, request);
	net_publish(queue, prod + 1);
}

/* Wait until rsp_prod has reached this, at most so long. */
static inline bool net_wait_ns(unsigned queue, uint32_t rsp_prod, uint64_t ns)
{
	uint64_t deadline = pvg_clock_ns() + ns;

	while ((int32_t)(__atomic_load_n(&net_indices(queue)->rsp_prod,
					 __ATOMIC_ACQUIRE) - rsp_prod) < 0)
		if (pvg_clock_ns() > deadline)
			return false;
	return true;
}

static inline bool net_wait(unsigned queue, uint32_t rsp_prod)
{
	return net_wait_ns(queue, rsp_prod, UINT64_C(10000000000));
}

/* In place of a status where no answer came. */
#define NET_NO_ANSWER (-1000)

/* Push, wait, take: the status. */
static inline int32_t net_status_of(unsigned queue,
				    const struct pv_net_request *request)
{
	uint32_t cons = net_indices(queue)->rsp_cons;

	net_push(queue, request);
	if (!net_wait(queue, cons + 1))
		return NET_NO_ANSWER;
	net_indices(queue)->rsp_cons = cons + 1;
	return net_answer(queue, cons)->status;
}

#endif
