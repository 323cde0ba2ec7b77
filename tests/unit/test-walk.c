/* SPDX-License-Identifier: MIT
 *
 * Page tables made by hand: where a walk leads, which rights it finds and how it
 * ends; and copying through them, which is a guest's way to have the hypervisor
 * touch memory.
 */
#include <criterion/criterion.h>

#include "page-tables.h"
#include "vm.h"
#include "walk.h"

#define PAGE UINT64_C(4096)
#define RAM_BYTES (UINT64_C(4) << 20)
#define ALL (HV_PT_PRESENT | HV_PT_WRITE | HV_PT_USER)
#define GIB (UINT64_C(1) << 30)

/* One table of each level, in RAM. */
enum { ROOT = 0x1000, PDPT = 0x2000, DIRECTORY = 0x3000, TABLE = 0x4000 };

/* An address with a different index at each level, and an offset. */
#define AT(root, pdpt, directory, table, offset)                             \
	((uint64_t)(root) << 39 | (uint64_t)(pdpt) << 30 |                    \
	 (uint64_t)(directory) << 21 | (uint64_t)(table) << 12 | (offset))
#define GVA AT(1, 2, 3, 4, 0x567)

static struct hv_vm vm;
static struct hv_walk walk;

static uint64_t *entry(pv_gpa_t table, unsigned index)
{
	return (uint64_t *)hv_memory_at(&vm.memory, table + index * 8u, 8);
}

static void setup(void)
{
	cr_assert_eq(hv_memory_create(&vm.memory, RAM_BYTES), 0);
	cr_assert_eq(hv_window_create(&vm.window, RAM_BYTES), 0);
	*entry(ROOT, 1) = PDPT | ALL;
	*entry(PDPT, 2) = DIRECTORY | ALL;
	*entry(DIRECTORY, 3) = TABLE | ALL;
	*entry(TABLE, 4) = 0x200000 | ALL;
}

static void teardown(void)
{
	hv_window_done(&vm.window);
	hv_memory_done(&vm.memory);
}

static enum hv_walk_end walk_to(uint64_t gva)
{
	hv_vm_walk(&vm, ROOT, gva, &walk);
	return walk.end;
}

TestSuite(walk, .init = setup, .fini = teardown, .timeout = 20);

Test(walk, four_levels_lead_to_a_small_page)
{
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x200567);
	cr_assert_eq(walk.page_bytes, PAGE);
	cr_assert_eq(walk.steps, 4);
	cr_assert_eq(walk.entry_gpa[0], ROOT + 1 * 8);
	cr_assert_eq(walk.entry_gpa[1], PDPT + 2 * 8);
	cr_assert_eq(walk.entry_gpa[2], DIRECTORY + 3 * 8);
	cr_assert_eq(walk.entry_gpa[3], TABLE + 4 * 8);
	cr_assert_eq(walk.entry[3], 0x200000 | ALL);
	cr_assert(walk.write && walk.user && walk.exec);
}

Test(walk, three_levels_lead_to_two_mebibytes)
{
	*entry(DIRECTORY, 3) = 0x200000 | HV_PT_LARGE | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x204567);
	cr_assert_eq(walk.page_bytes, 2 << 20);
	cr_assert_eq(walk.steps, 3);
}

Test(walk, two_levels_lead_to_a_gibibyte)
{
	*entry(PDPT, 2) = 5 * GIB | HV_PT_LARGE | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 5 * GIB + (GVA & (GIB - 1)));
	cr_assert_eq(walk.page_bytes, GIB);
	cr_assert_eq(walk.steps, 2);
}

/* In a leaf of the last level the bit is PAT. */
Test(walk, the_large_bit_of_a_last_level_entry_means_nothing)
{
	*entry(TABLE, 4) |= HV_PT_LARGE;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x200567);
}

Test(walk, first_and_last_byte_of_a_page_are_of_it)
{
	cr_assert_eq(walk_to(AT(1, 2, 3, 4, 0)), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x200000);
	cr_assert_eq(walk_to(AT(1, 2, 3, 4, 0xfff)), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x200fff);
	cr_assert_eq(walk_to(AT(1, 2, 3, 5, 0)), HV_WALK_NOT_PRESENT);
}

