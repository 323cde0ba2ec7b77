/* SPDX-License-Identifier: MIT
 *
 * What network tests share: the network, with net-peer at its other end, and what is
 * said to it.
 */
#ifndef TESTS_GUEST_NET_H
#define TESTS_GUEST_NET_H

#include "../net-frames.h"
#include "tap.h"

#define NET_SECOND UINT64_C(1000000000)
/* Long enough for any frame that still comes. */
#define NET_PATIENCE (20 * NET_SECOND)

static struct pvg_net net;
static const uint8_t net_everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static inline bool net_opens(void)
{
	return tap_granted(PV_FEATURE_NET) &&
	       tap_equal(pvg_net_open_index(&net, 0), 0, "the network opens");
}

/* The longest frame that either side may send. */
static inline uint32_t net_longest(void)
{
	return net.config.mtu_bytes + PV_NET_HEADER_BYTES;
}

/* A frame for net-peer, of bytes that depend on its number. */
static inline void net_make_echo(uint8_t *frame, uint32_t len, uint32_t number)
{
	net_header(frame, net_everybody, net.config.mac, NET_ECHO);
	for (uint32_t i = NET_PAYLOAD_AT; i < len; i++)
		frame[i] = net_counted_byte(number, i);
}

static inline void net_make_counted(uint8_t *frame, uint32_t len, uint32_t number)
{
	net_header(frame, net_everybody, net.config.mac, NET_MESSAGE);
	net_fill_counted(frame, len, number);
}

/* Whether this is what net_make_echo made, come back. */
static inline bool net_is_echo(const uint8_t *frame, uint32_t len, uint32_t number)
{
	if (len < NET_PAYLOAD_AT || net_type(frame) != NET_ECHO ||
	    memcmp(frame, net.config.mac, 6) != 0 ||
	    memcmp(frame + 6, net_everybody, 6) != 0)
		return false;
	for (uint32_t i = NET_PAYLOAD_AT; i < len; i++)
		if (frame[i] != net_counted_byte(number, i))
			return false;
	return true;
}

/* Synchronously, and so before other SEND requests are answered. 0 or -PV_E*. */
static inline int net_say(struct net_message message)
{
	uint8_t frame[NET_COUNTED_MIN];

	net_header(frame, net_everybody, net.config.mac, NET_MESSAGE);
	net_put(frame, &message);
	return pvg_net_send(&net, frame, sizeof(frame));
}

/* Ask net-peer for a row of counted frames. */
static inline int net_ask_for(uint32_t number, uint32_t len_min, uint32_t len_max,
			      uint32_t delay_ms)
{
	return net_say((struct net_message){ .kind = NET_SEND, .number = number,
					     .len_min = len_min,
					     .len_max = len_max,
					     .delay_ms = delay_ms });
}

#endif
