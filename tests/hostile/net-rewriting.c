/* SPDX-License-Identifier: MIT
 *
 * What if a request to a network, its list of segments or its buffer changes while it is
 * served? Each answer must fit one version, and no byte outside the buffers may change.
 *
 * Clauses: R3, W14.
 */
#include "../guest/tap.h"
#include "net.h"

#define ROUNDS 2000
#define MARK 0xa5

static struct pv_segment list[PV_NET_SEGMENTS_MAX] __attribute__((aligned(16)));
static uint8_t beyond[64 << 10] __attribute__((aligned(PV_PAGE_BYTES)));

static bool answer_fits(unsigned queue, const volatile struct pv_ring_rsp *answer)
{
	if (answer->token != 1 && answer->token != 2)
		return false;
	switch (answer->status) {
	case 0:
		return queue == NET_SENDER
			       ? answer->done_bytes == 60 ||
					 answer->done_bytes == 1400
			       : answer->done_bytes <= NET_ROOM;
	case -PV_EINVAL:
	case -PV_EFAULT:
	case -PV_E2BIG:
	case -PV_EOPNOTSUPP:
		return answer->done_bytes == 0;
	default:
		return false;
	}
}

/* Differs from the good one in what would hurt if it were looked at twice. */
static struct pv_net_request bad_version(unsigned queue)
{
	struct pv_net_request r = net_good(queue, 2, 1400);

	r.seg[0].gpa = pvg_boot.ram_bytes - 64;
	r.segments = UINT16_MAX;
	r.frame.segmentation = 77;
	return r;
}

/* Something to receive, whatever becomes of the buffers. */
static void send_one(void)
{
	const struct pv_net_request frame = net_good(NET_SENDER, 3, 60);

	net_status_of(NET_SENDER, &frame);
}

/* Room for the next frame: the sockets hold only so many. */
static void take_one(const volatile struct pv_ring_rsp *answer)
{
	const struct pv_net_request lent = net_good(NET_RECEIVER, 3, NET_ROOM);

	if (!answer->status)
		net_status_of(NET_RECEIVER, &lent);
}

static unsigned rewrite_slots(unsigned queue)
{
	const struct pv_net_request good =
		net_good(queue, 1, queue == NET_SENDER ? 60 : NET_ROOM);
	const struct pv_net_request bad = bad_version(queue);
	unsigned wrong = 0;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t prod = net_indices(queue)->req_prod;

		net_put_slot(queue, prod, &good);
		net_publish(queue, prod + 1);
		if (queue == NET_RECEIVER)
			send_one();
		while (net_indices(queue)->rsp_prod == prod) {
			net_put_slot(queue, prod, &bad);
			net_put_slot(queue, prod, &good);
		}
		wrong += !answer_fits(queue, net_answer(queue, prod));
		net_indices(queue)->rsp_cons = prod + 1;
		if (queue == NET_SENDER)
			take_one(net_answer(queue, prod));
	}
	return wrong;
}

static unsigned rewrite_lists(unsigned queue)
{
	const uint32_t each = queue == NET_SENDER ? 20 : NET_ROOM / 4;
	struct pv_net_request r = net_good(queue, 1, 0);
	const struct pv_segment good = { pvg_gpa(net_buffer[1]), each, 0 };
	const struct pv_segment bad = { pvg_boot.ram_bytes - 8, 1u << 31, 1 };
	volatile struct pv_segment *segment = list;
	const uint32_t count = queue == NET_SENDER ? 3 : 4;
	unsigned wrong = 0;

	r.segments = (uint16_t)count;
	r.len_bytes = count * each;
	r.seg[0].gpa = pvg_gpa(list);
	r.seg[0].len_bytes = count * (uint32_t)sizeof(list[0]);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t prod = net_indices(queue)->req_prod;

		for (unsigned s = 0; s < count; s++)
			segment[s] = good;
		net_put_slot(queue, prod, &r);
		net_publish(queue, prod + 1);
		if (queue == NET_RECEIVER)
			send_one();
		while (net_indices(queue)->rsp_prod == prod)
			for (unsigned s = 0; s < count; s++) {
				segment[s] = bad;
				segment[s] = good;
			}
		wrong += !answer_fits(queue, net_answer(queue, prod));
		net_indices(queue)->rsp_cons = prod + 1;
		if (queue == NET_SENDER)
			take_one(net_answer(queue, prod));
	}
	return wrong;
}

static bool untouched(void)
{
	for (size_t i = 0; i < sizeof(beyond); i++)
		if (beyond[i] != MARK)
			return false;
	for (size_t b = 4; b < sizeof(net_buffer) / NET_ROOM; b++)
		for (size_t i = 0; i < NET_ROOM; i++)
			if (net_buffer[b][i] != MARK)
				return false;
	return true;
}

int main(void)
{
	memset(net_buffer, MARK, sizeof(net_buffer));
	memset(beyond, MARK, sizeof(beyond));
	if (!tap_ok(net_open(NET_RECEIVER) >= 0 && net_open(NET_SENDER) >= 0,
		    "the queues open"))
		return tap_done();
	tap_equal(rewrite_slots(NET_RECEIVER), 0,
		  "answers to rewritten RECEIVE requests make sense");
	tap_equal(rewrite_lists(NET_RECEIVER), 0, "and of rewritten lists");
	tap_equal(rewrite_slots(NET_SENDER), 0,
		  "answers to rewritten SEND requests make sense");
	tap_equal(rewrite_lists(NET_SENDER), 0, "and of rewritten lists");
	tap_ok(untouched(), "nothing outside the buffers was written");
	tap_equal(net_close(NET_SENDER), 0, "the queues close");
	tap_equal(net_close(NET_RECEIVER), 0, "both");
	return tap_done();
}
