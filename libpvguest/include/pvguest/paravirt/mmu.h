/* SPDX-License-Identifier: MIT
 *
 * Page tables, paravirtual. Beside it stands libpvguest/native/mmu.c.
 * Included by <pvguest/paravirt/ops.h>.
 */
#ifndef PVGUEST_PARAVIRT_MMU_H
#define PVGUEST_PARAVIRT_MMU_H

#include <pvguest/paravirt/ops.h>

static inline int64_t pvg_op_mmu_root(pv_gpa_t root)
{
	return ((pvg_op1 *)pvg_op_entry(PV_OP_MMU_ROOT))(root);
}

static inline int64_t pvg_op_mmu_flush(uint64_t vcpus, uint64_t gva,
				       uint64_t len_bytes)
{
	return ((pvg_op3 *)pvg_op_entry(PV_OP_MMU_FLUSH))(vcpus, gva,
							  len_bytes);
}

#endif
