/* SPDX-License-Identifier: MIT
 *
 * Masking upcalls, paravirtual: a store to the vCPU's page, and a store and a test.
 * Included by <pvguest/upcall.h>.
 */
#ifndef PVGUEST_PARAVIRT_MASK_H
#define PVGUEST_PARAVIRT_MASK_H

#include <pvguest/vcpu.h>

static inline void pvg_mask(void)
{
	__asm__ volatile("movl $1, %%gs:%c0"
			 :
			 : "i"(offsetof(struct pv_vcpu, upcalls_masked))
			 : "memory");
}

static inline bool pvg_masked(void)
{
	bool masked;

	__asm__ volatile("cmpl $0, %%gs:%c1"
			 : "=@ccne"(masked)
			 : "i"(offsetof(struct pv_vcpu, upcalls_masked))
			 : "memory");
	return masked;
}

static inline bool pvg_unmask_and_test(void)
{
	bool pending;

	__asm__ volatile("movl $0, %%gs:%c1\n\t"
			 "cmpl $0, %%gs:%c2"
			 : "=@ccne"(pending)
			 : "i"(offsetof(struct pv_vcpu, upcalls_masked)),
			   "i"(offsetof(struct pv_vcpu, upcalls_pending))
			 : "memory");
	return pending;
}

#endif
