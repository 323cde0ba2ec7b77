/* SPDX-License-Identifier: MIT
 *
 * What lwIP asks of a compiler and its library; <lwip/arch.h> includes this first. The
 * functions are in port.c.
 */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <limits.h>
#include <stdint.h>

/* In GNU's C the former has SSIZE_MAX, and lwIP takes the type for granted. */
#ifdef SSIZE_MAX
typedef long ssize_t;
#endif

/* What a freestanding program does without. */
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_UNISTD_H 1
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

uint32_t lwip_port_random(void);
uint16_t lwip_port_checksum(const void *data, int len_bytes);
__attribute__((noreturn)) void lwip_port_failed(const char *what, const char *file,
						int line);

int pvg_printf(const char *format, ...);

#define LWIP_RAND() lwip_port_random()
#define LWIP_PLATFORM_DIAG(text) ((void)pvg_printf text)
/* To go on would be worse than to end. */
#define LWIP_PLATFORM_ASSERT(what) lwip_port_failed(what, __FILE__, __LINE__)

#endif
