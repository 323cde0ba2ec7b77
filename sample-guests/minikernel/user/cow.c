/* SPDX-License-Identifier: MIT
 *
 * cow: after a fork neither sees what the other writes, whoever writes first, to
 * data, heap and stack.
 */
#include "lib.h"

#define PAGES 64
#define PAGE 4096

static volatile long data = 1;
static volatile long *heap;
static volatile long *stack;

static void fill(long value)
{
	data = *stack = value;
	for (long i = 0; i < PAGES; i++)
		heap[i * PAGE / (long)sizeof(long)] = value + i;
}

static bool is_filled(long value)
{
	bool right = data == value && *stack == value;

	for (long i = 0; i < PAGES; i++)
		right &= heap[i * PAGE / (long)sizeof(long)] == value + i;
	return right;
}

/* Tell the other side to go on; wait for it. */
static void go(int fd)
{
	if (write(fd, "", 1) != 1)
		exit(1);
}

static void await(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		exit(1);
}

int main(int argc, char **argv)
{
	volatile long local = 1;
	int to_child[2], to_parent[2], pid, status = -1;
	bool right;

	(void)argc, (void)argv;
	heap = sbrk(PAGES * PAGE);
	stack = &local;
	if (!heap || pipe(to_child) < 0 || pipe(to_parent) < 0)
		fail("cow: there is no memory");
	fill(1000);
	pid = fork();
	if (pid < 0)
		fail("cow: there is no child");
	if (pid == 0) {
		right = is_filled(1000);
		fill(2000); /* the child writes first */
		go(to_parent[1]);
		await(to_child[0]); /* the parent has written, too */
		exit(right && is_filled(2000) ? 42 : 1);
	}
	await(to_parent[0]);
	right = is_filled(1000);
	fill(3000);
	go(to_child[1]);
	right &= wait(pid, &status) == pid && status == 42;
	right &= is_filled(3000);
	print("cow: %s\n", right ? "each has its own memory" : "wrong");
	return !right;
}
