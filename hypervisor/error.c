/* SPDX-License-Identifier: MIT
 *
 * See error.h.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

/* Paths and names in a sentence may hold anything; it stays one line. */
static void blank_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

int hv_fail(struct hv_error *err, enum hv_status status, const char *format, ...)
{
	va_list args;

	if (err->text[0])
		return -1;
	err->status = status;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	blank_controls(err->text);
	return -1;
}