Test(walk, a_right_is_only_there_if_every_level_gives_it)
{
	static const pv_gpa_t table[] = { ROOT, PDPT, DIRECTORY, TABLE };

	for (unsigned level = 0; level < HV_WALK_LEVELS; level++) {
		uint64_t *e = entry(table[level], level + 1), was = *e;

		*e = was & ~HV_PT_WRITE;
		cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
		cr_assert(!walk.write && walk.user && walk.exec);
		*e = was & ~HV_PT_USER;
		cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
		cr_assert(walk.write && !walk.user && walk.exec);
		*e = was | HV_PT_NO_EXEC;
		cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
		cr_assert(walk.write && walk.user && !walk.exec);
		cr_assert_eq(walk.gpa, 0x200567);
		*e = was;
	}
}

Test(walk, an_entry_that_is_not_present_ends_it_at_its_level)
{
	static const pv_gpa_t table[] = { ROOT, PDPT, DIRECTORY, TABLE };

	for (unsigned level = 0; level < HV_WALK_LEVELS; level++) {
		uint64_t *e = entry(table[level], level + 1), was = *e;

		*e = was & ~HV_PT_PRESENT;
		cr_assert_eq(walk_to(GVA), HV_WALK_NOT_PRESENT);
		cr_assert_eq(walk.steps, level + 1);
		cr_assert_eq(walk.entry[level], was & ~HV_PT_PRESENT);
		*e = was;
	}
}

Test(walk, nothing_of_an_absent_entry_is_believed)
{
	*entry(ROOT, 1) = UINT64_MAX & ~HV_PT_PRESENT;
	cr_assert_eq(walk_to(GVA), HV_WALK_NOT_PRESENT);
}

Test(walk, a_root_has_no_large_entries)
{
	*entry(ROOT, 1) |= HV_PT_LARGE;
	cr_assert_eq(walk_to(GVA), HV_WALK_RESERVED);
	cr_assert_eq(walk.steps, 1);
}

Test(walk, a_large_page_is_aligned)
{
	for (unsigned bit = 13; bit < 21; bit++) {
		*entry(DIRECTORY, 3) = UINT64_C(1) << bit | HV_PT_LARGE | ALL;
		cr_assert_eq(walk_to(GVA), HV_WALK_RESERVED, "bit %u", bit);
		cr_assert_eq(walk.steps, 3);
	}
	for (unsigned bit = 13; bit < 30; bit++) {
		*entry(PDPT, 2) = UINT64_C(1) << bit | HV_PT_LARGE | ALL;
		cr_assert_eq(walk_to(GVA), HV_WALK_RESERVED, "bit %u", bit);
		cr_assert_eq(walk.steps, 2);
	}
}

Test(walk, bit_12_of_a_large_page_is_no_address)
{
	*entry(DIRECTORY, 3) = 0x200000 | 0x1000 | HV_PT_LARGE | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x204567);
	*entry(PDPT, 2) = GIB | 0x1000 | HV_PT_LARGE | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, GIB + (GVA & (GIB - 1)));
}

Test(walk, bits_that_software_may_use_are_no_address)
{
	*entry(TABLE, 4) |= UINT64_C(0x7ff) << 52 | 0xe00;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x200567);
}

Test(walk, a_table_in_no_memory_ends_it)
{
	*entry(DIRECTORY, 3) = (UINT64_C(1) << 40) | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_NO_TABLE);
	cr_assert_eq(walk.steps, 3);
	cr_assert_eq(walk.entry_gpa[3], (UINT64_C(1) << 40) + 4 * 8);
	*entry(ROOT, 1) = HV_PT_ADDRESS | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_NO_TABLE);
	cr_assert_eq(walk.steps, 1);
}

Test(walk, a_root_in_no_memory_ends_it_at_once)
{
	hv_vm_walk(&vm, UINT64_C(1) << 40, GVA, &walk);
	cr_assert_eq(walk.end, HV_WALK_NO_TABLE);
	cr_assert_eq(walk.steps, 0);
	hv_vm_walk(&vm, UINT64_MAX, GVA, &walk);
	cr_assert_eq(walk.end, HV_WALK_NO_TABLE);
	cr_assert_eq(walk.steps, 0);
}

