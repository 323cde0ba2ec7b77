/* SPDX-License-Identifier: MIT
 *
 * Masking upcalls, native: CLI, STI and a look at RFLAGS.IF (Intel SDM volume 2;
 * volume 3, 6.8.1). Included by <pvguest/upcall.h>.
 *
 * Interrupts that come while they are masked wait in the local APIC, so that only
 * what this library itself made pending is seen by the test.
 */
#ifndef PVGUEST_NATIVE_MASK_H
#define PVGUEST_NATIVE_MASK_H

#include <pvguest/vcpu.h>

static inline void pvg_mask(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline bool pvg_masked(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq\n\t"
			 "popq %0"
			 : "=r"(flags)
			 :
			 : "memory");
	return !(flags & 1u << 9);
}

static inline bool pvg_unmask_and_test(void)
{
	bool pending;

	__asm__ volatile("sti\n\t"
			 "cmpl $0, %%gs:%c1"
			 : "=@ccne"(pending)
			 : "i"(offsetof(struct pv_vcpu, upcalls_pending))
			 : "memory");
	return pending;
}

#endif
