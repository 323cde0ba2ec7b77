/* SPDX-License-Identifier: MIT
 *
 * The processor a guest is given: the host's instructions that ring 3 may use,
 * and the few paging features the hypervisor itself turns on.
 */
#ifndef HV_KVM_CPUID_H
#define HV_KVM_CPUID_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Laid out as a struct kvm_cpuid2, whose entries have no fixed number. */
struct hv_cpuid {
	uint32_t entries;
	uint32_t padding;
	struct kvm_cpuid_entry2 entry[8];
	/* Past what the kernel reads: what the entries say in short. */
	uint64_t xcr0; /* extended state to offer; 0 if the host has no XSAVE */
	unsigned physical_bits; /* of a physical address */
	bool fsgsbase;      /* its instructions are there */
	bool host_keys;     /* the host uses protection keys */
	bool host_virtualizes; /* it has VT-x or AMD-V */
	bool tsc_invariant; /* the counter runs at one rate always, so that it
			     * can be a clock */
};
_Static_assert(offsetof(struct hv_cpuid, entry) ==
		       offsetof(struct kvm_cpuid2, entries),
	       "hv_cpuid must be laid out as kvm_cpuid2");

/* Made from the host's own CPUID, one instruction a leaf, since each may trap.
 * KVM_GET_SUPPORTED_CPUID asks for some hundred leaves and then costs more than
 * creating the VM. */
void hv_cpuid_fill(struct hv_cpuid *ret_cpuid);

/* Whether guest-physical addresses up to end can be had. 0, or -1 with a sentence. */
int hv_cpuid_check_reach(const struct hv_cpuid *cpuid, uint64_t end,
			 struct hv_error *err);

/* Whether KVM takes page-table entries for 1 GiB: the one thing that it may lack
 * where the processor has it. kvm is /dev/kvm. */
bool hv_cpuid_huge_pages(int kvm);
/* Say that there are none. */
void hv_cpuid_without_huge_pages(struct hv_cpuid *cpuid);

#endif
