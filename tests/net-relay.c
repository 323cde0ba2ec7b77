/* SPDX-License-Identifier: MIT
 *
 * net-relay TAP OWN-PATH PEER-PATH [LOST-PERCENT]: carry frames between a TAP and a
 * UNIX datagram socket, in which a guest's network ends (--net dgram=). Of those each
 * way, so many in a hundred are lost, as many sent twice, and as many change places
 * with the next, by a fixed seed. Ends when it is killed.
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

#include "random.h"

#define FRAME_MAX 66000

struct way {
	int from, to;
	uint8_t held[FRAME_MAX]; /* until the next has gone */
	size_t held_bytes;
};

static unsigned percent;

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

static int happens(void)
{
	return random_next() % 100 < percent;
}

/* A frame that cannot be written is lost, as any may be. */
static void pass_on(const struct way *way, const uint8_t *frame, size_t bytes)
{
	if (bytes > 0 && write(way->to, frame, bytes) < 0)
		return;
}

static void carry(struct way *way)
{
	static uint8_t frame[FRAME_MAX];
	ssize_t bytes = read(way->from, frame, sizeof(frame));

	if (bytes <= 0 || happens())
		return;
	if (way->held_bytes == 0 && happens()) {
		memcpy(way->held, frame, (size_t)bytes);
		way->held_bytes = (size_t)bytes;
		return;
	}
	pass_on(way, frame, (size_t)bytes);
	if (happens())
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
	percent = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
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
