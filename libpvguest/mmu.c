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

#define ROOT_LEVEL 3u
#define ENTRIES 512
#define TABLE_RIGHTS \
	(PVG_PTE_PRESENT | PVG_PTE_WRITE | PVG_PTE_USER | PVG_PTE_ACCESSED)
#define PAGE_RIGHTS (PVG_PTE_WRITE | PVG_PTE_DIRTY | PVG_PTE_NO_EXEC)

/* The upper bits are copies of bit 47. */
static uint64_t canonical(uint64_t gva)
{
	return (uint64_t)((int64_t)(gva << 16) >> 16);
}

static uint64_t *entry_in(uint64_t *table, uint64_t gva, unsigned level)
{
	return &table[gva / pvg_level_bytes(level) % ENTRIES];
}

static bool is_page(uint64_t entry, unsigned level)
{
	return entry & PVG_PTE_PRESENT &&
	       (level == 0 || entry & PVG_PTE_LARGE);
}

static bool is_table(uint64_t entry, unsigned level)
{
	return entry & PVG_PTE_PRESENT && !is_page(entry, level);
}

/* What all spaces have in common is no part of any. */
static bool is_shared(unsigned i, uint64_t value, unsigned level)
{
	return level == ROOT_LEVEL && pvg_root_entry_is_shared(i, value);
}

static uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & PVG_PTE_ADDRESS);
}

static uint64_t get(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
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

static uint64_t page_entry(uint64_t gva, pv_gpa_t gpa, int level,
			   unsigned rights)
{
	return gpa | PVG_PTE_PRESENT | pvg_pte_user(gva) | PVG_PTE_ACCESSED |
	       (level > 0 ? PVG_PTE_LARGE : 0) | right_bits(rights);
}

static uint64_t *table_alloc(void)
{
	uint64_t *table = pvg_pages_alloc(1);

	return table ? memset(table, 0, PVG_PAGE_BYTES) : NULL;
}

/* Below an entry of this level there is a table from now on: where there was a page,
 * one of smaller pages. */
static int make_table(uint64_t *entry, unsigned level)
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
			table[i] = piece + (uint64_t)i * pvg_level_bytes(level - 1);
	}
	set(entry, pvg_gpa(table) | TABLE_RIGHTS);
	return 0;
}

/* The entry for gva at this level, tables made down to it; NULL without memory. */
static uint64_t *entry_make(const struct pvg_space *space, uint64_t gva,
			    unsigned level)
{
	uint64_t *entry = entry_in(space->root, gva, ROOT_LEVEL);

	for (unsigned above = ROOT_LEVEL; above > level; above--) {
		if (make_table(entry, above))
			return NULL;
		entry = entry_in(table_of(*entry), gva, above - 1);
	}
	return entry;
}

/* The entry at which the way to gva ends: a page's, or one that leads nowhere. Its
 * value is what decided that: the entry itself may have changed since. */
static uint64_t *entry_find(const struct pvg_space *space, uint64_t gva,
			    uint64_t *ret_value, unsigned *ret_level)
{
	unsigned level = ROOT_LEVEL;
	uint64_t *entry = entry_in(space->root, gva, level);
	uint64_t value = get(entry);

	while (is_table(value, level)) {
		level--;
		entry = entry_in(table_of(value), gva, level);
		value = get(entry);
	}
	*ret_value = value;
	*ret_level = level;
	return entry;
}

/* Whole pages, in one canonical half, below the window, and the space's own: what is
 * shared begins with the lowest addresses, if at all. */
static bool is_good_range(const struct pvg_space *space, uint64_t gva,
			  uint64_t bytes)
{
	uint64_t upper = UINT64_MAX << 47;

	if ((gva | bytes) % PVG_PAGE_BYTES ||
	    is_shared((unsigned)(gva >> 39 & (ENTRIES - 1)),
		      *entry_in(space->root, gva, ROOT_LEVEL), ROOT_LEVEL))
		return false;
	if (gva >= upper)
		return bytes <= -gva;
	return gva <= PV_WINDOW_BASE && bytes <= PV_WINDOW_BASE - gva;
}

/* The largest pages that may begin here. */
static unsigned level_for(uint64_t gva, pv_gpa_t gpa, uint64_t bytes,
		     unsigned rights)
{
	unsigned level = rights & PVG_LARGE ? 1 : 0;

	if (rights & PVG_HUGE && pvg_has(PV_FEATURE_HUGE_PAGES))
		level = 2;
	while ((gva | gpa) % pvg_level_bytes(level) || bytes < pvg_level_bytes(level))
		level--;
	return level;
}

