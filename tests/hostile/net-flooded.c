/* SPDX-License-Identifier: MIT
 *
 * What if the other end of a guest's network sends as fast as it can, frames of every
 * length, and reads none? net-peer does ("flood").
 *
 * Clauses: W1, W4, W5, W6.
 */
#include "../guest/tap.h"
#include "../net-frames.h"
#include "net.h"

#define FRAMES 20000u

static uint32_t taken, next_number, wrong, out_of_order;

static void lend_all(void)
{
	for (uint32_t i = 0; i < NET_ENTRIES; i++) {
		const struct pv_net_request r = net_good(NET_RECEIVER, i, NET_ROOM);

		net_put_slot(NET_RECEIVER, i, &r);
	}
	net_publish(NET_RECEIVER, NET_ENTRIES);
}

/* What is dropped leaves a gap; nothing comes twice or late. */
static void look_at(const uint8_t *frame, uint32_t len)
{
	struct net_message message;

	if (len < PV_NET_HEADER_BYTES ||
	    len > net_config()->receive_bytes_min - NET_INFO)
		wrong++;
	if (!net_get(&message, frame, len))
		return;
	wrong += !net_is_counted(frame, len, message.number);
	out_of_order += (int32_t)(message.number - next_number) < 0;
	next_number = message.number + 1;
}

/* Take the next, look at it, lend its buffer again. */
static bool take_one(void)
{
	uint32_t cons = net_indices(NET_RECEIVER)->rsp_cons;
	struct pv_net_request lent;
	uint32_t buffer;

	if (!net_wait(NET_RECEIVER, cons + 1))
		return false;
	buffer = (uint32_t)net_answer(NET_RECEIVER, cons)->token % NET_ENTRIES;
	if (net_answer(NET_RECEIVER, cons)->status)
		wrong++;
	else
		look_at(net_buffer[buffer] + NET_INFO,
			net_answer(NET_RECEIVER, cons)->done_bytes - NET_INFO);
	net_indices(NET_RECEIVER)->rsp_cons = cons + 1;
	lent = net_good(NET_RECEIVER, buffer, NET_ROOM);
	net_push(NET_RECEIVER, &lent);
	taken++;
	return true;
}

static void receive_many(void)
{
	uint32_t until = taken + FRAMES;

	while (taken < until && take_one())
		;
	tap_equal(taken, until, "what comes is received");
	tap_equal(wrong, 0, "each as it was sent, none too short or too long");
	tap_equal(out_of_order, 0, "in its order");
}

static void close_in_the_flood(void)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < 200; i++) {
		failed += net_close(NET_RECEIVER) != 0;
		memset(net_buffer, 0xee, sizeof(net_buffer));
		for (size_t b = 0; b < sizeof(net_buffer); b += 97)
			failed += ((uint8_t *)net_buffer)[b] != 0xee;
		failed += net_open(NET_RECEIVER) < 0;
		lend_all();
		failed += !take_one();
	}
	tap_equal(failed, 0, "the queue closes and opens in the flood");
}

/* Who does not read has no room at last; that keeps nobody from receiving. */
static void send_into_it(void)
{
	for (uint32_t i = 0; i < NET_ENTRIES; i++) {
		const struct pv_net_request r = net_good(NET_SENDER, 40, 1000);

		net_put_slot(NET_SENDER, i, &r);
	}
	net_publish(NET_SENDER, NET_ENTRIES);
	receive_many();
	tap_equal(net_close(NET_SENDER), 0, "what is not read keeps nothing open");
}

int main(void)
{
	if (!tap_ok(net_open(NET_RECEIVER) >= 0 && net_open(NET_SENDER) >= 0,
		    "the queues open"))
		return tap_done();
	lend_all();
	receive_many();
	close_in_the_flood();
	send_into_it();
	return tap_done();
}
