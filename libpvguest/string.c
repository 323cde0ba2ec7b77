/* SPDX-License-Identifier: MIT
 *
 * The str* functions. Plain loops: a guest's strings are short.
 */
#define PVG_DEFINES_THEM
#include <pvguest/libc.h>

#include "internal.h"

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end)
		end++;
	return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;

	while (len < max && s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t max)
{
	while (max > 0 && *a && *a == *b) {
		a++;
		b++;
		max--;
	}
	return max > 0 ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int byte)
{
	for (; *s != (char)byte; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int byte)
{
	size_t i = strlen(s) + 1;

	while (i-- > 0)
		if (s[i] == (char)byte)
			return (char *)(uintptr_t)(s + i);
	return NULL;
}

/* Quadratic at worst. */
char *strstr(const char *s, const char *what)
{
	size_t len = strlen(what);

	for (;; s++) {
		if (strncmp(s, what, len) == 0)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strcpy(char *to, const char *from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *strncpy(char *to, const char *from, size_t len)
{
	size_t used = strnlen(from, len);

	memcpy(to, from, used);
	memset(to + used, 0, len - used);
	return to;
}

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

char *strncat(char *to, const char *from, size_t max)
{
	char *end = to + strlen(to);
	size_t len = strnlen(from, max);

	memcpy(end, from, len);
	end[len] = '\0';
	return to;
}

char *strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = malloc(size);

	return copy ? memcpy(copy, s, size) : NULL;
}
