/* SPDX-License-Identifier: MIT
 *
 * Page tables of four levels. A level is counted from the bottom: an entry of level
 * 0 maps 4 KiB, of 1 2 MiB, of 2 1 GiB, and the root is the table of level 3.
 *
 * Tables permit everything; rights are those of the page's own entry. Each entry is
 * one store, after what it leads to: a processor that walks the tables meanwhile
 * finds either state.
 */
#include <pvguest/libc.h>
#include <pvguest/mmu.h>
#include <pvguest/page.h>

#include "internal.h"

#define ROOT_LEVEL 3
#define ENTRIES 512
#define TABLE_RIGHTS \
	(PVG_PTE_PRESENT | PVG_PTE_WRITE | PVG_PTE_USER | PVG_PTE_ACCESSED)
#define PAGE_RIGHTS (PVG_PTE_WRITE | PVG_PTE_DIRTY | PVG_PTE_NO_EXEC)

static uint64_t bytes_of(int level)
{
	return (uint64_t)PVG_PAGE_BYTES << 9 * level;
}

static uint64_t *entry_in(uint64_t *table, uint64_t gva, int level)
{
	return &table[gva / bytes_of(level) % ENTRIES];
}

static bool is_page(uint64_t entry, int level)
{
	return entry & PVG_PTE_PRESENT &&
	       (level == 0 || entry & PVG_PTE_LARGE);
}

static bool is_table(uint64_t entry, int level)
{
	return entry & PVG_PTE_PRESENT && !is_page(entry, level);
}

static uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & PVG_PTE_ADDRESS);
}

