/* SPDX-License-Identifier: MIT
 *
 * The members of the printf family that print into memory.
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>

#include "internal.h"

struct text {
	char *at;
	size_t room; /* without the terminating NUL */
};

static void put_text(void *sink, const char *piece, size_t len)
{
	struct text *text = sink;

	if (len > text->room)
		len = text->room;
	memcpy(text->at, piece, len);
	text->at += len;
	text->room -= len;
}

int pvg_vsnprintf(char *ret_text, size_t size, const char *format, va_list args)
{
	char nothing;
	struct text text = { size ? ret_text : &nothing, size ? size - 1 : 0 };
	size_t len = pvg_format(put_text, &text, format, args);

	*text.at = '\0';
	return (int)len;
}

int pvg_snprintf(char *ret_text, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = pvg_vsnprintf(ret_text, size, format, args);
	va_end(args);
	return len;
}