/* As in CR3, which has other things there. */
Test(walk, the_low_bits_of_a_root_are_not_its_address)
{
	hv_vm_walk(&vm, ROOT | 0x18, GVA, &walk);
	cr_assert_eq(walk.end, HV_WALK_MAPPED);
	cr_assert_eq(walk.entry_gpa[0], ROOT + 8);
}

Test(walk, tables_that_lead_to_themselves_end_after_four_levels)
{
	*entry(ROOT, 7) = ROOT | ALL;
	cr_assert_eq(walk_to(AT(7, 7, 7, 7, 0x18)), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, ROOT + 0x18);
	cr_assert_eq(walk.steps, 4);
}

Test(walk, addresses_that_are_not_canonical_have_no_tables)
{
	static const uint64_t bad[] = {
		UINT64_C(1) << 47, UINT64_C(0x8000000000000000),
		UINT64_C(0xffff7fffffffffff), UINT64_C(0x0001000000000000),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(walk_to(bad[i]), HV_WALK_NOT_CANONICAL);
		cr_assert_eq(walk.steps, 0);
	}
	cr_assert_eq(walk_to((UINT64_C(1) << 47) - 1), HV_WALK_NOT_PRESENT);
	cr_assert_eq(walk_to(UINT64_C(0xffff800000000000)), HV_WALK_NOT_PRESENT);
	cr_assert_eq(walk.entry_gpa[0], ROOT + 256 * 8);
	cr_assert_eq(walk_to(UINT64_MAX), HV_WALK_NOT_PRESENT);
	cr_assert_eq(walk.entry_gpa[0], ROOT + 511 * 8);
}

/* The hypervisor's own tables lie there. */
Test(walk, tables_may_be_in_the_window)
{
	uint64_t *table = (uint64_t *)(void *)vm.window.base;

	table[4] = 0x300000 | ALL;
	*entry(DIRECTORY, 3) = vm.window.gpa | ALL;
	cr_assert_eq(walk_to(GVA), HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x300567);
}

/* ---- copying. Two pages side by side, which are not in RAM. */

#define FIRST AT(1, 2, 3, 4, 0)
#define SECOND AT(1, 2, 3, 5, 0)

static uint8_t *ram(pv_gpa_t gpa)
{
	return hv_memory_at(&vm.memory, gpa, 1);
}

static void map_second(uint64_t with)
{
	*entry(TABLE, 5) = with;
}

TestSuite(gva, .init = setup, .fini = teardown, .timeout = 20);

Test(gva, a_read_goes_on_in_the_next_page)
{
	char text[8];

	map_second(0x100000 | ALL);
	memcpy(ram(0x200ffc), "over", 4);
	memcpy(ram(0x100000), "here", 4);
	cr_assert(hv_gva_read(&vm, ROOT, SECOND - 4, text, 8));
	cr_assert_eq(memcmp(text, "overhere", 8), 0);
}

Test(gva, a_write_goes_on_in_the_next_page)
{
	map_second(0x100000 | ALL);
	cr_assert(hv_gva_write(&vm, ROOT, SECOND - 4, "overhere", 8));
	cr_assert_eq(memcmp(ram(0x200ffc), "over", 4), 0);
	cr_assert_eq(memcmp(ram(0x100000), "here", 4), 0);
	cr_assert_eq(*ram(0x201000), 0);
	cr_assert_eq(*ram(0x100004), 0);
}

Test(gva, a_read_that_ends_with_its_page_needs_no_other)
{
	uint8_t bytes[16];

	cr_assert(hv_gva_read(&vm, ROOT, SECOND - 16, bytes, 16));
	cr_assert(hv_gva_write(&vm, ROOT, SECOND - 16, bytes, 16));
}

Test(gva, nothing_is_read_or_written_anywhere)
{
	cr_assert(hv_gva_read(&vm, ROOT, 0, NULL, 0));
}

