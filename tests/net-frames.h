/* SPDX-License-Identifier: MIT
 *
 * What net-peer and the guests at the other end of its wire say to each other, in
 * frames of Ethernet's types for experiments. Others are no business of theirs.
 *
 *	NET_ECHO     comes back as it is, with its addresses exchanged
 *	NET_MESSAGE  a struct net_message behind the header
 */
#ifndef TESTS_NET_FRAMES_H
#define TESTS_NET_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "pattern.h"

#define NET_ECHO 0x88b5u
#define NET_MESSAGE 0x88b6u

#define NET_TYPE_AT 12u
#define NET_PAYLOAD_AT 14u
#define NET_FRAME_MAX 65536u

enum net_kind {
	NET_COUNTED = 1, /* number is its place in a row from 0; the pattern follows */
	NET_SEND = 2,    /* to net-peer: send number counted frames, of len_min,
			  * len_min + 1 ... len_max bytes and again, after delay_ms */
	NET_ASK = 3,     /* to net-peer: how many counted frames came? */
	NET_ANSWER = 4,  /* number came, and wrong of them were out of their row or had
			  * other bytes. The row begins again */
	NET_END = 5      /* to net-peer, or a guest in its place: no more */
};

struct net_message {
	uint32_t kind; /* enum net_kind */
	uint32_t number, wrong, len_min, len_max, delay_ms;
};

/* The first bytes of a counted frame that are pattern. Shorter frames do not tell
 * their number. */
#define NET_COUNTED_MIN (NET_PAYLOAD_AT + (uint32_t)sizeof(struct net_message))

static inline unsigned net_type(const uint8_t *frame)
{
	return (unsigned)frame[NET_TYPE_AT] << 8 | frame[NET_TYPE_AT + 1];
}

static inline void net_header(uint8_t *frame, const uint8_t *to,
			      const uint8_t *from, unsigned type)
{
	for (int i = 0; i < 6; i++) {
		frame[i] = to[i];
		frame[6 + i] = from[i];
	}
	frame[NET_TYPE_AT] = (uint8_t)(type >> 8);
	frame[NET_TYPE_AT + 1] = (uint8_t)type;
}

static inline void net_put(uint8_t *frame, const struct net_message *message)
{
	__builtin_memcpy(frame + NET_PAYLOAD_AT, message, sizeof(*message));
}

/* False if the frame has no message. */
static inline bool net_get(struct net_message *ret_message, const uint8_t *frame,
			   uint32_t len)
{
	if (len < NET_COUNTED_MIN || net_type(frame) != NET_MESSAGE)
		return false;
	__builtin_memcpy(ret_message, frame + NET_PAYLOAD_AT,
			 sizeof(*ret_message));
	return true;
}

static inline uint8_t net_counted_byte(uint32_t number, uint32_t at)
{
	return pattern_byte((uint64_t)number * 7 + at);
}

/* All but the header. */
static inline void net_fill_counted(uint8_t *frame, uint32_t len, uint32_t number)
{
	struct net_message message = { .kind = NET_COUNTED, .number = number };

	for (uint32_t i = NET_PAYLOAD_AT; i < len; i++)
		frame[i] = net_counted_byte(number, i);
	if (len >= NET_COUNTED_MIN)
		net_put(frame, &message);
}

static inline bool net_is_counted(const uint8_t *frame, uint32_t len,
				  uint32_t number)
{
	struct net_message message;

	if (!net_get(&message, frame, len) || message.kind != NET_COUNTED ||
	    message.number != number)
		return false;
	for (uint32_t i = NET_COUNTED_MIN; i < len; i++)
		if (frame[i] != net_counted_byte(number, i))
			return false;
	return true;
}

#endif
