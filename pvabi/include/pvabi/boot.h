/* SPDX-License-Identifier: MIT
 *
 * What a guest finds at its entry point.
 *
 * The vCPU is in 64-bit mode with paging on and flat segments. It does not know
 * its ring. RAM is identity-mapped: guest-virtual equals guest-physical address
 * for all of RAM, except page 0 and the guard pages, which are not mapped. Image
 * segments are readable and have the other rights of their program headers; the
 * rest of RAM is read-write and never executable.
 *
 *   rdi       address of struct pv_boot_info
 *   rsp       top of the boot stack; rsp + 8 is a multiple of 16 and [rsp] is 0,
 *             as after a call from nowhere, so the entry may be a C function
 *   rflags    status and direction flags clear
 *   gs base   address of this vCPU's struct pv_vcpu (since 1.1)
 *   all other general registers 0; x87 and SSE control words at their defaults;
 *   extended state as in pv_boot_info.xcr0, all initial
 *
 * The boot info, the operations page and the vCPU page lie in the window, the
 * part of the address space the hypervisor keeps for itself. They are mapped for
 * the guest but are not RAM: their addresses are guest-virtual only, and no
 * guest-physical address leads there.
 *
 *   0x0000_0000_0000_0000  page 0, never mapped
 *   0x0000_0000_0000_1000  RAM: image, stack, free memory, up to ram_bytes
 *   0x0000_7f80_0000_0000  the window, PV_WINDOW_BYTES long
 */
#ifndef PVABI_BOOT_H
#define PVABI_BOOT_H

#include <pvabi/base.h>
#include <pvabi/feature.h>

/* The last 512 GiB slot of the lower half: a range that is usable at every
 * privilege level under VT-x, AMD-V and software KVM alike. */
#define PV_WINDOW_BASE UINT64_C(0x00007f8000000000)
#define PV_WINDOW_BYTES (UINT64_C(512) << 30)
#define PV_WINDOW_ROOT_ENTRY 255 /* the window's entry in a page-table root */

#define PV_BOOT_MAGIC 0x49425650u /* "PVBI" */

enum pv_memory_type {
	PV_MEMORY_FREE = 1,  /* RAM that nobody uses: the guest's heap */
	PV_MEMORY_IMAGE = 2, /* a loaded segment of the image */
	PV_MEMORY_STACK = 3, /* the boot stack */
	PV_MEMORY_GUARD = 4  /* RAM that is not mapped: page 0, stack guards */
};

/* Ranges are page-aligned, ascending, disjoint and cover [0, ram_bytes). */
struct pv_memory_range {
	pv_gpa_t base PV_ALIGNED(8);
	uint64_t bytes;
	uint32_t type; /* enum pv_memory_type; unknown types are to be left alone */
	uint32_t reserved;
};
PV_SIZE_IS(struct pv_memory_range, 24);

enum pv_device_type {
	PV_DEVICE_BLOCK = 1, /* config is struct pv_blk_config */
	PV_DEVICE_NET = 2    /* config is struct pv_net_config. Since 1.2 */
};

#define PV_DEVICE_NAME_BYTES 32
#define PV_DEVICE_CONFIG_BYTES 64

struct pv_device {
	uint32_t type;              /* enum pv_device_type */
	uint32_t number;            /* what PV_OP_QUEUE_OPEN takes */
	uint32_t queues;            /* queues it can have open at once, from 1 */
	uint32_t queue_entries_max; /* slots in one queue, a power of two */
	char name[PV_DEVICE_NAME_BYTES]; /* NUL-terminated, unique in the VM */
	uint8_t config[PV_DEVICE_CONFIG_BYTES] PV_ALIGNED(8);
	uint64_t reserved[2];
};
PV_SIZE_IS(struct pv_device, 128);
PV_FIELD_AT(struct pv_device, config, 48);

/* Console input is a terminal, and bytes arrive as keys are pressed: echo, erasing
 * and the end of input (Ctrl-D, byte 4) are the guest's to do. */
#define PV_BOOT_TERMINAL (1u << 0)

/* Read-only for the guest. Every *_addr is a guest-virtual address. A later
 * minor version may only append: a guest ignores what lies past the size it
 * knows, and treats as 0 what lies past size_bytes. */
struct pv_boot_info {
	uint32_t magic;       /* PV_BOOT_MAGIC */
	uint32_t size_bytes;  /* of this struct */
	uint32_t abi_version; /* the hypervisor's */
	uint32_t flags;       /* PV_BOOT_* */
	uint64_t features PV_ALIGNED(8); /* granted PV_FEATURE_* */
	uint64_t ops_addr;    /* the operations page, see op.h */
	uint64_t vcpu_addr;   /* struct pv_vcpu of vCPU 0 */
	uint32_t vcpu_stride_bytes; /* distance to the next vCPU's page */
	uint32_t vcpus;       /* how many the VM has; number 0 is up */
	uint64_t ram_bytes;   /* RAM is [0, ram_bytes) */
	uint64_t ranges_addr; /* struct pv_memory_range[ranges] */
	uint32_t ranges;
	uint32_t devices;
	uint64_t devices_addr; /* struct pv_device[devices] */
	uint64_t args_addr;    /* argc NUL-terminated strings, one after another */
	uint32_t args_bytes;   /* all of them, NULs included */
	uint32_t argc;         /* the first is the image's path as given */
	uint64_t xcr0;         /* extended state the guest may use (XGETBV) */
	uint64_t poll_ns;      /* how long it pays to poll before blocking here;
				* 0: never poll, the host has one CPU */
	uint64_t reserved[16]; /* 0 */
};
PV_SIZE_IS(struct pv_boot_info, 240);
PV_FIELD_AT(struct pv_boot_info, features, 16);
PV_FIELD_AT(struct pv_boot_info, ram_bytes, 48);
PV_FIELD_AT(struct pv_boot_info, poll_ns, 104);

#endif