Test(gva, nothing_is_written_if_the_second_page_cannot_be)
{
	static const uint64_t second[] = {
		0, 0x100000 | (ALL & ~HV_PT_WRITE),
		0x100000 | (ALL & ~HV_PT_USER), RAM_BYTES | ALL,
	};

	for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
		map_second(second[i]);
		cr_assert_not(hv_gva_write(&vm, ROOT, SECOND - 4, "overhere", 8));
		cr_assert_eq(*ram(0x200ffc), 0);
		cr_assert_eq(*ram(0x100000), 0);
	}
}

Test(gva, nothing_is_written_if_the_first_page_cannot_be)
{
	map_second(0x100000 | ALL);
	*entry(TABLE, 4) &= ~HV_PT_WRITE;
	cr_assert_not(hv_gva_write(&vm, ROOT, SECOND - 4, "overhere", 8));
	cr_assert_eq(*ram(0x100000), 0);
}

Test(gva, more_than_two_pages_are_not_written)
{
	static const uint8_t bytes[3 * 4096];

	map_second(0x100000 | ALL);
	*entry(TABLE, 6) = 0x101000 | ALL;
	memset(ram(0x200000), 0xee, PAGE);
	cr_assert_not(hv_gva_write(&vm, ROOT, FIRST, bytes, sizeof(bytes)));
	cr_assert_eq(*ram(0x200000), 0xee);
	cr_assert(hv_gva_write(&vm, ROOT, FIRST, bytes, 2 * PAGE));
	cr_assert_eq(*ram(0x200000), 0);
}

Test(gva, what_is_the_supervisors_is_neither_read_nor_written)
{
	uint64_t word = 0;

	*entry(DIRECTORY, 3) &= ~HV_PT_USER;
	cr_assert_not(hv_gva_read(&vm, ROOT, FIRST, &word, sizeof(word)));
	cr_assert_not(hv_gva_write(&vm, ROOT, FIRST, &word, sizeof(word)));
}

Test(gva, what_is_read_only_is_read)
{
	uint64_t word = 0;

	*entry(PDPT, 2) &= ~HV_PT_WRITE;
	*ram(0x200000) = 7;
	cr_assert(hv_gva_read(&vm, ROOT, FIRST, &word, sizeof(word)));
	cr_assert_eq(word, 7);
	cr_assert_not(hv_gva_write(&vm, ROOT, FIRST, &word, sizeof(word)));
}

/* A guest that maps the window, by its guest-physical address, gets no copy of it
 * made by the hypervisor either. */
Test(gva, only_ram_is_copied)
{
	uint64_t word = 0;

	*entry(TABLE, 4) = vm.window.gpa | ALL;
	cr_assert_eq(walk_to(FIRST), HV_WALK_MAPPED);
	cr_assert_not(hv_gva_read(&vm, ROOT, FIRST, &word, sizeof(word)));
	cr_assert_not(hv_gva_write(&vm, ROOT, FIRST, &word, sizeof(word)));
	*entry(TABLE, 4) = RAM_BYTES - PAGE;
	*entry(TABLE, 4) |= ALL;
	cr_assert(hv_gva_read(&vm, ROOT, FIRST, &word, sizeof(word)));
}

Test(gva, ranges_that_leave_the_lower_half_or_wrap_are_refused)
{
	uint64_t word = 0;

	*entry(ROOT, 255) = PDPT | ALL;
	*entry(ROOT, 511) = PDPT | ALL;
	*entry(PDPT, 511) = DIRECTORY | ALL;
	*entry(DIRECTORY, 511) = TABLE | ALL;
	*entry(TABLE, 511) = 0x200000 | ALL;
	/* The end of the lower half is the window's, whatever a root says. */
	cr_assert_not(hv_gva_read(&vm, ROOT, (UINT64_C(1) << 47) - 8, &word, 8));
	cr_assert_not(hv_gva_read(&vm, ROOT, (UINT64_C(1) << 47) - 4, &word, 8));
	cr_assert_not(hv_gva_write(&vm, ROOT, (UINT64_C(1) << 47) - 4, &word, 8));
	cr_assert(hv_gva_read(&vm, ROOT, UINT64_MAX - 7, &word, 8));
	cr_assert_not(hv_gva_read(&vm, ROOT, UINT64_MAX - 3, &word, 8));
	cr_assert_not(hv_gva_write(&vm, ROOT, UINT64_MAX - 3, &word, 8));
}
