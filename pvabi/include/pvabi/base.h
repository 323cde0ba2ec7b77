/* SPDX-License-Identifier: MIT
 *
 * What every other header of the contract is built from: fixed-width types,
 * guest-physical addresses and compile-time layout checks. Freestanding; the
 * same bytes in C11 and C++17, in 64-bit and 32-bit code.
 */
#ifndef PVABI_BASE_H
#define PVABI_BASE_H

#include <stddef.h>
#include <stdint.h>

/* The version this header set describes. A hypervisor serves a guest whose
 * major number equals its own and whose minor number is at most its own. */
#define PV_ABI_MAJOR 1
#define PV_ABI_MINOR 2
#define PV_ABI_VERSION ((uint32_t)PV_ABI_MAJOR << 16 | PV_ABI_MINOR)

/* A guest-physical address. Always an integer, on both sides: the hypervisor
 * cannot dereference it by mistake, and it is 64 bits wide for 32-bit code. */
typedef uint64_t pv_gpa_t;

#ifdef __cplusplus
#define PV_STATIC_ASSERT(cond, what) static_assert(cond, what)
#else
#define PV_STATIC_ASSERT(cond, what) _Static_assert(cond, what)
#endif

/* i386 aligns uint64_t to 4; the contract aligns it to 8 everywhere. */
#define PV_ALIGNED(bytes) __attribute__((aligned(bytes)))
#define PV_CACHE_LINE 64
#define PV_PAGE_BYTES 4096

#define PV_SIZE_IS(type, bytes) \
	PV_STATIC_ASSERT(sizeof(type) == (bytes), #type " must be " #bytes " bytes")
#define PV_FIELD_AT(type, field, bytes)             \
	PV_STATIC_ASSERT(offsetof(type, field) == (bytes), \
			 #type "." #field " must be at " #bytes)

#endif
