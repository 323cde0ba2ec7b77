/* SPDX-License-Identifier: MIT
 *
 * Console output: one line buffer in front of CONSOLE_WRITE. Input is
 * console-input.c.
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/spinlock.h>

#include "internal.h"

/* Held over CONSOLE_WRITE too: what one call prints stays together, and a vCPU in
 * that operation could not handle events anyway. */
static struct pvg_spinlock lock;
static char buffer[PVG_CONSOLE_BUFFER_BYTES];
static size_t buffered;

/* All of it, past the buffer. */
static int write_through(const char *bytes, size_t len)
{
	while (len > 0) {
		int64_t taken = pvg_op_console_write(bytes, len);

		if (taken < 0)
			return (int)taken;
		bytes += taken;
		len -= (size_t)taken;
	}
	return 0;
}

static int flush(void)
{
	size_t len = buffered;

	buffered = 0;
	return write_through(buffer, len);
}

/* Buffer, or flush and go past the buffer what does not fit it. */
static int append(const char *bytes, size_t len)
{
	if (len > sizeof(buffer) - buffered) {
		int error = flush();

		if (error)
			return error;
		if (len >= sizeof(buffer))
			return write_through(bytes, len);
	}
	memcpy(buffer + buffered, bytes, len);
	buffered += len;
	return 0;
}

static int append_line(const char *bytes, size_t len)
{
	int error = append(bytes, len);

	if (!error && memchr(bytes, '\n', len))
		error = flush();
	return error;
}

int pvg_console_flush(void)
{
	bool was_masked = pvg_spin_lock_masked(&lock);
	int error = flush();

	pvg_spin_unlock_masked(&lock, was_masked);
	return error;
}

/* Who holds it may be this vCPU, or be stopped. What is in the buffer is written
 * all the same, twice or cut in the worst case. */
void pvg_console_flush_anyway(void)
{
	for (int i = 0; i < 10000 && !pvg_spin_trylock(&lock); i++)
		__builtin_ia32_pause();
	flush();
}

int pvg_console_write(const void *bytes, size_t len_bytes)
{
	bool was_masked = pvg_spin_lock_masked(&lock);
	int error = append_line(bytes, len_bytes);

	pvg_spin_unlock_masked(&lock, was_masked);
	return error;
}

int pvg_puts(const char *string)
{
	bool was_masked = pvg_spin_lock_masked(&lock);
	int error = append(string, strlen(string));

	if (!error)
		error = append_line("\n", 1);
	pvg_spin_unlock_masked(&lock, was_masked);
	return error ? -1 : 0;
}

struct print {
	bool newline;
	int error;
};

static void put_console(void *sink, const char *piece, size_t len)
{
	struct print *print = sink;

	if (!print->error)
		print->error = append(piece, len);
	print->newline |= memchr(piece, '\n', len) != NULL;
}

int pvg_vprintf(const char *format, va_list args)
{
	bool was_masked = pvg_spin_lock_masked(&lock);
	struct print print = { false, 0 };
	size_t len = pvg_format(put_console, &print, format, args);

	if (!print.error && print.newline)
		print.error = flush();
	pvg_spin_unlock_masked(&lock, was_masked);
	return print.error ? -1 : (int)len;
}

int pvg_printf(const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = pvg_vprintf(format, args);
	va_end(args);
	return len;
}
