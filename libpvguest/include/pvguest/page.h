/* SPDX-License-Identifier: MIT
 *
 * Pages of RAM: everything the boot info calls free, in runs of any number of
 * pages. An allocation takes the lowest run that is large enough, so a guest
 * stays in memory its host has already provided.
 *
 * Every call is O(log RAM), whatever the number of pages: some 100 ns in a
 * guest of 64 MiB, 200 ns in one of 64 GiB. The bookkeeping takes 32 bytes for
 * each 256 KiB of RAM and is touched only where pages were, so the size of RAM
 * costs nothing at start.
 */
#ifndef PVGUEST_PAGE_H
#define PVGUEST_PAGE_H

#include <pvabi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PVG_PAGE_BYTES PV_PAGE_BYTES

/* How many pages hold so many bytes. No number of bytes wraps. */
static inline size_t pvg_pages_for(size_t bytes)
{
	return bytes / PVG_PAGE_BYTES + (bytes % PVG_PAGE_BYTES != 0);
}

/* A run of pages, not cleared; NULL if there is none that long, or for 0. */
void *pvg_pages_alloc(size_t pages);
/* The same, with its address a multiple of align_bytes (a power of two). May
 * miss a run that would just fit: it looks for pages + align slack. */
void *pvg_pages_alloc_aligned(size_t pages, size_t align_bytes);
/* Give back a run or any part of one. Panics if a page of it is free already or
 * was never RAM to give. NULL is fine with 0 pages. */
void pvg_pages_free(void *first, size_t pages);

/* Pages now free, and the longest run of them. */
size_t pvg_pages_available(void);
size_t pvg_pages_longest(void);

#ifdef __cplusplus
}
#endif
#endif
