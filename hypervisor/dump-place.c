/* SPDX-License-Identifier: MIT
 *
 * What a dump tells of an address and of the end, in words.
 */
#include "dump.h"

#include <inttypes.h>
#include <stdio.h>

#include "printable.h"
#include "vm.h"
#include "window.h"

static const char *rights(const struct hv_dump_range *range)
{
	if (range->exec)
		return "read, execute";
	return range->write ? "read, write" : "read";
}

static void name_ram(const struct hv_dump *dump, pv_gpa_t gpa, char *text,
		     size_t bytes)
{
	for (unsigned i = 0; i < dump->head.ranges; i++) {
		const struct hv_dump_range *r = &dump->range[i];

		if (gpa - r->base >= r->bytes)
			continue;
		switch (r->type) {
		case PV_MEMORY_FREE:
			snprintf(text, bytes, "RAM, free at the start");
			return;
		case PV_MEMORY_IMAGE:
			snprintf(text, bytes, "RAM, image segment 0x%" PRIx64
				 " (%s)", r->base, rights(r));
			return;
		case PV_MEMORY_STACK:
			snprintf(text, bytes, "RAM, boot stack");
			return;
		case PV_MEMORY_GUARD:
			snprintf(text, bytes, gpa < PV_PAGE_BYTES
				 ? "RAM, page 0" : "RAM, guard of the boot stack");
			return;
		}
	}
	snprintf(text, bytes, "RAM");
}

static void name_window(uint64_t offset, char *text, size_t bytes)
{
	uint64_t page = offset / PV_PAGE_BYTES;

	if (offset < HV_WINDOW_STACKS)
		snprintf(text, bytes, "window, page of vCPU %" PRIu64, page);
	else if (offset < HV_WINDOW_OPS)
		snprintf(text, bytes, "window, fault stack of vCPU %" PRIu64,
			 page - HV_WINDOW_STACKS / PV_PAGE_BYTES);
	else if (offset < HV_WINDOW_BOOT)
		snprintf(text, bytes, "window, operations page");
	else if (offset < HV_WINDOW_USER)
		snprintf(text, bytes, "window, boot info");
	else if (offset < HV_WINDOW_ENGINE)
		snprintf(text, bytes, "window, user page");
	else if (offset < HV_WINDOW_MAPPED)
		snprintf(text, bytes, "window, engine's tables");
	else
		snprintf(text, bytes, "window, initial page tables");
}

char *hv_dump_place(const struct hv_dump *dump, pv_gpa_t gpa, char *text,
		    size_t bytes)
{
	const struct hv_dump_memory *m = hv_dump_memory_at(dump, gpa, 1);

	if (!m)
		snprintf(text, bytes, "no memory");
	else if (m == &dump->head.memory[HV_DUMP_RAM])
		name_ram(dump, gpa, text, bytes);
	else if (m == &dump->head.memory[HV_DUMP_WINDOW])
		name_window(gpa - m->gpa, text, bytes);
	else
		snprintf(text, bytes, "copy of a page-table root");
	return text;
}

char *hv_dump_end_text(const struct hv_dump *dump, char *text, size_t bytes)
{
	uint64_t detail = dump->head.end_detail;

	switch (dump->head.end) {
	case HV_END_NOT:
		snprintf(text, bytes, "running, paused for this");
		break;
	case HV_END_EXIT:
		snprintf(text, bytes, "exited with status %" PRId64,
			 (int64_t)detail);
		break;
	case HV_END_TIMEOUT:
		snprintf(text, bytes, "stopped after --timeout");
		break;
	case HV_END_SIGNAL:
		snprintf(text, bytes, "stopped by signal %" PRIu64, detail);
		break;
	default:
		snprintf(text, bytes, "stopped: %s", dump->head.reason);
		hv_make_printable(text, ' ');
	}
	return text;
}
