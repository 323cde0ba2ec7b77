/* SPDX-License-Identifier: MIT
 *
 * The programs' library: where they begin, and the kernel's calls. See lib.h.
 */
#include "lib.h"

/* The kernel enters with argc and argv where C wants them, and rsp aligned. */
__asm__(".globl _start\n"
	"_start:	call main\n"
	"	movl %eax, %edi\n"
	"	call exit\n");

long call(enum call number, long a, long b, long c)
{
	long answer;

	__asm__ volatile("syscall"
			 : "=a"(answer)
			 : "a"((long)number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return answer;
}

void exit(int status)
{
	for (;;)
		call(CALL_EXIT, status, 0, 0);
}

int fork(void)
{
	return (int)call(CALL_FORK, 0, 0, 0);
}

int exec(const char *name, char *const *argv)
{
	return (int)call(CALL_EXEC, (long)name, (long)argv, 0);
}

int wait(int pid, int *ret_status)
{
	return (int)call(CALL_WAIT, pid, (long)ret_status, 0);
}

int kill(int pid)
{
	return (int)call(CALL_KILL, pid, 0, 0);
}

int getpid(void)
{
	return (int)call(CALL_GETPID, 0, 0, 0);
}

int group(void)
{
	return (int)call(CALL_GROUP, 0, 0, 0);
}

void yield(void)
{
	call(CALL_YIELD, 0, 0, 0);
}

void sleep_ms(unsigned ms)
{
	call(CALL_SLEEP, ms * 1000000l, 0, 0);
}

uint64_t clock_ns(void)
{
	return (uint64_t)call(CALL_CLOCK, 0, 0, 0);
}

void *sbrk(long bytes)
{
	long before = call(CALL_SBRK, bytes, 0, 0);

	return before < 0 ? NULL : (void *)before;
}

int open(const char *name)
{
	return (int)call(CALL_OPEN, (long)name, 0, 0);
}

int pipe(int fd[2])
{
	return (int)call(CALL_PIPE, (long)fd, 0, 0);
}

long read(int fd, void *to, size_t len)
{
	return call(CALL_READ, fd, (long)to, (long)len);
}

long write(int fd, const void *from, size_t len)
{
	return call(CALL_WRITE, fd, (long)from, (long)len);
}

int close(int fd)
{
	return (int)call(CALL_CLOSE, fd, 0, 0);
}

int dup(int fd, int as)
{
	return (int)call(CALL_DUP, fd, as, 0);
}

long disk_pages(void)
{
	return call(CALL_DISK_PAGES, 0, 0, 0);
}

int disk_read(long page, void *to)
{
	return (int)call(CALL_DISK_READ, page, (long)to, 0);
}
