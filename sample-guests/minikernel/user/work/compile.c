/* SPDX-License-Identifier: MIT
 *
 * What compiling many small files is made of: for each file two programs are started,
 * compile-front.c and compile-back.c, which hand on what they made by pipes, the last
 * of which ends here.
 */
#include "compile.h"

static struct {
	unsigned char bytes[512];
	size_t len;
} put;

void compile_flush(void)
{
	if (write_all(1, put.bytes, put.len) != put.len)
		fail("work: nobody takes what is compiled");
	put.len = 0;
}

void compile_put(unsigned byte)
{
	if (put.len == sizeof(put.bytes))
		compile_flush();
	put.bytes[put.len++] = (unsigned char)byte;
}

/* A program that reads from one descriptor, if it is not -1, and writes to another. */
static int start(const char *part, long number, int in, int out)
{
	int pid = fork();

	if (pid < 0)
		fail("work: there is no room for a process");
	if (pid > 0)
		return pid;
	if (in >= 0)
		dup(in, 0);
	dup(out, 1);
	for (int fd = 3; fd < FILES_MAX; fd++)
		close(fd);
	work_become(part, number);
}

static void wait_for(int pid)
{
	int status = -1;

	if (wait(pid, &status) != pid || status != 0)
		fail("work: a compiler ended with status %d", (long)status);
}

static uint64_t digest_all(uint64_t digest, int fd)
{
	unsigned char bytes[512];
	long got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		for (long i = 0; i < got; i++)
			digest = digest_add(digest, bytes[i]);
	return digest;
}

static uint64_t compile(uint64_t digest, long number)
{
	int tokens[2], object[2], front, back;

	if (pipe(tokens) < 0 || pipe(object) < 0)
		fail("work: there is no pipe");
	front = start("compile-front", number, -1, tokens[1]);
	back = start("compile-back", number, tokens[0], object[1]);
	close(tokens[0]);
	close(tokens[1]);
	close(object[1]);
	digest = digest_all(digest, object[0]);
	close(object[0]);
	wait_for(front);
	wait_for(back);
	return digest;
}

uint64_t work_compile(long times)
{
	uint64_t digest = 0;

	work_starts();
	for (long i = 1; i <= times; i++)
		digest = compile(digest, i);
	work_stops();
	return digest;
}
