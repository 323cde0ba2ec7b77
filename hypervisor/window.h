/* SPDX-License-Identifier: MIT
 *
 * The window: the part of the guest's address space that is the hypervisor's.
 * Its memory is the host's own, outside guest RAM; only what is marked "guest"
 * is mapped for ring 3.
 *
 *	+0x00000  operations page           guest: read, execute
 *	+0x01000  boot info and its tables  guest: read
 *	+0x11000  vCPU page                 guest: read, write
 *	+0x12000  the engine's own          GDT, IDT, TSS, fault stubs and stack
 *	+0x14000  end of what is mapped; page tables follow
 */
#ifndef HV_WINDOW_H
#define HV_WINDOW_H

#include <pvabi/boot.h>
#include <pvabi/vcpu.h>

#define HV_WINDOW_OPS 0x00000u
#define HV_WINDOW_BOOT 0x01000u
#define HV_WINDOW_VCPU 0x11000u
#define HV_WINDOW_ENGINE 0x12000u
#define HV_WINDOW_MAPPED 0x14000u

#define HV_WINDOW_BOOT_BYTES (HV_WINDOW_VCPU - HV_WINDOW_BOOT)

struct hv_window {
	uint8_t *base; /* host address */
	uint64_t bytes;
	pv_gpa_t gpa;  /* where an engine with guest-physical addresses puts it:
			* above RAM, 2 MiB aligned */
};

/* 0 or -errno. ram_bytes decides how many page tables it has room for. */
int hv_window_create(struct hv_window *ret_window, uint64_t ram_bytes);
void hv_window_done(struct hv_window *window);

static inline uint64_t hv_window_addr(uint32_t offset)
{
	return PV_WINDOW_BASE + offset;
}

static inline struct pv_vcpu *hv_window_vcpu(const struct hv_window *window)
{
	return (struct pv_vcpu *)(void *)(window->base + HV_WINDOW_VCPU);
}

#endif
