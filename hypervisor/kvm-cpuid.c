/* SPDX-License-Identifier: MIT
 *
 * See kvm-cpuid.h. Bits are those of the Intel SDM vol. 2A and AMD APM vol. 3,
 * "CPUID".
 */
#include "kvm-cpuid.h"

#include <cpuid.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define BIT(n) (1u << (n))

/* Nothing that needs ring 0 support the hypervisor does not give. */

/* FPU, PSE, TSC, MSR, PAE; CX8, PGE, CMOV, PAT; PSE36, CLFSH, MMX, FXSR, SSE,
 * SSE2. */
#define LEAF1_EDX \
	(BIT(0) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | \
	 BIT(8) | BIT(13) | BIT(15) | BIT(16) | \
	 BIT(17) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26))
/* SSE3, PCLMULQDQ, SSSE3, FMA, CX16; SSE4.1, SSE4.2, MOVBE, POPCNT, AES; XSAVE,
 * AVX, F16C, RDRAND. */
#define LEAF1_ECX \
	(BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | \
	 BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25) | \
	 BIT(26) | BIT(28) | BIT(29) | BIT(30))
/* FSGSBASE, BMI1, AVX2, BMI2, ERMS; AVX512F, AVX512DQ, RDSEED, ADX, AVX512IFMA;
 * CLFLUSHOPT, CLWB, AVX512CD, SHA, AVX512BW, AVX512VL. */
#define LEAF7_EBX \
	(BIT(0) | BIT(3) | BIT(5) | BIT(8) | BIT(9) | \
	 BIT(16) | BIT(17) | BIT(18) | BIT(19) | BIT(21) | \
	 BIT(23) | BIT(24) | BIT(28) | BIT(29) | BIT(30) | BIT(31))
/* AVX512_VBMI, AVX512_VBMI2, GFNI, VAES, VPCLMULQDQ; AVX512_VNNI,
 * AVX512_BITALG, AVX512_VPOPCNTDQ, RDPID. */
#define LEAF7_ECX \
	(BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | \
	 BIT(11) | BIT(12) | BIT(14) | BIT(22))
#define LEAF7_EDX BIT(4) /* FSRM */
#define VT_X BIT(5)  /* of 1, ECX */
#define AMD_V BIT(2) /* of 0x80000001, ECX */
#define HUGE_PAGES BIT(26) /* of 0x80000001, EDX: 1 GiB */
/* NX, 1 GiB pages, RDTSCP, LM. */
#define EXT1_EDX (BIT(20) | HUGE_PAGES | BIT(27) | BIT(29))
/* LAHF, LZCNT, SSE4A. */
#define EXT1_ECX (BIT(0) | BIT(5) | BIT(6))
#define TSC_INVARIANT BIT(8) /* of 0x80000007, EDX */

/* x87, SSE, AVX and the three of AVX-512. */
#define XCR0_OFFERED UINT32_C(0xe7)
#define XCR0_AVX512 UINT32_C(0xe0)

static const struct leaf {
	uint32_t function, ebx, ecx, edx; /* masks; EAX is passed as it is */
} leaves[] = {
	{ 0x0, ~0u, ~0u, ~0u },
	{ 0x1, 0x0000ff00, LEAF1_ECX, LEAF1_EDX },
	{ 0x7, LEAF7_EBX, LEAF7_ECX, LEAF7_EDX },
	{ 0xd, ~0u, ~0u, 0 },
	{ 0x80000001, 0, EXT1_ECX, EXT1_EDX },
	{ 0x80000007, 0, 0, TSC_INVARIANT },
	{ 0x80000008, 0, 0, 0 },
};

/* Every leaf is there on a processor with long mode and KVM, but for 7 and 0xd
 * on the oldest: those read as 0 or are left out by leaf 0. */
static struct kvm_cpuid_entry2 host_leaf(uint32_t function)
{
	struct kvm_cpuid_entry2 e = { .function = function };

	__cpuid_count(function, 0, e.eax, e.ebx, e.ecx, e.edx);
	return e;
}

/* What this host's kernel has turned on, as far as it is offered. */
static uint32_t host_xcr0(uint32_t leaf1_ecx)
{
	uint32_t low, high;

	if (!(leaf1_ecx & bit_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	low &= XCR0_OFFERED;
	if ((low & XCR0_AVX512) != XCR0_AVX512)
		low &= ~XCR0_AVX512;
	return low;
}

static void add(struct hv_cpuid *cpuid, struct kvm_cpuid_entry2 entry)
{
	cpuid->entry[cpuid->entries++] = entry;
}

void hv_cpuid_fill(struct hv_cpuid *ret_cpuid)
{
	uint32_t basic_max = 0, xcr0 = 0;

	*ret_cpuid = (struct hv_cpuid){ .entries = 0 };
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		const struct leaf *leaf = &leaves[i];
		struct kvm_cpuid_entry2 e;

		if (leaf->function < 0x80000000 && leaf->function > basic_max)
			continue;
		e = host_leaf(leaf->function);
		switch (leaf->function) {
		case 0:
			basic_max = e.eax = e.eax < 0xd ? e.eax : 0xd;
			break;
		case 1:
			xcr0 = host_xcr0(e.ecx);
			ret_cpuid->host_virtualizes |= (e.ecx & VT_X) != 0;
			break;
		case 7:
			ret_cpuid->fsgsbase = e.ebx & BIT(0);
			ret_cpuid->host_keys = e.ecx & BIT(4); /* OSPKE */
			e.eax = 0; /* no further subleaves */
			e.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
			break;
		case 0xd:
			ret_cpuid->xcr0 = e.eax = xcr0;
			e.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
			break;
		case 0x80000001:
			ret_cpuid->host_virtualizes |= (e.ecx & AMD_V) != 0;
			break;
		case 0x80000007:
			ret_cpuid->tsc_invariant = e.edx & TSC_INVARIANT;
			break;
		case 0x80000008:
			ret_cpuid->physical_bits = e.eax & 0xff;
			break;
		}
		e.ebx &= leaf->ebx;
		e.ecx &= leaf->ecx;
		e.edx &= leaf->edx;
		add(ret_cpuid, e);
	}
	add(ret_cpuid, (struct kvm_cpuid_entry2){ .function = 0x80000000,
						  .eax = 0x80000008 });
}

void hv_cpuid_without_huge_pages(struct hv_cpuid *cpuid)
{
	for (uint32_t i = 0; i < cpuid->entries; i++)
		if (cpuid->entry[i].function == 0x80000001)
			cpuid->entry[i].edx &= ~HUGE_PAGES;
}

int hv_cpuid_check_reach(const struct hv_cpuid *cpuid, uint64_t end,
			 struct hv_error *err)
{
	if (end >> cpuid->physical_bits)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--mem asks for more than the %u-bit physical addresses of this host's processor reach",
			       cpuid->physical_bits);
	return 0;
}

bool hv_cpuid_huge_pages(int kvm)
{
	enum { ENTRIES = 256 }; /* as many as KVM has (KVM_MAX_CPUID_ENTRIES) */
	struct kvm_cpuid2 *all =
		calloc(1, sizeof(*all) + ENTRIES * sizeof(all->entries[0]));
	bool has = false;

	if (!all)
		return false;
	all->nent = ENTRIES;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, all) == 0)
		for (uint32_t i = 0; i < all->nent; i++)
			if (all->entries[i].function == 0x80000001)
				has = all->entries[i].edx & HUGE_PAGES;
	free(all);
	return has;
}
