/* SPDX-License-Identifier: MIT
 *
 * The entry point of a paravirtual guest. Read first <pvabi/boot.h>: the vCPU
 * comes with paging, SSE and a stack ready and an rbp of 0, which ends every
 * backtrace, so the entry is a C function.
 */
#include <pvguest/boot.h>
#include <pvguest/libc.h>

#include "../internal.h"

__attribute__((noreturn)) void _start(const struct pv_boot_info *info);

/* Without operations there is no way to say anything: the name of the function
 * that traps is the message, in the report's backtrace. */
__attribute__((noreturn, noinline)) static void
no_hypervisor_of_this_abi_version(void)
{
	__builtin_trap();
}

static void take_boot_info(const struct pv_boot_info *info)
{
	size_t known = sizeof(pvg_boot);

	if (!info || info->magic != PV_BOOT_MAGIC ||
	    info->abi_version >> 16 != PV_ABI_MAJOR)
		no_hypervisor_of_this_abi_version();
	if (info->size_bytes < known)
		known = info->size_bytes;
	memcpy(&pvg_boot, info, known);
}

void _start(const struct pv_boot_info *info)
{
	take_boot_info(info);
	pvg_start();
}
