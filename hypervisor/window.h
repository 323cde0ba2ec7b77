/* SPDX-License-Identifier: MIT
 *
 * The window: the part of the guest's address space that is the hypervisor's.
 * Its memory is the host's own, outside guest RAM; only what is marked "guest"
 * is mapped for ring 3.
 *
 *	+0x00000  vCPU pages, one each    guest: read, write
 *	+0x40000  a page for each vCPU    the engine's: its fault stack
 *	+0x80000  operations page         guest: read, execute
 *	+0x81000  boot info, its tables   guest: read
 *	+0x91000  user page               guest and user mode: read, execute
 *	+0x92000  the engine's tables     GDT, IDT, fault stubs, task states
 *	+0x97000  end of what is mapped; page tables follow
 *
 * A guest with page tables of its own can name any of it by its physical address.
 * What nobody has to write is read-only memory for such a one, at every ring: from
 * HV_WINDOW_FIXED up to the page tables. Those cannot be, since a processor with
 * nested paging walks them as a writer. So a kernel that sets out to can make
 * itself ring 0 of its own VM, which is what every KVM guest is: nothing here
 * trusts what it finds in the window or where the vCPU comes from.
 */
#ifndef HV_WINDOW_H
#define HV_WINDOW_H

#include <pvabi/boot.h>
#include <pvabi/vcpu.h>

#define HV_WINDOW_VCPUS 0x00000u
#define HV_WINDOW_STACKS 0x40000u
#define HV_WINDOW_FIXED 0x80000u
#define HV_WINDOW_OPS 0x80000u
#define HV_WINDOW_BOOT 0x81000u
#define HV_WINDOW_USER 0x91000u
#define HV_WINDOW_ENGINE 0x92000u
#define HV_WINDOW_MAPPED 0x97000u

#define HV_WINDOW_BOOT_BYTES (HV_WINDOW_USER - HV_WINDOW_BOOT)

struct hv_window {
	uint8_t *base; /* host address */
	uint64_t bytes;
	pv_gpa_t gpa;  /* where an engine with guest-physical addresses puts it:
			* above RAM, 2 MiB aligned */
};

/* 0 or -errno. ram_bytes decides how many page tables it has room for. */
int hv_window_create(struct hv_window *ret_window, uint64_t ram_bytes);
void hv_window_done(struct hv_window *window);
/* Host address of what an engine has at this guest-physical one, or NULL. */
const void *hv_window_at(const struct hv_window *window, pv_gpa_t gpa,
			 uint64_t len);

static inline uint64_t hv_window_addr(uint32_t offset)
{
	return PV_WINDOW_BASE + offset;
}

static inline uint32_t hv_window_vcpu_offset(unsigned vcpu)
{
	return HV_WINDOW_VCPUS + vcpu * PV_PAGE_BYTES;
}

static inline struct pv_vcpu *hv_window_vcpu(const struct hv_window *window,
					     unsigned vcpu)
{
	return (struct pv_vcpu *)(void *)(window->base +
					  hv_window_vcpu_offset(vcpu));
}

#endif
