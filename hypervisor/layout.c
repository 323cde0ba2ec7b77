/* SPDX-License-Identifier: MIT
 *
 * See layout.h.
 */
#include "layout.h"

#include <assert.h>
#include <stdlib.h>

#include "units.h"

static void add(struct hv_layout *layout, pv_gpa_t base, uint64_t end,
		enum pv_memory_type type, bool write, bool exec)
{
	if (base == end)
		return;
	assert(layout->ranges < HV_RANGES_MAX);
	layout->range[layout->ranges++] = (struct hv_range){
		.base = base, .bytes = end - base, .type = type,
		.write = write, .exec = exec,
	};
}

static int by_base(const void *left, const void *right)
{
	const struct hv_range *a = left, *b = right;

	return (a->base > b->base) - (a->base < b->base);
}

static void add_image(struct hv_layout *layout, const struct hv_image *image)
{
	add(layout, 0, HV_PAGE, PV_MEMORY_GUARD, false, false);
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		add(layout, s->gpa, hv_round_up(s->gpa + s->memory_bytes, HV_PAGE),
		    PV_MEMORY_IMAGE, s->write, s->exec);
	}
}

/* Guard, stack, guard, in the first gap from range i on that has the room. */
static bool place_stack(struct hv_layout *layout, unsigned i, uint64_t bytes,
			uint64_t ram_bytes)
{
	for (; i < layout->ranges; i++) {
		const struct hv_range *r = &layout->range[i];
		pv_gpa_t gap = r->base + r->bytes;
		pv_gpa_t end = i + 1 < layout->ranges ? r[1].base : ram_bytes;

		if (end - gap < bytes + 2 * HV_PAGE)
			continue;
		layout->stack_base = gap + HV_PAGE;
		layout->stack_top = layout->stack_base + bytes;
		return true;
	}
	return false;
}

static void add_stack(struct hv_layout *layout)
{
	pv_gpa_t base = layout->stack_base, top = layout->stack_top;

	add(layout, base - HV_PAGE, base, PV_MEMORY_GUARD, false, false);
	add(layout, base, top, PV_MEMORY_STACK, true, false);
	add(layout, top, top + HV_PAGE, PV_MEMORY_GUARD, false, false);
	qsort(layout->range, layout->ranges, sizeof(layout->range[0]), by_base);
}

static void add_free(struct hv_layout *layout, uint64_t ram_bytes)
{
	unsigned used = layout->ranges;

	for (unsigned i = 0; i < used; i++) {
		const struct hv_range *r = &layout->range[i];
		pv_gpa_t end = i + 1 < used ? r[1].base : ram_bytes;

		add(layout, r->base + r->bytes, end, PV_MEMORY_FREE, true, false);
	}
	qsort(layout->range, layout->ranges, sizeof(layout->range[0]), by_base);
}

int hv_layout_make(struct hv_layout *ret_layout, const struct hv_image *image,
		   uint64_t ram_bytes, struct hv_error *err)
{
	uint64_t stack = image->stack_bytes;

	*ret_layout = (struct hv_layout){ .ranges = 0 };
	add_image(ret_layout, image);
	/* Above the image if there is room, so that the low pages, which other
	 * loaders' guests may want, stay free. */
	if (!place_stack(ret_layout, ret_layout->ranges - 1, stack, ram_bytes) &&
	    !place_stack(ret_layout, 0, stack, ram_bytes))
		return hv_fail(err, HV_STATUS_IMAGE,
			       "no room for a stack of %llu KiB beside the image in %llu KiB of RAM: give more with --mem",
			       (unsigned long long)stack >> 10,
			       (unsigned long long)ram_bytes >> 10);
	add_stack(ret_layout);
	add_free(ret_layout, ram_bytes);
	return 0;
}

const struct hv_range *hv_layout_at(const struct hv_layout *layout, pv_gpa_t gpa)
{
	for (unsigned i = 0; i < layout->ranges; i++)
		if (gpa - layout->range[i].base < layout->range[i].bytes)
			return &layout->range[i];
	return NULL;
}
