/* SPDX-License-Identifier: MIT
 *
 * What the files of the library share among themselves.
 */
#ifndef PVG_INTERNAL_H
#define PVG_INTERNAL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PVG_LIKELY(x) __builtin_expect(!!(x), 1)
#define PVG_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The linker script: constructors and destructors. */
typedef void pvg_function(void);
extern pvg_function *const pvg_init_array_start[], *const pvg_init_array_end[];
extern pvg_function *const pvg_fini_array_start[], *const pvg_fini_array_end[];

/* format.c: the engine of the printf family. Hands the text piece by piece to
 * put; answers its length. */
typedef void pvg_put(void *sink, const char *piece, size_t len);
size_t pvg_format(pvg_put *put, void *sink, const char *format, va_list args);

/* event.c: before anybody waits. */
void pvg_ports_mask_all(void);

/* exit.c: handlers with an argument, for atexit and for C++ destructors. 0, or
 * -1 without memory. */
int pvg_at_exit(void (*fn)(void *arg), void *arg);

#endif
