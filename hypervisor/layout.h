/* SPDX-License-Identifier: MIT
 *
 * What lies where in guest RAM: image segments, boot stack between two guard
 * pages, and what is free. It becomes the memory map of the boot info and, with
 * the rights, the guest's page tables.
 */
#ifndef HV_LAYOUT_H
#define HV_LAYOUT_H

#include <pvabi/boot.h>
#include <stdbool.h>

#include "error.h"
#include "image.h"

/* Segments, their gaps, the stack, three guards. */
#define HV_RANGES_MAX (2 * HV_SEGMENTS_MAX + 8)

struct hv_range {
	pv_gpa_t base;
	uint64_t bytes;
	enum pv_memory_type type;
	bool write, exec; /* PV_MEMORY_GUARD is not mapped at all */
};

struct hv_layout {
	struct hv_range range[HV_RANGES_MAX]; /* ascending, covering RAM */
	unsigned ranges;
	pv_gpa_t stack_base, stack_top;
};

/* Lay the image out in [0, ram_bytes); the image fits there. Fails when no room
 * is left for its stack. */
int hv_layout_make(struct hv_layout *ret_layout, const struct hv_image *image,
		   uint64_t ram_bytes, struct hv_error *err);

/* The range gpa lies in, or NULL past RAM. */
const struct hv_range *hv_layout_at(const struct hv_layout *layout, pv_gpa_t gpa);

#endif
