/* SPDX-License-Identifier: MIT
 *
 * A page-table walk in words. Source for the names: Intel SDM vol. 3A, 4.5.
 */
#ifndef HV_WALK_TEXT_H
#define HV_WALK_TEXT_H

#include <stddef.h>

#include "walk.h"

/* Room for any of the texts below. */
#define HV_WALK_TEXT_BYTES 256

/* "PML4", "PDPT", "PD", "PT". */
const char *hv_walk_level_name(unsigned level);
/* Which entry of its table: of steps and, if the table was in no memory, one
 * more. */
unsigned hv_walk_index(const struct hv_walk *walk, unsigned level);
/* "present, writable, user, ...", or "not present". Returns text. */
char *hv_walk_entry_text(const struct hv_walk *walk, unsigned level, char *text,
			 size_t bytes);
/* What code at ring 3 may do there: "read, write", "nothing", ... */
const char *hv_walk_rights(const struct hv_walk *walk);
/* "4 KiB" */
const char *hv_walk_page_name(const struct hv_walk *walk);
/* Why it ended where it did; mapped: "mapped". Returns text. */
char *hv_walk_end_text(const struct hv_walk *walk, char *text, size_t bytes);
/* All of it in a line, without the address. Returns text. */
char *hv_walk_line(const struct hv_walk *walk, char *text, size_t bytes);

#endif
