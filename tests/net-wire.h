/* SPDX-License-Identifier: MIT
 *
 * The other end of a guest's network, for host programs: dgram=OWN,peer=PEER, the two
 * sockets of `paravane run --net dgram=PEER,peer=OWN` the other way round; or
 * tap=INTERFACE, the host's side of a TAP. They end by themselves, with status
 *
 *	1  the wire cannot be used
 *	2  the command line is wrong
 *	3  nothing came, or nothing could be sent, for a minute
 */
#ifndef TESTS_NET_WIRE_H
#define TESTS_NET_WIRE_H

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
	const char *slower = getenv("PARAVANE_TIMES_SLOWER");
	/* A frame that the guest does not take for so long is lost: longer than a
	 * busy host keeps it from running. */
	const struct timeval send = { .tv_sec = 10 };
	struct timeval receive;

	if (slower)
		patience_seconds *= atoi(slower);
	receive = (struct timeval){ .tv_sec = patience_seconds };
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

#endif
