/* SPDX-License-Identifier: MIT
 *
 * A guest played by the host (fake-guest.h) with a network, whose wire is a pair of
 * sockets: the test has the other end.
 */
#ifndef TESTS_FAKE_NET_H
#define TESTS_FAKE_NET_H

#include <stdio.h>
#include <sys/socket.h>

#include "fake-guest.h"
#include "net.h"

#define FAKE_NET_ENTRIES 64u
#define FAKE_RECEIVE 0u
#define FAKE_SEND 1u

struct fake_net {
	struct fake_guest guest;
	struct fake_guest queue[2]; /* ring, entries and indices of each */
	int other_end;
};

static inline pv_gpa_t fake_net_ring(unsigned queue)
{
	return FAKE_RING + queue * 65536u;
}

static inline int64_t fake_net_open(struct fake_net *net, unsigned queue)
{
	struct fake_guest *q = &net->queue[queue];

	q->ring = fake_ram(&net->guest, fake_net_ring(queue));
	q->entries = FAKE_NET_ENTRIES;
	q->req_prod = q->rsp_cons = 0;
	q->queue = queue;
	memset(q->ring, 0, PV_RING_BYTES(FAKE_NET_ENTRIES));
	return hv_queue_open(&net->guest.vm.vcpu[0], 0, queue,
			     fake_net_ring(queue), FAKE_NET_ENTRIES,
			     FAKE_PORT + queue);
}

/* A guest with a network as given, or of this descriptor if that is one. 0 or what
 * failed. */
static inline int fake_net_make_of(struct fake_net *net,
				   const struct hv_net_spec *given, int fd,
				   int other_end, bool offload)
{
	struct hv_net_spec spec = *given;
	struct hv_error err = { .text = "" };
	static char number[16];

	memset(net, 0, sizeof(*net));
	net->other_end = other_end;
	if (fd >= 0) {
		snprintf(number, sizeof(number), "%d", fd);
		spec.kind = HV_WIRE_FD;
		spec.what = number;
		spec.fd = fd;
	}
	if (fake_vm_start(&net->guest) < 0 ||
	    hv_net_add(&net->guest.vm, &spec, offload, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

/* A guest with a network on one end of a pair of sockets of this type, its queues
 * open. 0 or what failed. */
static inline int fake_net_make(struct fake_net *net, int type)
{
	const struct hv_net_spec spec = { .id = "net0" };
	int ends[2];

	if (socketpair(AF_UNIX, type, 0, ends) < 0)
		return -1;
	return fake_net_make_of(net, &spec, ends[0], ends[1], false);
}

static inline void fake_net_free(struct fake_net *net)
{
	close(net->other_end);
	fake_guest_free(&net->guest);
}

static inline const struct pv_net_config *fake_net_config(struct fake_net *net)
{
	static struct pv_device device;

	hv_pv_device_describe(net->guest.vm.device[0], &device);
	return (const void *)device.config;
}

static inline struct pv_net_request fake_frame(uint8_t op, uint64_t token,
					       pv_gpa_t gpa, uint32_t len)
{
	struct pv_net_request request = {
		.op = op, .segments = 1, .token = token, .len_bytes = len,
	};

	request.seg[0].gpa = gpa;
	request.seg[0].len_bytes = len;
	return request;
}

static inline void fake_net_put(struct fake_net *net, unsigned queue,
				const struct pv_net_request *request)
{
	struct fake_guest *q = &net->queue[queue];
	uint32_t slot = q->req_prod++ & (q->entries - 1);

	memcpy((uint8_t *)q->ring + PV_RING_REQ_OFFSET(slot), request,
	       sizeof(*request));
}

static inline void fake_net_publish(struct fake_net *net, unsigned queue)
{
	fake_publish(&net->queue[queue], net->queue[queue].req_prod);
}

/* As fake_pop. */
static inline bool fake_net_pop(struct fake_net *net, unsigned queue,
				struct pv_ring_rsp *ret_rsp)
{
	return fake_pop(&net->queue[queue], ret_rsp);
}

#endif
