/* SPDX-License-Identifier: MIT
 *
 * Half of two guests on one wire: net-pair NAME echo|ask. One echoes what the other
 * sends, until that says that it has enough. See net-pair.sh.
 *
 * Clauses: W2, W17.
 */
#include "net.h"

#define FRAMES 500u

static uint8_t frame[16384];

static int receive(uint64_t within_ns)
{
	return pvg_net_receive(&net, frame, sizeof(frame),
			       pvg_deadline_in(within_ns));
}

static void echo(void)
{
	struct net_message message = { .kind = 0 };
	int len;

	do {
		uint8_t from[6];

		len = receive(NET_PATIENCE);
		if (len < 0 || net_get(&message, frame, (uint32_t)len))
			continue;
		memcpy(from, frame + 6, 6);
		memcpy(frame + 6, frame, 6);
		memcpy(frame, from, 6);
		pvg_net_send(&net, frame, (uint32_t)len);
	} while (len >= 0 && message.kind != NET_END);
	tap_equal(message.kind, NET_END, "the other has enough");
}

/* Frames to who is not there yet are lost. */
static void await_other(void)
{
	int len = 0;

	for (int tries = 0; tries < 200 && len <= 0; tries++) {
		net_make_echo(frame, 60, 1);
		pvg_net_send(&net, frame, 60);
		len = receive(100 * 1000 * 1000);
	}
	tap_equal(len, 60, "the other is there");
	while (receive(100 * 1000 * 1000) > 0)
		; /* the answers to what was sent meanwhile */
}

static void ask(void)
{
	unsigned wrong = 0;

	await_other();
	for (uint32_t i = 0; i < FRAMES && wrong < 3; i++) {
		uint32_t len = PV_NET_HEADER_BYTES + i * 37 % net.config.mtu_bytes;

		net_make_echo(frame, len, i);
		wrong += pvg_net_send(&net, frame, len) != 0 ||
			 receive(NET_PATIENCE) != (int)len ||
			 !net_is_echo(frame, len, i);
	}
	tap_equal(wrong, 0, "what is sent comes back");
	net_say((struct net_message){ .kind = NET_END });
}

int main(int argc, char **argv)
{
	const uint8_t *mac = net.config.mac;

	if (argc != 3 || !tap_granted(PV_FEATURE_NET) ||
	    !tap_equal(pvg_net_open(&net, argv[1]), 0, "it is there by its name"))
		return tap_done();
	pvg_printf("# %s is %02x:%02x:%02x:%02x:%02x:%02x, mtu %u\n", net.name,
		   mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		   net.config.mtu_bytes);
	if (strcmp(argv[2], "echo") == 0)
		echo();
	else
		ask();
	pvg_net_close(&net);
	return tap_done();
}
