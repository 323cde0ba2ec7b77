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
/* Build them; answers the root (CR3). */
pv_gpa_t hv_page_tables_build(const struct hv_window *window,
			      const struct hv_layout *layout);

#endif
