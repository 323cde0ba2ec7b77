/* SPDX-License-Identifier: MIT
 *
 * The PVH boot protocol: what a loader hands over in ebx. Defined by Xen in
 * docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h; QEMU's
 * -kernel speaks it. All addresses are physical, and below 4 GiB.
 */
#ifndef PVG_NATIVE_PVH_H
#define PVG_NATIVE_PVH_H

#include <pvabi/base.h>

#define PVH_MAGIC 0x336ec578u

struct pvh_start_info {
	uint32_t magic;
	uint32_t version; /* the map of memory is there from 1 on */
	uint32_t flags;
	uint32_t modules;
	uint64_t modules_addr;
	uint64_t command_line_addr;
	uint64_t rsdp_addr; /* 0: not told */
	uint64_t memory_map_addr;
	uint32_t memory_map_entries;
	uint32_t reserved;
};
PV_SIZE_IS(struct pvh_start_info, 56);

#define PVH_MEMORY_RAM 1

struct pvh_memory {
	uint64_t base, bytes;
	uint32_t type;
	uint32_t reserved;
};
PV_SIZE_IS(struct pvh_memory, 24);

#endif
