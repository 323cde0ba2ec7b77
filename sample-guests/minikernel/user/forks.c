/* SPDX-License-Identifier: MIT
 *
 * forks COUNT [AT-ONCE]: so many children, up to AT-ONCE of them at a time. Each
 * gives its number by a pipe, and the rest of its number by its exit status. Fails
 * if either sum is wrong.
 */
#include "lib.h"

static long by_pipe, by_status;

static void reap(int fd, long *running)
{
	long n;
	int status;

	if (read_all(fd, &n, sizeof(n)) != sizeof(n))
		fail("forks: a child is silent");
	by_pipe += n;
	if (wait(-1, &status) < 0)
		fail("forks: a child is missing");
	by_status += status;
	--*running;
}

static void child(int fd, long n)
{
	if (write(fd, &n, sizeof(n)) != sizeof(n))
		exit(127);
	exit((int)(n % 100));
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? number(argv[1]) : -1;
	long at_once = argc > 2 ? number(argv[2]) : 64;
	long running = 0, right = 0, most = 0;
	uint64_t start_ns = clock_ns();
	int fd[2];

	if (count < 0 || at_once < 1)
		fail("usage: forks COUNT [AT-ONCE]");
	if (pipe(fd) < 0)
		fail("forks: there is no pipe");
	for (long n = 1; n <= count; n++) {
		int pid;

		if (running == at_once)
			reap(fd[0], &running);
		while ((pid = fork()) < 0 && running > 0)
			reap(fd[0], &running); /* no room: make some */
		if (pid < 0)
			fail("forks: there is no room for a single child");
		if (pid == 0)
			child(fd[1], n);
		running++;
		if (running > most)
			most = running;
		right += n % 100;
	}
	while (running > 0)
		reap(fd[0], &running);
	print("forks: %d children, up to %d at once, sum %d: %s; %d us each\n",
	      count, most, by_pipe,
	      by_pipe == count * (count + 1) / 2 && by_status == right ?
		      "right" : "wrong",
	      (long)(clock_ns() - start_ns) / 1000 / (count ? count : 1));
	return by_pipe != count * (count + 1) / 2 || by_status != right;
}
