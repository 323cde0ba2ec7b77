/* SPDX-License-Identifier: MIT
 *
 * tcp-client [-c COUNT] [-p MS] [-r BYTES] [-w SECONDS] ADDRESS PORT
 *
 * Open COUNT connections at once (1), write standard input to each, with -p byte by
 * byte and a pause after each; read until the other side closes, with -r only so many
 * bytes and then reset the connection; with -w wait before that. Print what came; of
 * several connections, how many gave an answer.
 *
 * The status is 0 if all were opened, 1 if not, whatever came. Nothing takes longer
 * than a minute.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1000

static char input[1 << 20];
static size_t input_bytes;
static unsigned pause_ms;
static size_t read_max = SIZE_MAX;

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "tcp-client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_connection(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0)
		fail("connect");
	return fd;
}

/* The other side may close, or stop reading, at any byte. */
static void write_input(int fd)
{
	size_t step = pause_ms ? 1 : input_bytes;

	for (size_t at = 0; at < input_bytes; at += step) {
		if (send(fd, input + at, step, MSG_NOSIGNAL) < 0)
			return;
		if (pause_ms)
			poll(NULL, 0, (int)pause_ms);
	}
}

/* How many bytes came. */
static size_t read_answer(int fd, bool is_printed)
{
	static char bytes[65536];
	size_t total = 0;

	while (total < read_max) {
		size_t want = read_max - total;
		ssize_t came = recv(fd, bytes,
				    want < sizeof(bytes) ? want : sizeof(bytes), 0);

		if (came <= 0)
			break;
		total += (size_t)came;
		if (is_printed)
			fwrite(bytes, 1, (size_t)came, stdout);
	}
	return total;
}

static void close_connection(int fd)
{
	/* Closing sends RST, whatever has been read. */
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	if (read_max != SIZE_MAX)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static void read_all_input(void)
{
	ssize_t came;

	while ((came = read(STDIN_FILENO, input + input_bytes,
			    sizeof(input) - input_bytes)) > 0)
		input_bytes += (size_t)came;
}

int main(int argc, char **argv)
{
	static int fds[CONNECTIONS_MAX];
	struct sockaddr_in to = { .sin_family = AF_INET };
	int count = 1, answers = 0, option;
	unsigned wait_seconds = 0;

	while ((option = getopt(argc, argv, "c:p:r:w:")) != -1) {
		long value = option == '?' ? -1 : atol(optarg);

		if (value < 0)
			return 99;
		if (option == 'c')
			count = (int)value;
		else if (option == 'p')
			pause_ms = (unsigned)value;
		else if (option == 'r')
			read_max = (size_t)value;
		else
			wait_seconds = (unsigned)value;
	}
	if (argc - optind != 2 || count > CONNECTIONS_MAX ||
	    inet_pton(AF_INET, argv[optind], &to.sin_addr) != 1)
		return 99;
	to.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	alarm(60);
	read_all_input();
	for (int i = 0; i < count; i++)
		fds[i] = open_connection(&to);
	for (int i = 0; i < count; i++)
		write_input(fds[i]);
	sleep(wait_seconds);
	for (int i = 0; i < count; i++)
		answers += read_answer(fds[i], count == 1) > 0;
	if (count > 1)
		printf("%d answers\n", answers);
	for (int i = 0; i < count; i++)
		close_connection(fds[i]);
	return 0;
}
