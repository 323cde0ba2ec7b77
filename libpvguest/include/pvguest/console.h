/* SPDX-License-Identifier: MIT
 *
 * The console: output is the standard output of `paravane run`, byte for byte;
 * input is its standard input.
 *
 * Output is line-buffered. A call costs no exit until what it wrote contains a
 * newline or fills the buffer (PVG_CONSOLE_BUFFER_BYTES); then it costs one,
 * however many lines it wrote. Exits, panics and reads flush; a fault does not,
 * and loses what is buffered.
 */
#ifndef PVGUEST_CONSOLE_H
#define PVGUEST_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PVG_CONSOLE_BUFFER_BYTES 1024

/* Write bytes. 0, or -PV_EIO once nobody reads the output any more; what was
 * written is then dropped. What exceeds the buffer goes past it, one exit for
 * each PV_CONSOLE_MAX_BYTES. */
int pvg_console_write(const void *bytes, size_t len_bytes);
/* Hand over what is buffered. Answers as pvg_console_write. Cost 0 or 1. */
int pvg_console_flush(void);

/* The string and a newline. 0, or -1 on failure. */
int pvg_puts(const char *string);

/* The printf family of C99: conversions d i u x X o c s p % and f F; flags
 * - + space # 0; width and precision, * included; lengths hh h l ll z t j.
 * Answers the length of the whole text, which the sn forms cut at size - 1 and
 * always terminate (size 0: nothing is written). -1 if the console failed.
 *
 * Not there: e g a n, long double, wide characters; natively f, since a native
 * kernel has no doubles. f is exact to 2^-64. An unknown conversion is printed as it
 * stands. */
__attribute__((format(printf, 1, 2))) int pvg_printf(const char *format, ...);
__attribute__((format(printf, 1, 0))) int pvg_vprintf(const char *format,
						      va_list args);
__attribute__((format(printf, 3, 4))) int
pvg_snprintf(char *ret_text, size_t size, const char *format, ...);
__attribute__((format(printf, 3, 0))) int
pvg_vsnprintf(char *ret_text, size_t size, const char *format, va_list args);

/* Read up to len_bytes, waiting until there is at least one. From a terminal
 * (PV_BOOT_TERMINAL) these are keys, unechoed, Ctrl-D among them. Answers how many;
 * 0 at the end of input (or for len 0); -PV_EOPNOTSUPP without
 * PV_FEATURE_INPUT. Cost 1 exit if bytes are there, else 2 more per wait. Input is
 * for one thread at a time. */
int64_t pvg_console_read(void *ret_bytes, size_t len_bytes);

#ifdef __cplusplus
}
#endif
#endif
