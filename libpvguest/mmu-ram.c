/* SPDX-License-Identifier: MIT
 *
 * The map of RAM that a guest begins with, in a space of its own.
 */
#include <pvguest/mmu.h>

#include "internal.h"

static int map_same(struct pvg_space *space, pv_gpa_t base, uint64_t bytes,
		    unsigned rights)
{
	return pvg_space_map(space, base, base, bytes, rights);
}

static int map_segment(struct pvg_space *space, const char *start,
		       const char *end, unsigned rights)
{
	return map_same(space, pvg_gpa(start), (uint64_t)(end - start), rights);
}

/* By the linker script: three segments, page-aligned. */
static int map_image(struct pvg_space *space)
{
	int error = map_segment(space, pvg_text_start, pvg_text_end, PVG_EXEC);

	if (!error)
		error = map_segment(space, pvg_rodata_start, pvg_rodata_end, 0);
	if (!error)
		error = map_segment(space, pvg_data_start, pvg_data_end,
				    PVG_WRITE);
	return error;
}

int pvg_space_map_ram(struct pvg_space *space)
{
	const struct pv_memory_range *range = pvg_ranges();
	int error = map_image(space);

	for (uint32_t i = 0; i < pvg_boot.ranges && !error; i++)
		if (range[i].type == PV_MEMORY_FREE ||
		    range[i].type == PV_MEMORY_STACK)
			error = map_same(space, range[i].base, range[i].bytes,
					 PVG_WRITE | PVG_LARGE | PVG_HUGE);
	return error;
}
