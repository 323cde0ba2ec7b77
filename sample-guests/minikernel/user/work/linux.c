/* SPDX-License-Identifier: MIT
 *
 * Linux in place of the kernel: the calls of ../lib.h that the workloads use, by
 * Linux's own, for work-linux. As small as ../lib.c, and without a C library, so that
 * what is measured is the kernel, and the same instructions around it.
 *
 * The only program to exec is this one. The disk is the file that WORK_DISK names.
 */
#include "../lib.h"

enum {
	LINUX_READ = 0,
	LINUX_WRITE = 1,
	LINUX_OPEN = 2,
	LINUX_CLOSE = 3,
	LINUX_LSEEK = 8,
	LINUX_BRK = 12,
	LINUX_PREAD = 17,
	LINUX_PIPE = 22,
	LINUX_DUP2 = 33,
	LINUX_FORK = 57,
	LINUX_EXECVE = 59,
	LINUX_WAIT4 = 61,
	LINUX_PRCTL = 157,
	LINUX_CLOCK_GETTIME = 228,
	LINUX_EXIT_GROUP = 231
};

#define DISK_PAGE 4096l

static char **environment;
static int disk = -1;

static long ask(long number, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d;
	long answer;

	__asm__ volatile("syscall"
			 : "=a"(answer)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return answer;
}

/* argc is the stack's top, then come argv and the environment. */
__asm__(".globl _start\n"
	"_start:	movq %rsp, %rdi\n"
	"	andq $-16, %rsp\n"
	"	call linux_start\n");

void linux_start(long *stack);

void linux_start(long *stack)
{
	enum { PR_SET_THP_DISABLE = 41 };
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);

	/* Pages of 4 KiB, as minikernel has. */
	ask(LINUX_PRCTL, PR_SET_THP_DISABLE, 1, 0, 0);
	environment = argv + argc + 1;
	exit(main(argc, argv));
}

void exit(int status)
{
	for (;;)
		ask(LINUX_EXIT_GROUP, status, 0, 0, 0);
}

int fork(void)
{
	return (int)ask(LINUX_FORK, 0, 0, 0, 0);
}

int exec(const char *name, char *const *argv)
{
	static const char self[] = "/proc/self/exe";

	(void)name;
	return (int)ask(LINUX_EXECVE, (long)self, (long)argv,
			(long)environment, 0);
}

/* A status is that of calls.h. */
int wait(int pid, int *ret_status)
{
	int status = 0;
	int ended = (int)ask(LINUX_WAIT4, pid, (long)&status, 0, 0);

	if (ret_status)
		*ret_status = status & 127 ? 128 + (status & 127)
					   : status >> 8 & 127;
	return ended;
}

uint64_t clock_ns(void)
{
	enum { CLOCK_MONOTONIC = 1 };
	struct {
		long seconds, ns;
	} now;

	ask(LINUX_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0, 0);
	return (uint64_t)now.seconds * 1000000000u + (uint64_t)now.ns;
}

void *sbrk(long bytes)
{
	static long end;
	long before;

	/* From a whole page on. */
	if (end == 0)
		end = (ask(LINUX_BRK, 0, 0, 0, 0) + 4095) & ~4095l;
	before = end;
	if (ask(LINUX_BRK, end + bytes, 0, 0, 0) != end + bytes)
		return NULL;
	end += bytes;
	return (void *)before;
}

int pipe(int fd[2])
{
	return (int)ask(LINUX_PIPE, (long)fd, 0, 0, 0);
}

long read(int fd, void *to, size_t len)
{
	return ask(LINUX_READ, fd, (long)to, (long)len, 0);
}

long write(int fd, const void *from, size_t len)
{
	return ask(LINUX_WRITE, fd, (long)from, (long)len, 0);
}

int close(int fd)
{
	return (int)ask(LINUX_CLOSE, fd, 0, 0, 0);
}

int dup(int fd, int as)
{
	return (int)ask(LINUX_DUP2, fd, as, 0, 0);
}

static const char *disk_name(void)
{
	static const char variable[] = "WORK_DISK=";

	for (char **at = environment; *at; at++) {
		size_t i = 0;

		while (variable[i] && (*at)[i] == variable[i])
			i++;
		if (!variable[i])
			return *at + i;
	}
	fail("work: WORK_DISK is to be set to the file that is the disk");
}

long disk_pages(void)
{
	enum { SEEK_END = 2 };
	const char *name = disk_name();
	long bytes;

	disk = (int)ask(LINUX_OPEN, (long)name, 0, 0, 0);
	bytes = disk < 0 ? -1 : ask(LINUX_LSEEK, disk, 0, SEEK_END, 0);
	if (bytes < 0)
		fail("work: \"%s\", which WORK_DISK names, cannot be read",
		     name);
	return bytes / DISK_PAGE;
}

int disk_read(long page, void *to)
{
	long got = ask(LINUX_PREAD, disk, (long)to, DISK_PAGE,
		       page * DISK_PAGE);

	return got == DISK_PAGE ? 0 : -E_DISK;
}
