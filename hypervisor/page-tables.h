/* SPDX-License-Identifier: MIT
 *
 * The page tables a guest starts with: RAM identity-mapped with the rights of
 * its layout, W^X, in 2 MiB pages where the rights allow; the window in its own
 * slot. They lie in the window's memory, where the guest cannot reach them.
 * Source: Intel SDM vol. 3A, 4.5 "4-level paging".
 */
#ifndef HV_PAGE_TABLES_H
#define HV_PAGE_TABLES_H

#include <stdint.h>

#include <pvabi/base.h>

struct hv_layout;
struct hv_window;

/* Room the tables of that much RAM can need. */
uint64_t hv_page_tables_bytes(uint64_t ram_bytes);

struct hv_page_tables {
	pv_gpa_t root;         /* for CR3 */
	uint64_t entry_kernel; /* the root's entry of the window */
	uint64_t entry_user;   /* the same as user mode has it: the engine's
				* tables and the user page only */
};

void hv_page_tables_build(const struct hv_window *window,
			  const struct hv_layout *layout, unsigned vcpus,
			  struct hv_page_tables *ret_tables);

/* What an entry of any page table consists of. */
#define HV_PT_PRESENT (UINT64_C(1) << 0)
#define HV_PT_WRITE (UINT64_C(1) << 1)
#define HV_PT_USER (UINT64_C(1) << 2)
#define HV_PT_ACCESSED (UINT64_C(1) << 5)
#define HV_PT_DIRTY (UINT64_C(1) << 6)
#define HV_PT_LARGE (UINT64_C(1) << 7) /* a leaf, in a level above the last */
#define HV_PT_NO_EXEC (UINT64_C(1) << 63)
#define HV_PT_ADDRESS UINT64_C(0x000ffffffffff000)
#define HV_PT_ENTRIES 512

#endif
