/* SPDX-License-Identifier: MIT
 *
 * net-relay TAP OWN-PATH PEER-PATH [LOST-PERCENT [FORGED-PERCENT]]: carry frames between a TAP and a
 * UNIX datagram socket, in which a guest's network ends (--net dgram=). Of those each
 * way, so many in a hundred are lost, as many sent twice, and as many change places
 * with the next. Beside so many to the guest goes one that was forged of it: bytes of its
 * headers changed, or its end cut off, but with checksums that are right. All by a fixed
 * seed. Ends when it is killed.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net-bytes.h"
#include "random.h"

#define FRAME_MAX 66000

struct way {
	int from, to, is_to_guest;
	uint8_t held[FRAME_MAX]; /* until the next has gone */
	size_t held_bytes;
};

static unsigned lost_percent, forged_percent;

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int open_socket(const char *own, const char *peer)
{
	struct sockaddr_un to = address_of(peer), here = address_of(own);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0) {
		perror(own);
		exit(1);
	}
	/* The guest may come later. */
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		poll(NULL, 0, 10);
	return fd;
}

static int happens(unsigned percent)
{
	return random_next() % 100 < percent;
}

/* A frame that cannot be written is lost, as any may be. */
static void pass_on(const struct way *way, const uint8_t *frame, size_t bytes)
{
	if (bytes > 0 && write(way->to, frame, bytes) < 0)
		return;
}

/* Those of IPv4 and of TCP, UDP or ICMP in it, as far as the frame has them. */
static void correct_sums(uint8_t *frame, size_t bytes)
{
	uint8_t *ip = frame + 14;
	size_t head = bytes > 14 ? (ip[0] & 15u) * 4 : 0;
	size_t total = bytes >= 34 ? get16(ip + 2) : 0;
	size_t offset;
	uint32_t sum;

	if (total < head + 8 || head < 20 || 14 + total > bytes)
		return;
	put16(ip + 10, 0);
	put16(ip + 10, ~sum16(0, ip, head));
	offset = ip[9] == 6 ? 16 : ip[9] == 17 ? 6 : 2;
	if (total < head + offset + 2)
		return;
	sum = ip[9] == 1 ? 0 : sum16(ip[9] + (uint32_t)(total - head), ip + 12, 8);
	put16(ip + head + offset, 0);
	put16(ip + head + offset, ~sum16(sum, ip + head, total - head));
}

static void forge(const struct way *way, const uint8_t *frame, size_t bytes)
{
	static const uint8_t edges[] = { 0, 1, 0x10, 0x45, 0x4f, 0x7f, 0x80, 0xff };
	static uint8_t forged[FRAME_MAX];
	size_t heads = bytes < 80 ? bytes : 80;

	memcpy(forged, frame, bytes);
	for (uint64_t changes = random_next() % 4; changes > 0; changes--)
		forged[random_next() % heads] =
			random_next() % 2 ? (uint8_t)random_next()
					  : edges[random_next() % sizeof(edges)];
	if (random_next() % 4 == 0)
		bytes = 14 + random_next() % (bytes - 13);
	if (random_next() % 8 != 0)
		correct_sums(forged, bytes);
	pass_on(way, forged, bytes);
}

static void carry(struct way *way)
{
	static uint8_t frame[FRAME_MAX];
	ssize_t bytes = read(way->from, frame, sizeof(frame));

	if (bytes >= 14 && way->is_to_guest && happens(forged_percent))
		forge(way, frame, (size_t)bytes);
	if (bytes <= 0 || happens(lost_percent))
		return;
	if (way->held_bytes == 0 && happens(lost_percent)) {
		memcpy(way->held, frame, (size_t)bytes);
		way->held_bytes = (size_t)bytes;
		return;
	}
	pass_on(way, frame, (size_t)bytes);
	if (happens(lost_percent))
		pass_on(way, frame, (size_t)bytes);
	pass_on(way, way->held, way->held_bytes);
	way->held_bytes = 0;
}

int main(int argc, char **argv)
{
	static struct way out, in;
	struct pollfd fds[2];

	if (argc < 4)
		return 99;
	lost_percent = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
	forged_percent = argc > 5 ? (unsigned)atoi(argv[5]) : 0;
	out.is_to_guest = 1;
	out.from = in.to = open_tap(argv[1]);
	out.to = in.from = open_socket(argv[2], argv[3]);
	fds[0] = (struct pollfd){ .fd = out.from, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = in.from, .events = POLLIN };
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents)
			carry(&out);
		if (fds[1].revents)
			carry(&in);
	}
	return 1;
}
