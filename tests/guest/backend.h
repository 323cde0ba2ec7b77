/* SPDX-License-Identifier: MIT
 *
 * What a test has to know of the backend it is built for (<pvguest/ops.h>): the same
 * source runs as a paravirtual guest and as a native kernel.
 */
#ifndef TESTS_GUEST_BACKEND_H
#define TESTS_GUEST_BACKEND_H

#include <pvguest/pvguest.h>

#ifdef PVG_NATIVE
/* A native kernel is a supervisor to the page tables, has vector registers and a red
 * zone for user mode only, and its own user mode begins at root entry 1. */
#define KERNEL_PF_USER 0u
#define KERNEL_HAS_VECTORS 0
#define USER_BASE (UINT64_C(1) << 39)
#else
#define KERNEL_PF_USER PVG_PF_USER
#define KERNEL_HAS_VECTORS 1
#define USER_BASE UINT64_C(0)
#endif

#endif
