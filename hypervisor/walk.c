/* SPDX-License-Identifier: MIT
 *
 * See walk.h. The guest may change its tables meanwhile, and the processor may
 * still use older ones: what is found here is what would be found now.
 */
#include "walk.h"

#include <string.h>

#include "page-tables.h"
#include "vm.h"

static unsigned shift_of(unsigned level)
{
	return 39 - 9 * level;
}

static bool is_leaf(unsigned level, uint64_t entry)
{
	return level == HV_WALK_LEVELS - 1 || (entry & HV_PT_LARGE && level > 0);
}

/* Bits 12 on of a large leaf, up to its size, are 0; but bit 12 is PAT. */
static bool is_reserved(unsigned level, uint64_t entry)
{
	uint64_t below = (UINT64_C(1) << shift_of(level)) - 1;

	if (level == 0)
		return entry & HV_PT_LARGE;
	return level < HV_WALK_LEVELS - 1 && entry & HV_PT_LARGE &&
	       entry & below & HV_PT_ADDRESS & ~UINT64_C(0x1000);
}

static void finish(struct hv_walk *walk, unsigned level, uint64_t gva)
{
	uint64_t entry = walk->entry[level];

	walk->end = HV_WALK_MAPPED;
	walk->page_bytes = UINT64_C(1) << shift_of(level);
	walk->gpa = (entry & HV_PT_ADDRESS & ~(walk->page_bytes - 1)) |
		    (gva & (walk->page_bytes - 1));
}

void hv_walk(hv_walk_read *read, const void *memory, pv_gpa_t root, uint64_t gva,
	     struct hv_walk *ret_walk)
{
	pv_gpa_t table = root & HV_PT_ADDRESS;

	*ret_walk = (struct hv_walk){ .write = true, .user = true, .exec = true };
	ret_walk->end = HV_WALK_NOT_CANONICAL;
	if (!hv_canonical(gva))
		return;
	for (unsigned level = 0; level < HV_WALK_LEVELS; level++) {
		uint64_t index = gva >> shift_of(level) & (HV_PT_ENTRIES - 1);
		uint64_t entry;

		ret_walk->entry_gpa[level] = table + index * sizeof(entry);
		ret_walk->end = HV_WALK_NO_TABLE;
		if (!read(memory, ret_walk->entry_gpa[level], &entry))
			return;
		ret_walk->entry[level] = entry;
		ret_walk->steps = level + 1;
		ret_walk->end = HV_WALK_NOT_PRESENT;
		if (!(entry & HV_PT_PRESENT))
			return;
		ret_walk->end = HV_WALK_RESERVED;
		if (is_reserved(level, entry))
			return;
		ret_walk->write &= (entry & HV_PT_WRITE) != 0;
		ret_walk->user &= (entry & HV_PT_USER) != 0;
		ret_walk->exec &= (entry & HV_PT_NO_EXEC) == 0;
		if (is_leaf(level, entry)) {
			finish(ret_walk, level, gva);
			return;
		}
		table = entry & HV_PT_ADDRESS;
	}
}

static bool read_entry(const void *memory, pv_gpa_t gpa, uint64_t *ret_entry)
{
	const struct hv_vm *vm = memory;
	const uint64_t *at = hv_memory_at(&vm->memory, gpa, sizeof(*at));

	if (!at)
		at = hv_window_at(&vm->window, gpa, sizeof(*at));
	if (!at)
		at = hv_roots_at(&vm->roots, gpa, sizeof(*at));
	if (!at)
		return false;
	*ret_entry = __atomic_load_n(at, __ATOMIC_RELAXED);
	return true;
}

void hv_vm_walk(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva,
		struct hv_walk *ret_walk)
{
	hv_walk(read_entry, vm, root, gva, ret_walk);
}

/* The RAM behind gva, up to the end of its page or *len. */
static void *ram_at(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva,
		    bool write, uint64_t *len)
{
	uint64_t room = PV_PAGE_BYTES - gva % PV_PAGE_BYTES;
	struct hv_walk walk;

	if (*len > room)
		*len = room;
	/* Nothing there is RAM, whatever a root of the guest's own says. */
	if (gva - PV_WINDOW_BASE < PV_WINDOW_BYTES)
		return NULL;
	hv_vm_walk(vm, root, gva, &walk);
	if (walk.end != HV_WALK_MAPPED || !walk.user || (write && !walk.write))
		return NULL;
	return hv_memory_at(&vm->memory, walk.gpa, *len);
}

bool hv_gva_read(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva, void *ret,
		 uint64_t len)
{
	uint8_t *to = ret;

	while (len) {
		uint64_t piece = len;
		const void *from = ram_at(vm, root, gva, false, &piece);

		if (!from)
			return false;
		hv_copy_once(to, from, piece);
		to += piece;
		gva += piece;
		len -= piece;
	}
	return true;
}

bool hv_gva_write(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva,
		  const void *from, uint64_t len)
{
	uint64_t first = len, second;
	void *to = ram_at(vm, root, gva, true, &first), *next = NULL;

	second = len - first;
	if (second)
		next = ram_at(vm, root, gva + first, true, &second);
	if (!to || (len > first && !next) || first + second < len)
		return false;
	memcpy(to, from, first);
	if (next)
		memcpy(next, (const uint8_t *)from + first, second);
	return true;
}
