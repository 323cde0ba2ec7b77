/* SPDX-License-Identifier: MIT
 *
 * A TAP in a network namespace of the test's own, with a packet socket on the host's
 * side of it, where what is left to the host is told in Linux's words; and frames.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../net-bytes.h"
#include "../pattern.h"

#define TAP_NAME "t0"
#define FRAME_HEADERS 54u /* of Ethernet, IPv4 and TCP */
#define FRAME_ROOM (128u << 10)
#define TYPE_PLAIN 0x88b5u /* for experiments */

/* ---- the host's side */

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void tap_get_apart(void)
{
	if (access("/dev/net/tun", R_OK | W_OK) < 0 || unshare(CLONE_NEWNET) < 0)
		cr_skip_test("no /dev/net/tun, or no network namespace: not root");
	/* It would say something by itself. */
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
}

static inline void tap_set_up(bool up)
{
	struct ifreq request = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(request.ifr_name, TAP_NAME);
	cr_assert_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	if (up)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static inline int tap_listen(void)
{
	const struct timeval patience = { .tv_sec = 10 };
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	cr_assert_geq(fd, 0);
	address.sll_ifindex = (int)if_nametoindex(TAP_NAME);
	cr_assert_eq(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one,
				sizeof(one)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
				sizeof(patience)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void host_sends(int host, const struct virtio_net_hdr *header,
			      const uint8_t *frame, uint32_t len)
{
	const struct iovec iov[] = {
		{ (void *)(uintptr_t)header, sizeof(*header) },
		{ (void *)(uintptr_t)frame, len },
	};

	cr_assert_eq(writev(host, iov, 2),
		     (ssize_t)(sizeof(*header) + len));
}

static inline uint32_t host_receives(int host, struct virtio_net_hdr *ret_header,
				     uint8_t *ret_frame)
{
	const struct iovec iov[] = { { ret_header, sizeof(*ret_header) },
				     { ret_frame, FRAME_ROOM } };
	ssize_t n = readv(host, iov, 2);

	cr_assert_gt(n, (ssize_t)sizeof(*ret_header), "nothing came to the host");
	return (uint32_t)n - (uint32_t)sizeof(*ret_header);
}

/* ---- frames */

static inline uint32_t pseudo_sum(const uint8_t *frame, uint32_t tcp_bytes)
{
	return sum16(tcp_bytes + 6, frame + 26, 8);
}

static inline void put_plain(uint8_t *frame, uint32_t len)
{
	memset(frame, 0xff, 6);
	memcpy(frame + 6, "\x02\0\0\0\0\x01", 6);
	put16(frame + 12, TYPE_PLAIN);
	for (uint32_t i = 14; i < len; i++)
		frame[i] = pattern_byte(i);
}

/* A segment of TCP over IPv4 whose checksum is to be made. */
static inline void put_tcp(uint8_t *frame, uint32_t payload)
{
	uint32_t tcp_bytes = 20 + payload;

	put_plain(frame, FRAME_HEADERS + payload);
	put16(frame + 12, ETH_P_IP);
	memset(frame + 14, 0, FRAME_HEADERS - 14);
	frame[14] = 0x45;
	put16(frame + 16, 20 + tcp_bytes);
	frame[22] = 64;
	frame[23] = 6;
	memcpy(frame + 26, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	put16(frame + 24, ~sum16(0, frame + 14, 20));
	put16(frame + 34, 1000);
	put16(frame + 36, 2000);
	frame[46] = 0x50;
	frame[47] = 0x10; /* ACK */
	put16(frame + 48, 1000);
	put16(frame + 50, pseudo_sum(frame, tcp_bytes));
}

static inline bool tcp_sum_is_good(const uint8_t *frame, uint32_t len)
{
	uint32_t tcp_bytes = len - 34;

	return sum16(pseudo_sum(frame, tcp_bytes), frame + 34, tcp_bytes) == 0xffff;
}

/* What is said of a long one. */
static const struct virtio_net_hdr tcp_segmented = {
	.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
	.hdr_len = FRAME_HEADERS, .gso_size = 1460, .csum_start = 34, .csum_offset = 16,
};

#endif
