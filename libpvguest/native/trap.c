/* SPDX-License-Identifier: MIT
 *
 * SET_TRAPS: which exceptions of the kernel are handled. The interrupt table leads all
 * of them to entry.S; what is not handled is a panic.
 */
#include <pvguest/ops.h>

#include "../internal.h"

int64_t pvg_op_set_traps(const volatile void *entry, uint64_t vectors)
{
	if (vectors >> PV_VECTORS ||
	    (vectors && !pvg_is_canonical((uint64_t)(uintptr_t)entry)))
		return -PV_EINVAL;
	if (vectors && entry != (void *)(uintptr_t)pvg_trap_entry)
		return -PV_EOPNOTSUPP;
	pvg_cpu()->trap_vectors = (uint32_t)vectors;
	return 0;
}
