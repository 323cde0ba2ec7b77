/* SPDX-License-Identifier: MIT
 *
 * The processor of the native machine: all of the host's that KVM can give, without
 * KVM's own paravirtualization, and without what an interpreter of ring 0 lacks.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "native.h"

#define BIT(n) (UINT32_C(1) << (n))
#define ENTRIES 256u /* as many as KVM has (KVM_MAX_CPUID_ENTRIES) */

/* Of leaf 1. */
#define TSC_DEADLINE BIT(24) /* ECX */
#define HYPERVISOR BIT(31)
/* FMA, XSAVE, OSXSAVE, AVX, F16C: what XSAVE keeps, or is */
#define XSAVE_ECX (BIT(12) | BIT(26) | BIT(27) | BIT(28) | BIT(29))
/* Of leaf 7: AVX2 and all of AVX-512; VAES, VPCLMULQDQ and more of AVX-512, PKU. */
#define XSAVE_7_EBX (BIT(5) | BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | \
		     BIT(28) | BIT(30) | BIT(31))
#define XSAVE_7_ECX (BIT(1) | BIT(3) | BIT(6) | BIT(9) | BIT(10) | BIT(11) | \
		     BIT(12) | BIT(14))

static bool is_paravirtual(uint32_t function)
{
	return function >> 28 == 4;
}

static void clear(struct kvm_cpuid_entry2 *e)
{
	e->eax = e->ebx = e->ecx = e->edx = 0;
}

/* Software KVM interprets ring 0 and knows FXSAVE but not XSAVE. */
static void without_xsave(struct kvm_cpuid_entry2 *e)
{
	switch (e->function) {
	case 1:
		e->ecx &= ~XSAVE_ECX;
		break;
	case 7:
		if (e->index == 0) {
			e->ebx &= ~XSAVE_7_EBX;
			e->ecx &= ~XSAVE_7_ECX;
			e->edx = 0;
		} else {
			clear(e);
		}
		break;
	case 0xd:
		clear(e);
		break;
	}
}

/* Each vCPU is a package of its own, and says which. */
static void identify(struct kvm_cpuid_entry2 *e, unsigned number)
{
	switch (e->function) {
	case 1:
		e->ebx = (e->ebx & 0xff00) | number << 24 | 1u << 16;
		break;
	case 0xb:
	case 0x1f:
		clear(e);
		e->edx = number;
		break;
	case 0x8000001e:
		e->eax = e->ebx = number;
		e->ecx = 0;
		break;
	case 0x80000008:
		e->ecx = 0;
		break;
	}
}

static void make(const struct hv_native *native, struct kvm_cpuid2 *cpuid,
		 unsigned number)
{
	bool deadline = ioctl(native->kvm, KVM_CHECK_EXTENSION,
			      KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 e = cpuid->entries[i];

		if (is_paravirtual(e.function))
			continue;
		identify(&e, number);
		if (e.function == 1)
			e.ecx |= HYPERVISOR | (deadline ? TSC_DEADLINE : 0);
		if (native->interpreted)
			without_xsave(&e);
		cpuid->entries[kept++] = e;
	}
	cpuid->nent = kept;
}

int hv_native_set_cpuid(struct hv_native *native, int vcpu, unsigned number)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + ENTRIES * sizeof(cpuid->entries[0]));
	int status;

	if (!cpuid) {
		errno = ENOMEM;
		return -1;
	}
	cpuid->nent = ENTRIES;
	status = ioctl(native->dev, KVM_GET_SUPPORTED_CPUID, cpuid);
	if (status == 0) {
		make(native, cpuid, number);
		status = ioctl(vcpu, KVM_SET_CPUID2, cpuid);
	}
	free(cpuid);
	return status;
}
