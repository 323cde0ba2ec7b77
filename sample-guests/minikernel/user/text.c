/* SPDX-License-Identifier: MIT
 *
 * The programs' library: text and strings, by the calls of lib.c. See lib.h.
 */
#include "lib.h"

size_t read_all(int fd, void *to, size_t len)
{
	size_t done = 0;
	long got;

	while (done < len &&
	       (got = read(fd, (char *)to + done, len - done)) > 0)
		done += (size_t)got;
	return done;
}

size_t write_all(int fd, const void *from, size_t len)
{
	size_t done = 0;
	long got;

	while (done < len &&
	       (got = write(fd, (const char *)from + done, len - done)) > 0)
		done += (size_t)got;
	return done;
}

bool read_line(int fd, char *to, size_t size)
{
	static char buffer[512];
	static size_t at, end;
	size_t len = 0;

	for (;;) {
		char c;

		if (at == end) {
			long got = read(fd, buffer, sizeof(buffer));

			at = 0;
			end = got > 0 ? (size_t)got : 0;
		}
		if (end == 0 && len == 0)
			return false;
		c = end == 0 ? '\n' : buffer[at++];
		if (c == '\n')
			break;
		if (len + 1 < size)
			to[len++] = c;
	}
	to[len] = '\0';
	return true;
}

/* Text to be written in one piece. */
struct text {
	char bytes[256];
	size_t len;
};

static void put(struct text *text, char c)
{
	if (text->len < sizeof(text->bytes))
		text->bytes[text->len++] = c;
}

static void put_string(struct text *text, const char *s)
{
	while (*s)
		put(text, *s++);
}

static void put_number(struct text *text, long n)
{
	unsigned long left = n < 0 ? -(unsigned long)n : (unsigned long)n;
	char digits[24];
	int i = 0;

	if (n < 0)
		put(text, '-');
	do {
		digits[i++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	while (i > 0)
		put(text, digits[--i]);
}

static void print_args(int fd, const char *format, va_list args,
		       const char *end)
{
	struct text text = { .len = 0 };

	for (; *format; format++) {
		if (*format != '%') {
			put(&text, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_string(&text, va_arg(args, const char *));
			break;
		case 'd':
			put_number(&text, va_arg(args, long));
			break;
		default:
			put(&text, *format);
		}
	}
	put_string(&text, end);
	write_all(fd, text.bytes, text.len);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_args(1, format, args, "");
	va_end(args);
}

void print_to(int fd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_args(fd, format, args, "");
	va_end(args);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_args(2, format, args, "\n");
	va_end(args);
	exit(1);
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

long number(const char *s)
{
	long n = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > INT32_MAX)
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

void *memset(void *to, int byte, size_t len)
{
	for (char *at = to; len > 0; len--)
		*at++ = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t len)
{
	const char *source = from;

	for (char *at = to; len > 0; len--)
		*at++ = *source++;
	return to;
}