/* The same, or smaller ones where there is a table already. */
static uint64_t *entry_to_map(const struct pvg_space *space, uint64_t gva,
			      unsigned *level)
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
	if (!is_good_range(space, gva, bytes) || gpa & ~PVG_PTE_ADDRESS ||
	    bytes > PVG_PTE_ADDRESS - gpa + PVG_PAGE_BYTES)
		return -PV_EINVAL;
	while (bytes > 0) {
		unsigned level = level_for(gva, gpa, bytes, rights);
		uint64_t *entry = entry_to_map(space, gva, &level);
		uint64_t step = pvg_level_bytes(level);

		if (!entry)
			return -PV_ENOMEM;
		/* As long as they follow each other in one table. */
		do {
			set(entry++, page_entry(gva, gpa, level, rights));
			gva += step;
			gpa += step;
			bytes -= step;
		} while (bytes >= step && gva % pvg_level_bytes(level + 1) &&
			 !is_table(*entry, level));
	}
	return 0;
}

/* entry = entry & keep | add, for all pages of the range. */
static int change(struct pvg_space *space, uint64_t gva, uint64_t bytes,
		  uint64_t keep, uint64_t add)
{
	if (!is_good_range(space, gva, bytes))
		return -PV_EINVAL;
	while (bytes > 0) {
		unsigned level;
		uint64_t value;
		uint64_t *entry = entry_find(space, gva, &value, &level);
		uint64_t left = pvg_level_bytes(level) - gva % pvg_level_bytes(level);

		if (is_page(value, level)) {
			if (left < pvg_level_bytes(level) || bytes < left) {
				if (make_table(entry, level))
					return -PV_ENOMEM;
				continue;
			}
			set(entry, (value & keep) | add);
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

uint64_t *pvg_space_find(const struct pvg_space *space, uint64_t gva,
			 uint64_t *ret_value, unsigned *ret_level)
{
	uint64_t *entry = entry_find(space, gva, ret_value, ret_level);

	/* What is not canonical has the entry of something else. */
	if (canonical(gva) != gva || !is_page(*ret_value, *ret_level))
		return NULL;
	return entry;
}

uint64_t *pvg_space_entry(const struct pvg_space *space, uint64_t gva,
			  unsigned *ret_level)
{
	uint64_t value;

	return pvg_space_find(space, gva, &value, ret_level);
}

bool pvg_space_lookup(const struct pvg_space *space, uint64_t gva,
		      pv_gpa_t *ret_gpa, unsigned *ret_rights)
{
	unsigned level;
	uint64_t value;

	if (!pvg_space_find(space, gva, &value, &level))
		return false;
	*ret_gpa = pvg_entry_gpa(value, level, gva);
	*ret_rights = (value & PVG_PTE_WRITE ? PVG_WRITE : 0) |
		      (value & PVG_PTE_NO_EXEC ? 0 : PVG_EXEC);
	return true;
}

static int each_below(uint64_t *table, unsigned level, uint64_t base,
		      pvg_space_fn *fn, void *arg)
{
	int answer = 0;

	for (uint64_t i = 0; i < ENTRIES && answer == 0; i++) {
		uint64_t gva = canonical(base + i * pvg_level_bytes(level));
		uint64_t value = get(&table[i]);

		if (is_shared((unsigned)i, value, level))
			continue;
		if (is_page(value, level))
			answer = fn(gva, &table[i], level, arg);
		else if (is_table(value, level))
			answer = each_below(table_of(value), level - 1, gva, fn,
					    arg);
	}
	return answer;
}

int pvg_space_each(const struct pvg_space *space, pvg_space_fn *fn, void *arg)
{
	return each_below(space->root, ROOT_LEVEL, 0, fn, arg);
}

int pvg_space_init(struct pvg_space *ret_space)
{
	ret_space->root = table_alloc();
	return ret_space->root ? 0 : -PV_ENOMEM;
}

static void table_free(uint64_t *table, unsigned level)
{
	for (unsigned i = 0; level > 0 && i < ENTRIES; i++)
		if (is_table(table[i], level) && !is_shared(i, table[i], level))
			table_free(table_of(table[i]), level - 1);
	pvg_pages_free(table, 1);
}

void pvg_space_done(struct pvg_space *space)
{
	pvg_root_forget(pvg_space_root(space));
	table_free(space->root, ROOT_LEVEL);
	space->root = NULL;
}
