/* SPDX-License-Identifier: MIT
 *
 * What if a guest with a network ends in every way while frames are on their way, or
 * ruins the indices of its rings?
 *
 * Clauses: O7, O21, O22, R6, W6.
 */
#include "../guest/cases.h"
#include "net.h"

static void start(void)
{
	if (net_open(NET_RECEIVER) < 0 || net_open(NET_SENDER) < 0)
		pvg_op_exit(2);
	for (uint32_t i = 0; i < NET_ENTRIES; i++) {
		struct pv_net_request lent = net_good(NET_RECEIVER, i, NET_ROOM);
		struct pv_net_request sent = net_good(NET_SENDER, i, 1500);

		net_put_slot(NET_RECEIVER, i, &lent);
		net_put_slot(NET_SENDER, i, &sent);
	}
	net_publish(NET_RECEIVER, NET_ENTRIES);
	net_publish(NET_SENDER, NET_ENTRIES);
}

/* Until the sockets are full and frames wait for room. */
static void fill_up(void)
{
	start();
	net_close(NET_RECEIVER);
	for (uint32_t sent = NET_ENTRIES;
	     net_wait_ns(NET_SENDER, sent, 50000000); sent += NET_ENTRIES) {
		net_indices(NET_SENDER)->rsp_cons = sent;
		for (uint32_t i = 0; i < NET_ENTRIES; i++) {
			struct pv_net_request r = net_good(NET_SENDER, i, 1500);

			net_put_slot(NET_SENDER, sent + i, &r);
		}
		net_publish(NET_SENDER, sent + NET_ENTRIES);
	}
}

static void exit_on_the_way(void)
{
	start();
	pvg_op_exit(5);
}

static void exit_with_buffers_lent(void)
{
	start();
	net_wait(NET_RECEIVER, NET_ENTRIES);
	pvg_op_exit(6);
}

static void exit_full(void)
{
	fill_up();
	pvg_op_exit(7);
}

static void fault_full(void)
{
	fill_up();
	__asm__ volatile("ud2");
}

#ifndef PVG_NATIVE
static void hang_full(void)
{
	fill_up();
	for (;;)
		pvg_op_block(PV_FOREVER);
}
#endif

static void fault_on_the_way(void)
{
	start();
	__asm__ volatile("ud2");
}

static void close_touches_no_more(void)
{
	start();
	if (net_close(NET_RECEIVER) || net_close(NET_SENDER))
		pvg_op_exit(2);
	memset(net_buffer, 0xee, sizeof(net_buffer));
	memset(net_rings, 0xee, sizeof(net_rings));
	raw_spin_ns(20000000);
	for (size_t i = 0; i < sizeof(net_buffer); i++)
		if (((uint8_t *)net_buffer)[i] != 0xee)
			pvg_op_exit(3);
	for (size_t i = 0; i < sizeof(net_rings); i++)
		if (((uint8_t *)net_rings)[i] != 0xee)
			pvg_op_exit(3);
}

static void too_many(unsigned queue)
{
	start();
	net_publish(queue, 3 * NET_ENTRIES);
	raw_spin_ns(3000000000u);
}

static void too_many_lent(void)
{
	too_many(NET_RECEIVER);
}

static void too_many_sent(void)
{
	too_many(NET_SENDER);
}

static void backwards(unsigned queue)
{
	start();
	net_wait(NET_SENDER, 1);
	net_publish(queue, 0x80000000);
	raw_spin_ns(3000000000u);
}

static void lent_backwards(void)
{
	backwards(NET_RECEIVER);
}

static void sent_backwards(void)
{
	backwards(NET_SENDER);
}

static void answers_not_given(void)
{
	start();
	net_indices(NET_SENDER)->rsp_cons = NET_ENTRIES * 2;
	net_publish(NET_SENDER, NET_ENTRIES * 2 + 1);
	raw_spin_ns(3000000000u);
}

#define SENSELESS(queue) \
	"the indices of network device 0, queue " queue ", make no sense"

static const struct test_case cases[] = {
	{ "exit-on-the-way", exit_on_the_way, "5", "silent" },
	{ "exit-with-buffers-lent", exit_with_buffers_lent, "6", "silent" },
	{ "exit-full", exit_full, "7", "silent" },
	{ "fault-full", fault_full, "123", "undefined instruction" },
#ifndef PVG_NATIVE /* where nobody stops it */
	{ "hang-full", hang_full, "124", "timeout" },
#endif
	{ "fault-on-the-way", fault_on_the_way, "123", "undefined instruction" },
	{ "close-touches-no-more", close_touches_no_more, "0", "silent" },
	{ "too-many-lent", too_many_lent, "123", SENSELESS("0") },
	{ "too-many-sent", too_many_sent, "123", SENSELESS("1") },
	{ "lent-backwards", lent_backwards, "123", SENSELESS("0") },
	{ "sent-backwards", sent_backwards, "123", SENSELESS("1") },
	{ "answers-not-given", answers_not_given, "123", SENSELESS("1") },
};

CASES_MAIN(cases)
