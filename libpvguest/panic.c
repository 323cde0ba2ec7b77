/* SPDX-License-Identifier: MIT
 *
 * The disorderly end. The backtrace is the hypervisor's: it finds this frame in
 * the registers of the operation and follows rbp from there.
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/panic.h>

#include "internal.h"

static char message[512];
static bool panicking;

void pvg_panic(const char *format, ...)
{
	va_list args;
	int len;

	/* A panic in the course of a panic: what is in the message so far is
	 * the best there is. */
	if (panicking)
		pvg_op_crash(message, strnlen(message, sizeof(message)));
	panicking = true;
	va_start(args, format);
	len = pvg_vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (len > (int)sizeof(message) - 1)
		len = (int)sizeof(message) - 1;
	pvg_console_flush_anyway();
	pvg_op_crash(message, (uint64_t)len);
}

void abort(void)
{
	pvg_panic("aborted");
}
