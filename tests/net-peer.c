/* SPDX-License-Identifier: MIT
 *
 * net-peer WIRE serve
 * net-peer WIRE flood LENGTH...
 *
 * The other end of a guest's network (net-wire.h). "serve" does what the guest's frames
 * ask for (net-frames.h) until it is told to end; "flood" sends counted frames of these
 * lengths in turn as fast as it goes, however short or long, and reads none.
 */
#include "net-wire.h"

/* ---- serve */

static uint8_t frame[NET_FRAME_MAX];
static uint8_t guest_mac[6];
static uint32_t counted, wrong;

static bool send_counted(uint32_t number, uint32_t len)
{
	static uint8_t out[NET_FRAME_MAX];

	if (len > sizeof(out))
		len = sizeof(out);
	net_header(out, guest_mac, own_mac, NET_MESSAGE);
	net_fill_counted(out, len, number);
	if (send_frame(out, len))
		return true;
	fprintf(stderr, "net-peer: frame %u, %u bytes: %s\n", number, len,
		strerror(errno));
	return errno != EAGAIN;
}

static void send_row(const struct net_message *message)
{
	const struct timespec delay = {
		message->delay_ms / 1000, message->delay_ms % 1000 * 1000000L,
	};
	uint32_t lengths = message->len_max - message->len_min + 1;

	nanosleep(&delay, NULL);
	for (uint32_t i = 0; i < message->number; i++)
		if (!send_counted(i, message->len_min +
					     i % (lengths ? lengths : 1)))
			return; /* the guest takes none any more */
}

static void count(uint32_t len)
{
	wrong += !net_is_counted(frame, len, counted);
	counted++;
}

static void tell(void)
{
	const struct net_message answer = { .kind = NET_ANSWER,
					    .number = counted, .wrong = wrong };

	net_header(frame, guest_mac, own_mac, NET_MESSAGE);
	net_put(frame, &answer);
	send_frame(frame, NET_COUNTED_MIN);
	counted = wrong = 0;
}

static void serve(void)
{
	struct net_message message;

	for (;;) {
		uint32_t len = receive(frame);

		if (len >= NET_PAYLOAD_AT)
			memcpy(guest_mac, frame + 6, 6);
		if (len >= NET_PAYLOAD_AT && net_type(frame) == NET_ECHO) {
			memcpy(frame + 6, frame, 6);
			memcpy(frame, guest_mac, 6);
			send_frame(frame, len);
		}
		if (!net_get(&message, frame, len))
			continue;
		if (message.kind == NET_COUNTED)
			count(len);
		else if (message.kind == NET_SEND)
			send_row(&message);
		else if (message.kind == NET_ASK)
			tell();
		else if (message.kind == NET_END)
			return;
	}
}

/* ---- flood */

static void flood(char **length, int lengths)
{
	time_t last = time(NULL);

	for (uint32_t i = 0;; i++) {
		const char *text = length[i % (uint32_t)lengths];
		uint32_t len = (uint32_t)strtoul(text, NULL, 10);

		if (len > NET_FRAME_MAX)
			end(2, "%s: the longest is %u", text, NET_FRAME_MAX);
		net_header(frame, everybody, own_mac, NET_MESSAGE);
		net_fill_counted(frame, len, i);
		if (send_frame(frame, len))
			last = time(NULL);
		else if (time(NULL) - last > patience_seconds)
			end(3, "nothing could be sent: %s", strerror(errno));
		else
			usleep(1000); /* it is not there yet, or no more */
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		end(2, "net-peer dgram=OWN,peer=PEER|tap=INTERFACE serve|flood "
		       "[LENGTH...]");
	open_wire(argv[1]);
	if (strcmp(argv[2], "serve") == 0 && argc == 3)
		serve();
	else if (strcmp(argv[2], "flood") == 0 && argc > 3)
		flood(argv + 3, argc - 3);
	else
		end(2, "it is \"serve\", or \"flood\" and lengths");
	return 0;
}
