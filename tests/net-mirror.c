/* SPDX-License-Identifier: MIT
 *
 * net-mirror INTERFACE: the host's side of a TAP. What a guest sends to everybody comes
 * back as it is, with what Linux says of it: a checksum that is missing, pieces that are
 * still to be cut. Until it is killed.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static uint8_t frame[128 << 10];

static int open_interface(const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (!address.sll_ifindex || fd < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open_interface(argv[1]) : -1;

	if (fd < 0) {
		perror("net-mirror INTERFACE");
		return 1;
	}
	for (;;) {
		struct sockaddr_ll from;
		socklen_t bytes = sizeof(from);
		ssize_t n = recvfrom(fd, frame, sizeof(frame), 0,
				     (struct sockaddr *)&from, &bytes);

		if (n < 0)
			continue;
		if (from.sll_pkttype == PACKET_BROADCAST &&
		    send(fd, frame, (size_t)n, 0) < 0)
			perror("net-mirror");
	}
}
