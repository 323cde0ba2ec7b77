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

#define PRESENT (UINT64_C(1) << 0)
#define WRITE (UINT64_C(1) << 1)
#define USER (UINT64_C(1) << 2)
/* Set beforehand, so that the processor need never write to the tables. */
#define ACCESSED_DIRTY (UINT64_C(3) << 5)
#define LARGE (UINT64_C(1) << 7)
#define NO_EXEC (UINT64_C(1) << 63)
#define ADDRESS UINT64_C(0x000ffffffffff000)

#define PAGE ((uint64_t)PV_PAGE_BYTES)
#define ENTRIES 512

struct builder {
	const struct hv_window *window;
	uint64_t used; /* bytes of the window */
	uint64_t *root;
};

uint64_t hv_page_tables_bytes(uint64_t ram_bytes)
{
	uint64_t gib = (ram_bytes >> 30) + 1;
	/* root; PDPT and directories of RAM; the three of the window; a table
	 * for each 2 MiB page that a range's edge splits */
	uint64_t tables = 1 + ((gib >> 9) + 1) + gib + 3 + HV_RANGES_MAX + 1;

	return tables * PAGE;
}

static uint64_t *table_new(struct builder *b)
{
	uint64_t *table = (uint64_t *)(void *)(b->window->base + b->used);

	b->used += PAGE;
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

	if (*entry & PRESENT)
		return (uint64_t *)(void *)(b->window->base +
					    ((*entry & ADDRESS) - b->window->gpa));
	table = table_new(b);
	*entry = table_gpa(b, table) | PRESENT | WRITE | USER | ACCESSED_DIRTY;
	return table;
}

static uint64_t *directory_entry(struct builder *b, uint64_t gva)
{
	uint64_t *table = b->root;

	table = table_below(b, &table[gva >> 39 & (ENTRIES - 1)]);
	table = table_below(b, &table[gva >> 30 & (ENTRIES - 1)]);
	return &table[gva >> 21 & (ENTRIES - 1)];
}

static void map(struct builder *b, uint64_t gva, pv_gpa_t gpa, uint64_t bytes,
		uint64_t rights)
{
	uint64_t end = gva + bytes, *entry, step;

	for (; gva < end; gva += step, gpa += step) {
		uint64_t leaf = gpa | rights | PRESENT | ACCESSED_DIRTY;

		entry = directory_entry(b, gva);
		if (!((gva | gpa) & (HV_HUGE_PAGE_BYTES - 1)) &&
		    end - gva >= HV_HUGE_PAGE_BYTES) {
			*entry = leaf | LARGE;
			step = HV_HUGE_PAGE_BYTES;
		} else {
			table_below(b, entry)[gva >> 12 & (ENTRIES - 1)] = leaf;
			step = PAGE;
		}
	}
}

static void map_window(struct builder *b, uint32_t from, uint32_t to,
		       uint64_t rights)
{
	map(b, hv_window_addr(from), b->window->gpa + from, to - from, rights);
}

pv_gpa_t hv_page_tables_build(const struct hv_window *window,
			      const struct hv_layout *layout)
{
	struct builder b = { .window = window, .used = HV_WINDOW_MAPPED };

	b.root = table_new(&b);
	for (unsigned i = 0; i < layout->ranges; i++) {
		const struct hv_range *r = &layout->range[i];

		if (r->type != PV_MEMORY_GUARD)
			map(&b, r->base, r->base, r->bytes,
			    USER | (r->write ? WRITE : 0) |
				    (r->exec ? 0 : NO_EXEC));
	}
	map_window(&b, HV_WINDOW_OPS, HV_WINDOW_BOOT, USER);
	map_window(&b, HV_WINDOW_BOOT, HV_WINDOW_VCPU, USER | NO_EXEC);
	map_window(&b, HV_WINDOW_VCPU, HV_WINDOW_ENGINE, USER | WRITE | NO_EXEC);
	/* Supervisor: stubs execute, stack and task state are written. */
	map_window(&b, HV_WINDOW_ENGINE, HV_WINDOW_ENGINE + PAGE, 0);
	map_window(&b, HV_WINDOW_ENGINE + PAGE, HV_WINDOW_MAPPED,
		   WRITE | NO_EXEC);
	return table_gpa(&b, b.root);
}
