/* SPDX-License-Identifier: MIT
 *
 * See page-tables.h.
 */
#include "page-tables.h"

#include <assert.h>
#include <stdbool.h>

#include "layout.h"
#include "units.h"
#include "window.h"

/* Set beforehand, so that the processor need never write to the tables. */
#define ACCESSED_DIRTY (HV_PT_ACCESSED | HV_PT_DIRTY)

struct builder {
	const struct hv_window *window;
	uint64_t used; /* bytes of the window */
	uint64_t *root;
};

uint64_t hv_page_tables_bytes(uint64_t ram_bytes)
{
	uint64_t gib = (ram_bytes >> 30) + 1;
	/* root; PDPT and directories of RAM; twice three of the window; a table
	 * for each 2 MiB page that a range's edge splits */
	uint64_t tables = 1 + ((gib >> 9) + 1) + gib + 6 + HV_RANGES_MAX + 1;

	return tables * HV_PAGE;
}

static uint64_t *table_new(struct builder *b)
{
	uint64_t *table = (uint64_t *)(void *)(b->window->base + b->used);

	b->used += HV_PAGE;
	assert(b->used <= b->window->bytes);
	return table;
}

static pv_gpa_t table_gpa(const struct builder *b, const uint64_t *table)
{
	return b->window->gpa +
	       (uint64_t)((const uint8_t *)table - b->window->base);
}

/* Rights are decided by the leaves; the levels above allow everything. */
static uint64_t *table_below(struct builder *b, uint64_t *entry)
{
	uint64_t *table;

	if (*entry & HV_PT_PRESENT)
		return (uint64_t *)(void *)(b->window->base +
					    ((*entry & HV_PT_ADDRESS) - b->window->gpa));
	table = table_new(b);
	*entry = table_gpa(b, table) | HV_PT_PRESENT | HV_PT_WRITE | HV_PT_USER | ACCESSED_DIRTY;
	return table;
}

static uint64_t *directory_entry(struct builder *b, uint64_t gva)
{
	uint64_t *table = b->root;

	table = table_below(b, &table[gva >> 39 & (HV_PT_ENTRIES - 1)]);
	table = table_below(b, &table[gva >> 30 & (HV_PT_ENTRIES - 1)]);
	return &table[gva >> 21 & (HV_PT_ENTRIES - 1)];
}

static void map(struct builder *b, uint64_t gva, pv_gpa_t gpa, uint64_t bytes,
		uint64_t rights)
{
	uint64_t end = gva + bytes, *entry, step;

	for (; gva < end; gva += step, gpa += step) {
		uint64_t leaf = gpa | rights | HV_PT_PRESENT | ACCESSED_DIRTY;

		entry = directory_entry(b, gva);
		if (!((gva | gpa) & (HV_HUGE_PAGE_BYTES - 1)) &&
		    end - gva >= HV_HUGE_PAGE_BYTES) {
			*entry = leaf | HV_PT_LARGE;
			step = HV_HUGE_PAGE_BYTES;
		} else {
			table_below(b, entry)[gva >> 12 & (HV_PT_ENTRIES - 1)] = leaf;
			step = HV_PAGE;
		}
	}
}

static void map_window(struct builder *b, uint32_t from, uint32_t to,
		       uint64_t rights)
{
	map(b, hv_window_addr(from), b->window->gpa + from, to - from, rights);
}

/* Supervisor: stubs execute, stacks are written. */
static void map_engine(struct builder *b, unsigned vcpus)
{
	map_window(b, HV_WINDOW_STACKS,
		   HV_WINDOW_STACKS + vcpus * PV_PAGE_BYTES,
		   HV_PT_WRITE | HV_PT_NO_EXEC);
	map_window(b, HV_WINDOW_USER, HV_WINDOW_ENGINE, HV_PT_USER);
	map_window(b, HV_WINDOW_ENGINE, HV_WINDOW_MAPPED, 0);
}

static uint64_t *window_entry(struct builder *b)
{
	return &b->root[PV_WINDOW_ROOT_ENTRY];
}

void hv_page_tables_build(const struct hv_window *window,
			  const struct hv_layout *layout, unsigned vcpus,
			  struct hv_page_tables *ret_tables)
{
	struct builder b = { .window = window, .used = HV_WINDOW_MAPPED };

	b.root = table_new(&b);
	map_engine(&b, vcpus);
	ret_tables->entry_user = *window_entry(&b);
	*window_entry(&b) = 0; /* those tables stay as they are */
	map_engine(&b, vcpus);
	map_window(&b, HV_WINDOW_OPS, HV_WINDOW_BOOT, HV_PT_USER);
	map_window(&b, HV_WINDOW_BOOT, HV_WINDOW_USER, HV_PT_USER | HV_PT_NO_EXEC);
	map_window(&b, HV_WINDOW_VCPUS, hv_window_vcpu_offset(vcpus),
		   HV_PT_USER | HV_PT_WRITE | HV_PT_NO_EXEC);
	ret_tables->entry_kernel = *window_entry(&b);
	for (unsigned i = 0; i < layout->ranges; i++) {
		const struct hv_range *r = &layout->range[i];

		if (r->type != PV_MEMORY_GUARD)
			map(&b, r->base, r->base, r->bytes,
			    HV_PT_USER | (r->write ? HV_PT_WRITE : 0) |
				    (r->exec ? 0 : HV_PT_NO_EXEC));
	}
	ret_tables->root = table_gpa(&b, b.root);
}
