/* SPDX-License-Identifier: MIT
 *
 * What if a guest sends as fast as it can what nobody takes, opens and closes its queues
 * all the time, reuses buffers and tokens, or rings for nothing? The wire ends where it
 * begins, so what is sent waits in the same sockets that it is received from.
 *
 * Clauses: O24, R5, W2, W4, W6.
 */
#include "../guest/tap.h"
#include "net.h"

static const struct pv_net_request *good(unsigned queue)
{
	static struct pv_net_request request;

	request = net_good(queue, queue, queue == NET_SENDER ? 1500 : NET_ROOM);
	return &request;
}

static void fill_ring(unsigned queue)
{
	uint32_t prod = net_indices(queue)->req_prod;

	for (uint32_t i = 0; i < NET_ENTRIES; i++)
		net_put_slot(queue, prod + i, good(queue));
	net_publish(queue, prod + NET_ENTRIES);
}

/* Until the host has no room any more, and the queue waits. */
static void send_until_full(void)
{
	uint32_t sent = 0;

	for (;; sent += NET_ENTRIES) {
		fill_ring(NET_SENDER);
		if (!net_wait_ns(NET_SENDER, sent + NET_ENTRIES, 50000000))
			break;
		net_indices(NET_SENDER)->rsp_cons = sent + NET_ENTRIES;
	}
	tap_ok(sent < 100000, "frames that nobody takes come to a halt");
}

static void close_while_full(void)
{
	uint64_t start = pvg_clock_ns();

	tap_equal(net_close(NET_SENDER), 0, "a queue that waits closes");
	tap_ok(pvg_clock_ns() - start < UINT64_C(5000000000),
	       "without waiting for a reader");
	tap_ok(net_indices(NET_SENDER)->rsp_prod -
			       net_indices(NET_SENDER)->rsp_cons <= NET_ENTRIES,
	       "with answers that are in the ring");
	tap_ok(net_open(NET_SENDER) >= 0, "and opens again");
}

/* All buffers are one, and so are the tokens. */
static void take_all(void)
{
	uint32_t taken = 0;

	do {
		fill_ring(NET_RECEIVER);
		taken += NET_ENTRIES;
		if (!net_wait_ns(NET_RECEIVER, taken, 50000000))
			break;
		net_indices(NET_RECEIVER)->rsp_cons = taken;
	} while (taken < 1000000);
	tap_ok(taken < 1000000, "what was sent is received, and then no more");
	net_close(NET_RECEIVER);
	tap_ok(net_open(NET_RECEIVER) >= 0, "the queue opens again");
}

/* Not as often where each takes half a second: QEMU's main loop turns while a socket is
 * full, and keeps the lock that each access to a device takes. */
static void open_and_close(void)
{
	uint64_t enough = pvg_clock_ns() + UINT64_C(8000000000);
	unsigned wrong = 0;

	for (unsigned i = 0; i < 300; i++) {
		if (i >= 10 && pvg_clock_ns() >= enough)
			break;
		fill_ring(NET_RECEIVER);
		fill_ring(NET_SENDER);
		wrong += net_close(i % 2) != 0;
		wrong += net_close(1 - i % 2) != 0;
		wrong += net_open(NET_RECEIVER) < 0;
		wrong += net_open(NET_SENDER) < 0;
	}
	tap_equal(wrong, 0, "queues open and close with frames on their way");
}

static void ring_for_nothing(void)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < 4000; i++)
		wrong += pvg_op_doorbell((uint64_t)net_doorbells[i % 2]) != 0;
	tap_equal(wrong, 0, "4000 doorbells for nothing");
}

int main(void)
{
	if (!tap_ok(net_open(NET_RECEIVER) >= 0 && net_open(NET_SENDER) >= 0,
		    "the queues open"))
		return tap_done();
	ring_for_nothing();
	send_until_full();
	close_while_full();
	take_all();
	open_and_close();
	take_all();
	tap_equal(net_status_of(NET_SENDER, good(NET_SENDER)), 0,
		  "a frame is sent after all that");
	tap_equal(net_status_of(NET_RECEIVER, good(NET_RECEIVER)), 0,
		  "and received");
	return tap_done();
}