static void set(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static uint64_t right_bits(unsigned rights)
{
	return (rights & PVG_WRITE ? PVG_PTE_WRITE | PVG_PTE_DIRTY : 0) |
	       (rights & PVG_EXEC ? 0 : PVG_PTE_NO_EXEC);
}

static uint64_t page_entry(pv_gpa_t gpa, int level, unsigned rights)
{
	return gpa | PVG_PTE_PRESENT | PVG_PTE_USER | PVG_PTE_ACCESSED |
	       (level > 0 ? PVG_PTE_LARGE : 0) | right_bits(rights);
}

static uint64_t *table_alloc(void)
{
	uint64_t *table = pvg_pages_alloc(1);

	return table ? memset(table, 0, PVG_PAGE_BYTES) : NULL;
}

/* Below an entry of this level there is a table from now on: where there was a page,
 * one of smaller pages. */
static int make_table(uint64_t *entry, int level)
{
	uint64_t *table;

	if (is_table(*entry, level))
		return 0;
	table = table_alloc();
	if (!table)
		return -PV_ENOMEM;
	if (*entry & PVG_PTE_PRESENT) {
		uint64_t piece = *entry;

		if (level == 1)
			piece &= ~PVG_PTE_LARGE;
		for (int i = 0; i < ENTRIES; i++)
			table[i] = piece + (uint64_t)i * bytes_of(level - 1);
	}
	set(entry, pvg_gpa(table) | TABLE_RIGHTS);
	return 0;
}

/* The entry for gva at this level, tables made down to it; NULL without memory. */
static uint64_t *entry_make(const struct pvg_space *space, uint64_t gva,
			    int level)
{
	uint64_t *entry = entry_in(space->root, gva, ROOT_LEVEL);

	for (int above = ROOT_LEVEL; above > level; above--) {
		if (make_table(entry, above))
			return NULL;
		entry = entry_in(table_of(*entry), gva, above - 1);
	}
	return entry;
}

/* The entry at which the way to gva ends: a page's, or one that leads nowhere. */
static uint64_t *entry_find(const struct pvg_space *space, uint64_t gva,
			    int *ret_level)
{
	uint64_t *entry = entry_in(space->root, gva, ROOT_LEVEL);
	int level = ROOT_LEVEL;

	while (is_table(*entry, level)) {
		level--;
		entry = entry_in(table_of(*entry), gva, level);
	}
	*ret_level = level;
	return entry;
}

/* Whole pages, in one canonical half and below the window. */
static bool is_good_range(uint64_t gva, uint64_t bytes)
{
	uint64_t upper = UINT64_MAX << 47;

	if ((gva | bytes) % PVG_PAGE_BYTES)
		return false;
	if (gva >= upper)
		return bytes <= -gva;
	return gva <= PV_WINDOW_BASE && bytes <= PV_WINDOW_BASE - gva;
}

/* The largest pages that may begin here. */
static int level_for(uint64_t gva, pv_gpa_t gpa, uint64_t bytes,
		     unsigned rights)
{
	int level = rights & PVG_LARGE ? 1 : 0;

	if (rights & PVG_HUGE && pvg_has(PV_FEATURE_HUGE_PAGES))
		level = 2;
	while ((gva | gpa) % bytes_of(level) || bytes < bytes_of(level))
		level--;
	return level;
}

/* The same, or smaller ones where there is a table already. */
static uint64_t *entry_to_map(const struct pvg_space *space, uint64_t gva,
			      int *level)
{
	uint64_t *entry = entry_make(space, gva, *level);

	while (entry && is_table(*entry, *level)) {
		--*level;
		entry = entry_in(table_of(*entry), gva, *level);
	}
	return entry;
}

int pvg_space_map(struct pvg_space *space, uint64_t gva, pv_gpa_t gpa,
		  uint64_t bytes, unsigned rights)
{
	if (!is_good_range(gva, bytes) || gpa & ~PVG_PTE_ADDRESS ||
	    bytes > PVG_PTE_ADDRESS - gpa + PVG_PAGE_BYTES)
		return -PV_EINVAL;
	while (bytes > 0) {
		int level = level_for(gva, gpa, bytes, rights);
		uint64_t *entry = entry_to_map(space, gva, &level);
		uint64_t step = bytes_of(level);

		if (!entry)
			return -PV_ENOMEM;
		/* As long as they follow each other in one table. */
		do {
			set(entry++, page_entry(gpa, level, rights));
			gva += step;
			gpa += step;
			bytes -= step;
		} while (bytes >= step && gva % bytes_of(level + 1) &&
			 !is_table(*entry, level));
	}
	return 0;
}

/* entry = entry & keep | add, for all pages of the range. */
static int change(struct pvg_space *space, uint64_t gva, uint64_t bytes,
		  uint64_t keep, uint64_t add)
{
	if (!is_good_range(gva, bytes))
		return -PV_EINVAL;
	while (bytes > 0) {
		int level;
		uint64_t *entry = entry_find(space, gva, &level);
		uint64_t left = bytes_of(level) - gva % bytes_of(level);

		if (is_page(*entry, level)) {
			if (left < bytes_of(level) || bytes < left) {
				if (make_table(entry, level))
					return -PV_ENOMEM;
				continue;
			}
			set(entry, (*entry & keep) | add);
		}
		if (left > bytes)
			left = bytes;
		gva += left;
		bytes -= left;
	}
	return 0;
}

int pvg_space_unmap(struct pvg_space *space, uint64_t gva, uint64_t bytes)
{
	return change(space, gva, bytes, 0, 0);
}

int pvg_space_protect(struct pvg_space *space, uint64_t gva, uint64_t bytes,
		      unsigned rights)
{
	return change(space, gva, bytes, ~PAGE_RIGHTS, right_bits(rights));
}

uint64_t *pvg_space_entry(const struct pvg_space *space, uint64_t gva)
{
	int level;
	uint64_t *entry = entry_find(space, gva, &level);

	/* What is not canonical has the entry of something else. */
	if ((uint64_t)((int64_t)(gva << 16) >> 16) != gva)
		return NULL;
	return is_page(*entry, level) ? entry : NULL;
}

bool pvg_space_lookup(const struct pvg_space *space, uint64_t gva,
		      pv_gpa_t *ret_gpa, unsigned *ret_rights)
{
	int level;
	uint64_t entry;

	if (!pvg_space_entry(space, gva))
		return false;
	entry = *entry_find(space, gva, &level);
	*ret_gpa = (entry & PVG_PTE_ADDRESS & -bytes_of(level)) |
		   gva % bytes_of(level);
	*ret_rights = (entry & PVG_PTE_WRITE ? PVG_WRITE : 0) |
		      (entry & PVG_PTE_NO_EXEC ? 0 : PVG_EXEC);
	return true;
}

int pvg_space_init(struct pvg_space *ret_space)
{
	ret_space->root = table_alloc();
	return ret_space->root ? 0 : -PV_ENOMEM;
}

static void table_free(uint64_t *table, int level)
{
	for (int i = 0; level > 0 && i < ENTRIES; i++)
		if (is_table(table[i], level))
			table_free(table_of(table[i]), level - 1);
	pvg_pages_free(table, 1);
}

void pvg_space_done(struct pvg_space *space)
{
	table_free(space->root, ROOT_LEVEL);
	space->root = NULL;
}
