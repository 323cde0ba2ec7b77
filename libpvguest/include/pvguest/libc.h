/* SPDX-License-Identifier: MIT
 *
 * The part of the C library a freestanding program misses first, under its
 * standard names and with its standard meaning. Compilers call memcpy, memmove,
 * memset and memcmp on their own, so these must exist in any guest.
 *
 * The host's <string.h> and <stdlib.h> may be included too, in C; what they
 * declare beyond this list does not link.
 */
#ifndef PVGUEST_LIBC_H
#define PVGUEST_LIBC_H

#include <stddef.h>

#ifdef __cplusplus
#define PVG_NOTHROW noexcept
extern "C" {
#else
#define PVG_NOTHROW
#endif

void *memcpy(void *to, const void *from, size_t len) PVG_NOTHROW;
void *memmove(void *to, const void *from, size_t len) PVG_NOTHROW;
void *memset(void *to, int byte, size_t len) PVG_NOTHROW;
int memcmp(const void *a, const void *b, size_t len) PVG_NOTHROW;
void *memchr(const void *in, int byte, size_t len) PVG_NOTHROW;

size_t strlen(const char *s) PVG_NOTHROW;
size_t strnlen(const char *s, size_t max) PVG_NOTHROW;
int strcmp(const char *a, const char *b) PVG_NOTHROW;
int strncmp(const char *a, const char *b, size_t max) PVG_NOTHROW;
char *strchr(const char *s, int byte) PVG_NOTHROW;
char *strrchr(const char *s, int byte) PVG_NOTHROW;
char *strstr(const char *s, const char *what) PVG_NOTHROW;
char *strcpy(char *to, const char *from) PVG_NOTHROW;
char *strncpy(char *to, const char *from, size_t len) PVG_NOTHROW;
char *strcat(char *to, const char *from) PVG_NOTHROW;
char *strncat(char *to, const char *from, size_t max) PVG_NOTHROW;
char *strdup(const char *s) PVG_NOTHROW;

/* Out of range gives the nearest limit; there is no errno to tell so. */
long strtol(const char *s, char **ret_end, int base) PVG_NOTHROW;
long long strtoll(const char *s, char **ret_end, int base) PVG_NOTHROW;
unsigned long strtoul(const char *s, char **ret_end, int base) PVG_NOTHROW;
unsigned long long strtoull(const char *s, char **ret_end,
			    int base) PVG_NOTHROW;
int atoi(const char *s) PVG_NOTHROW;

/* The heap: all free RAM, aligned to 16 bytes. Small objects (to 2016 bytes)
 * share pages by size, 10 to 20 ns a call; larger ones have their own. NULL
 * when there is no memory. A pointer that malloc did not give, is freed twice,
 * or whose page header was overwritten makes free and realloc panic. */
void *malloc(size_t len) PVG_NOTHROW;
void *calloc(size_t count, size_t len) PVG_NOTHROW;
void *realloc(void *old, size_t len) PVG_NOTHROW;
/* align is a power of two; any len is fine. */
void *aligned_alloc(size_t align, size_t len) PVG_NOTHROW;
void free(void *object) PVG_NOTHROW;

/* Run fn when the program exits, last registered first. 0, or -1 if there is no
 * memory for it. */
int atexit(void (*fn)(void)) PVG_NOTHROW;
/* As pvg_exit. */
__attribute__((noreturn)) void exit(int status) PVG_NOTHROW;
/* As pvg_panic. */
__attribute__((noreturn)) void abort(void) PVG_NOTHROW;

/* A freestanding compiler does not know what these do; told so, it turns copies
 * of a small known size into moves. In C and C++, beside <string.h> or not. */
#if !__STDC_HOSTED__ && !defined(PVG_DEFINES_THEM)
#define PVG_KNOWN extern inline __attribute__((gnu_inline, always_inline))
PVG_KNOWN void *memcpy(void *to, const void *from, size_t len) PVG_NOTHROW
{
	return __builtin_memcpy(to, from, len);
}
PVG_KNOWN void *memmove(void *to, const void *from, size_t len) PVG_NOTHROW
{
	return __builtin_memmove(to, from, len);
}
PVG_KNOWN void *memset(void *to, int byte, size_t len) PVG_NOTHROW
{
	return __builtin_memset(to, byte, len);
}
PVG_KNOWN int memcmp(const void *a, const void *b, size_t len) PVG_NOTHROW
{
	return __builtin_memcmp(a, b, len);
}
PVG_KNOWN size_t strlen(const char *s) PVG_NOTHROW
{
	return __builtin_strlen(s);
}
#endif

#ifdef __cplusplus
}
#endif
#endif
