/* SPDX-License-Identifier: MIT
 *
 * What RAM is made of: the ranges of a boot info, from the loader's map of memory (PVH
 * protocol, a table as BIOS function E820 gives it). Whatever is no RAM, or not ours,
 * is a guard: not mapped.
 */
#include <pvguest/libc.h>
#include <pvguest/note.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "pvh.h"

#define RANGES_MAX 64
#define MEMORY_MAX (UINT64_C(1) << 39) /* root entry 0 */
#define TRAMPOLINE_END 0xa0000 /* real mode reaches that far, and ROMs begin there */

uint64_t pvg_boot_stack_top;
pv_gpa_t pvg_trampoline_page;

static struct pv_memory_range range[RANGES_MAX];
static uint32_t ranges;

static uint64_t round_down(uint64_t address)
{
	return address & ~(uint64_t)(PV_PAGE_BYTES - 1);
}

static uint64_t round_up(uint64_t address)
{
	return round_down(address + PV_PAGE_BYTES - 1);
}

static void append(uint64_t base, uint64_t end, uint32_t type)
{
	struct pv_memory_range *last = &range[ranges - 1];

	if (base >= end)
		return;
	if (ranges > 0 && last->type == type) {
		last->bytes = end - last->base;
		return;
	}
	if (ranges == RANGES_MAX)
		pvg_panic("the loader's map of memory has too many pieces");
	range[ranges++] = (struct pv_memory_range){ base, end - base, type, 0 };
}

/* [base, end) is this from now on, whatever was there. */
static void lay(uint64_t base, uint64_t end, uint32_t type)
{
	static struct pv_memory_range before[RANGES_MAX];
	uint32_t count = ranges;

	memcpy(before, range, sizeof(before));
	ranges = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = before[i].base, next = at + before[i].bytes;

		append(at, next < base ? next : base, before[i].type);
		if (at <= base && base < next)
			append(base, end, type);
		append(at > end ? at : end, next, before[i].type);
	}
}

static uint32_t type_at(uint64_t address)
{
	for (uint32_t i = 0; i < ranges; i++)
		if (address - range[i].base < range[i].bytes)
			return range[i].type;
	return PV_MEMORY_GUARD;
}

static void lay_ram(const struct pvh_memory *piece, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t base = round_up(piece[i].base);
		uint64_t end = round_down(piece[i].base + piece[i].bytes);

		if (end > pvg_boot.ram_bytes)
			end = pvg_boot.ram_bytes;
		if (piece[i].type == PVH_MEMORY_RAM && base < end)
			lay(base, end, PV_MEMORY_FREE);
	}
}

static void find_end(const struct pvh_memory *piece, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t end = round_down(piece[i].base + piece[i].bytes);

		if (end > MEMORY_MAX)
			end = MEMORY_MAX;
		if (piece[i].type == PVH_MEMORY_RAM &&
		    end > pvg_boot.ram_bytes)
			pvg_boot.ram_bytes = end;
	}
}

/* Behind the image, with a guard before and behind it. */
static void lay_stack(void)
{
	uint64_t bytes = round_up(pvg_note.desc.stack_bytes
					  ? pvg_note.desc.stack_bytes
					  : PV_STACK_DEFAULT_BYTES);
	uint64_t base = pvg_gpa(pvg_data_end);
	uint64_t end = base + bytes + 2 * PV_PAGE_BYTES;

	if (!pvg_memory_is_ram(base, end - base))
		pvg_panic("no room for a boot stack of %llu bytes: give the "
			  "machine more memory", (unsigned long long)bytes);
	lay(base, end, PV_MEMORY_GUARD);
	lay(base + PV_PAGE_BYTES, end - PV_PAGE_BYTES, PV_MEMORY_STACK);
	pvg_boot_stack_top = end - PV_PAGE_BYTES;
}

/* The highest page that real mode reaches. Without one there is one vCPU. */
static void lay_trampoline(void)
{
	uint64_t at = TRAMPOLINE_END;

	while (at > PV_PAGE_BYTES && pvg_trampoline_page == 0) {
		at -= PV_PAGE_BYTES;
		if (type_at(at) == PV_MEMORY_FREE)
			pvg_trampoline_page = at;
	}
	if (pvg_trampoline_page)
		lay(at, at + PV_PAGE_BYTES, PV_MEMORY_GUARD);
}

void pvg_memory_find(const struct pvh_start_info *info)
{
	const struct pvh_memory *piece = (const struct pvh_memory *)(uintptr_t)
						 info->memory_map_addr;
	uint32_t count = info->version >= 1 ? info->memory_map_entries : 0;

	if (count == 0)
		pvg_panic("the loader gave no map of memory (PVH version 1)");
	find_end(piece, count);
	append(0, pvg_boot.ram_bytes, PV_MEMORY_GUARD);
	lay_ram(piece, count);
	lay(0, PV_PAGE_BYTES, PV_MEMORY_GUARD);
	if (type_at(pvg_gpa(pvg_text_start)) != PV_MEMORY_FREE)
		pvg_panic("the image does not lie in RAM");
	lay(pvg_gpa(pvg_text_start), pvg_gpa(pvg_data_end), PV_MEMORY_IMAGE);
	lay_stack();
	lay_trampoline();
	if (pvg_boot.ram_bytes < pvg_note.desc.memory_bytes)
		pvg_panic("the machine has %llu bytes of memory, and this needs "
			  "%llu", (unsigned long long)pvg_boot.ram_bytes,
			  (unsigned long long)pvg_note.desc.memory_bytes);
	pvg_boot.ranges_addr = (uint64_t)(uintptr_t)range;
	pvg_boot.ranges = ranges;
}

bool pvg_memory_is_ram(pv_gpa_t gpa, uint64_t bytes)
{
	for (uint32_t i = 0; i < ranges; i++) {
		uint64_t offset = gpa - range[i].base; /* huge if below it */

		if (offset >= range[i].bytes)
			continue;
		if (range[i].type == PV_MEMORY_GUARD)
			return false;
		if (bytes <= range[i].bytes - offset)
			return true;
		bytes -= range[i].bytes - offset;
		gpa += range[i].bytes - offset;
	}
	return false;
}
