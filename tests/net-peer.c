/* SPDX-License-Identifier: MIT
 *
 * net-peer WIRE serve
 * net-peer WIRE flood LENGTH...
 *
 * The other end of a guest's network. WIRE is dgram=OWN,peer=PEER, the two sockets of
 * `paravane run --net dgram=PEER,peer=OWN` the other way round; or tap=INTERFACE, the
 * host's side of a TAP. "serve" does what the guest's frames ask for (net-frames.h)
 * until it is told to end; "flood" sends counted frames of these lengths in turn as
 * fast as it goes, however short or long, and reads none.
 *
 * It ends by itself when for a minute nothing came, or nothing could be sent: 3.
 * 1: the wire cannot be used. 2: the command line is wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "net-frames.h"

static int fd;
static struct sockaddr_un peer; /* .sun_family 0: the wire is a TAP */
static time_t patience_seconds = 60;
static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t own_mac[6] = { 0x02, 0, 0, 0, 0, 0x99 };

__attribute__((noreturn, format(printf, 2, 3))) static void
end(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("net-peer: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

/* ---- the wire */

static void name_socket(struct sockaddr_un *ret_address, const char *path)
{
	ret_address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret_address->sun_path))
		end(2, "%s is too long for the name of a socket", path);
	strcpy(ret_address->sun_path, path);
}

static int open_socket(char *what)
{
	char *other = strstr(what, ",peer=");
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!other)
		end(2, "dgram=%s has no ,peer=PATH", what);
	*other = '\0';
	name_socket(&own, what);
	name_socket(&peer, other + strlen(",peer="));
	if (s < 0 || bind(s, (struct sockaddr *)&own, sizeof(own)) < 0)
		end(1, "%s: %s", what, strerror(errno));
	return s;
}

static int open_interface(const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (address.sll_ifindex == 0)
		end(1, "there is no interface %s", name);
	if (s < 0 || bind(s, (struct sockaddr *)&address, sizeof(address)) < 0)
		end(1, "%s: %s", name, strerror(errno));
	return s;
}

static void open_wire(char *wire)
{
	const struct timeval receive = { .tv_sec = patience_seconds };
	const struct timeval send = { .tv_sec = 1 };

	if (strncmp(wire, "dgram=", 6) == 0)
		fd = open_socket(wire + 6);
	else if (strncmp(wire, "tap=", 4) == 0)
		fd = open_interface(wire + 4);
	else
		end(2, "%s is neither dgram=OWN,peer=PEER nor tap=INTERFACE",
		    wire);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send)))
		end(1, "%s: %s", wire, strerror(errno));
}

/* A frame of the guest's; what the host itself sends to a TAP is not. */
static uint32_t receive(uint8_t *frame)
{
	for (;;) {
		struct sockaddr_ll from = { .sll_pkttype = PACKET_HOST };
		socklen_t from_len = sizeof(from);
		ssize_t n = peer.sun_family
				    ? recv(fd, frame, NET_FRAME_MAX, 0)
				    : recvfrom(fd, frame, NET_FRAME_MAX, 0,
					       (struct sockaddr *)&from,
					       &from_len);

		if (n >= 0 && from.sll_pkttype != PACKET_OUTGOING)
			return (uint32_t)n;
		if (n < 0 && errno == EAGAIN)
			end(3, "nothing came for %ld seconds",
			    (long)patience_seconds);
		if (n < 0 && errno != EINTR && errno != ENETDOWN)
			end(1, "cannot receive: %s", strerror(errno));
	}
}

/* False: the guest does not take it, or is not there, or the wire does not. */
static bool send_frame(const uint8_t *frame, uint32_t len)
{
	ssize_t n;

	do
		n = peer.sun_family
			    ? sendto(fd, frame, len, 0,
				     (struct sockaddr *)&peer, sizeof(peer))
			    : send(fd, frame, len, 0);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

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
	const char *slower = getenv("PARAVANE_TIMES_SLOWER");

	if (slower)
		patience_seconds *= atoi(slower);
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
