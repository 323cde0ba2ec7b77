/* SPDX-License-Identifier: MIT
 *
 * What tests of a network's queues do again and again, with the guest of fake-net.h:
 * lend, send, and take answers. The test says before, in BUFFER_BYTES, how long the
 * guest's buffers are.
 */
#ifndef TESTS_NET_STEPS_H
#define TESTS_NET_STEPS_H

#include <criterion/criterion.h>

#include "fake-net.h"
#include "../pattern.h"

#define FRAME_INFO ((uint32_t)sizeof(struct pv_net_frame))

static struct fake_net net;

static inline void open_queues(void)
{
	cr_assert_eq(fake_net_open(&net, FAKE_RECEIVE), 0);
	cr_assert_eq(fake_net_open(&net, FAKE_SEND), 1);
}

static inline void teardown(void)
{
	fake_net_free(&net);
}

static inline struct hv_net_stats stats(void)
{
	struct hv_net_stats s;

	hv_net_stats(net.guest.vm.device[0], &s);
	return s;
}

static inline pv_gpa_t buffer_of(uint64_t number)
{
	return FAKE_BUFFER + number * BUFFER_BYTES;
}

static inline void put(unsigned queue, const struct pv_net_request *request)
{
	fake_net_put(&net, queue, request);
	fake_net_publish(&net, queue);
}

static inline void lend(uint64_t number)
{
	const struct pv_net_request request = fake_frame(
		PV_NET_RECEIVE, number, buffer_of(number), BUFFER_BYTES);

	put(FAKE_RECEIVE, &request);
}

static inline struct pv_ring_rsp pop(unsigned queue)
{
	struct pv_ring_rsp rsp = { .status = 1000 };

	cr_assert(fake_net_pop(&net, queue, &rsp), "no answer came");
	return rsp;
}

/* ---- frames of a pattern that depends on their seed */

static inline void fill(uint8_t *frame, uint32_t seed, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		frame[i] = pattern_byte(seed * 10007u + i);
}

static inline bool is_frame(const uint8_t *frame, uint32_t seed, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (frame[i] != pattern_byte(seed * 10007u + i))
			return false;
	return true;
}

/* The number of the buffer that it came in. */
static inline uint32_t expect_frame(uint32_t seed, uint32_t len)
{
	static const struct pv_net_frame zero;
	struct pv_ring_rsp rsp = pop(FAKE_RECEIVE);
	const uint8_t *at = fake_ram(&net.guest, buffer_of(rsp.token));

	cr_assert_eq(rsp.status, 0);
	cr_assert_eq(rsp.done_bytes, len + FRAME_INFO);
	cr_assert(!memcmp(at, &zero, sizeof(zero)));
	cr_assert(is_frame(at + FRAME_INFO, seed, len));
	return (uint32_t)rsp.token;
}

static inline void push_frame(uint32_t seed, uint32_t len)
{
	const struct pv_net_request request =
		fake_frame(PV_NET_SEND, seed, buffer_of(seed % 64), len);

	fill(fake_ram(&net.guest, buffer_of(seed % 64)), seed, len);
	put(FAKE_SEND, &request);
}

#endif
