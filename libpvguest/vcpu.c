/* SPDX-License-Identifier: MIT
 *
 * The library's side of a vCPU's page.
 */
#include <pvguest/libc.h>
#include <pvguest/vcpu.h>

#include "internal.h"

static struct pvg_percpu percpus[PV_VCPUS_MAX];

void pvg_vcpu_prepare(unsigned vcpu)
{
	struct pv_vcpu *page = pvg_vcpu_page(vcpu);

	page->own[PVG_OWN_SELF] = (uint64_t)(uintptr_t)page;
	page->own[PVG_OWN_THREAD] = 0;
	page->own[PVG_OWN_PERCPU] = (uint64_t)(uintptr_t)&percpus[vcpu];
	page->own[PVG_OWN_USER] = 0;
	memset(percpus[vcpu].unmasked, 0, sizeof(percpus[vcpu].unmasked));
	for (int i = 0; i < PV_PORT_WORDS; i++)
		__atomic_store_n(&page->masked[i], UINT64_MAX,
				 __ATOMIC_RELEASE);
}
