/* SPDX-License-Identifier: MIT
 *
 * What programs have instead of a C library: the kernel's calls (lib.c, which begins
 * at main), and a few lines of text and strings (text.c).
 */
#ifndef MINIKERNEL_LIB_H
#define MINIKERNEL_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../calls.h"

int main(int argc, char **argv);

/* The calls of calls.h; what they answer below 0 is minus one of enum call_error. */
long call(enum call number, long a, long b, long c);
__attribute__((noreturn)) void exit(int status);
int fork(void);
int exec(const char *name, char *const *argv);
int wait(int pid, int *ret_status);
int kill(int pid);
int getpid(void);
int group(void);
void yield(void);
void sleep_ms(unsigned ms);
uint64_t clock_ns(void);
void *sbrk(long bytes); /* NULL if it cannot be */
int open(const char *name);
int pipe(int fd[2]);
long read(int fd, void *to, size_t len);
long write(int fd, const void *from, size_t len);
int close(int fd);
int dup(int fd, int as);
long disk_pages(void);
int disk_read(long page, void *to); /* 4 KiB; waits for the device */

/* All of it; how many bytes that were, fewer at an end or error. */
size_t read_all(int fd, void *to, size_t len);
size_t write_all(int fd, const void *from, size_t len);
/* A line, cut to size, without its newline. False at the end. */
bool read_line(int fd, char *to, size_t size);

/* %s, %d of type long, %%; one write each. */
void print(const char *format, ...);
void print_to(int fd, const char *format, ...);
/* The same to the console's third descriptor, and exit(1). */
__attribute__((noreturn)) void fail(const char *format, ...);

size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
long number(const char *s); /* -1: it is none */
void *memset(void *to, int byte, size_t len);
void *memcpy(void *to, const void *from, size_t len);

#endif
