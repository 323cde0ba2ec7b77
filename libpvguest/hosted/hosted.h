/* SPDX-License-Identifier: MIT
 *
 * The guest library inside a host process, for unit tests. Its memcpy, malloc
 * and so on are called pvguest_memcpy, pvguest_malloc here; the rest keeps its
 * names. The test plays the hypervisor: it sets the operations and, by way of
 * pvg_vcpu() and the rings, shared memory.
 *
 * Include the host's headers first.
 */
#ifndef PVG_HOSTED_H
#define PVG_HOSTED_H

#include "names.h"

#include <pvguest/pvguest.h>

#include "no-names.h"

/* An operation, with the arguments of the call; those it does not have hold
 * anything. */
typedef int64_t pvg_hosted_op(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			      uint64_t e);

/* Fill pvg_boot as if a guest had been started with these pages as its free
 * memory, all features but PV_FEATURE_CLOCK, no device and no argument.
 * Operations: CONSOLE_WRITE writes to standard output, CRASH writes its message
 * to standard error and aborts, EXIT exits, CLOCK is the host's, RANDOM fills
 * with 4s; the others answer -PV_ENOSYS until the test sets them. The library's
 * own state is as the process has it: once for each process. */
void pvg_hosted_boot(void *free_memory, size_t bytes);
/* As which vCPU this thread goes on; that of pvg_hosted_boot's caller is 0. There
 * are PVG_HOSTED_VCPUS, though pvg_boot.vcpus says 1 until the test changes it. */
#define PVG_HOSTED_VCPUS 8
void pvg_hosted_enter(unsigned vcpu);
void pvg_hosted_set_op(enum pv_op number, pvg_hosted_op *op);

/* A page-aligned table, for pvg_boot.devices_addr or ranges_addr. */
static inline uint64_t pvg_hosted_addr(const void *table)
{
	return (uint64_t)(uintptr_t)table;
}

#endif
