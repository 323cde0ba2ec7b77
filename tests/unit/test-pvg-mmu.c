/* SPDX-License-Identifier: MIT
 *
 * Page tables: a random life of a space against a model of one record a page, edges,
 * and copies to and from user memory.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../random.h"
#include "hosted.h"

#define RAM_BYTES (16u << 20)
#define MIB2 (UINT64_C(2) << 20)
#define GIB (UINT64_C(1) << 30)

static uint8_t *ram;
static struct pvg_space space;

static void setup(void)
{
	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(ram, MAP_FAILED);
	pvg_hosted_boot(ram, RAM_BYTES);
	pvg_boot.features |= PV_FEATURE_HUGE_PAGES;
	cr_assert_eq(pvg_space_init(&space), 0);
}

TestSuite(pvg_mmu, .init = setup, .timeout = 60);

static void expect(uint64_t gva, pv_gpa_t gpa, unsigned rights)
{
	pv_gpa_t got_gpa;
	unsigned got_rights;

	cr_assert(pvg_space_lookup(&space, gva, &got_gpa, &got_rights),
		  "%#lx is not mapped", gva);
	cr_assert_eq(got_gpa, gpa, "%#lx leads to %#lx, not %#lx", gva, got_gpa,
		     gpa);
	cr_assert_eq(got_rights, rights);
}

static unsigned level_of(uint64_t gva)
{
	unsigned level;

	cr_assert_not_null(pvg_space_entry(&space, gva, &level));
	return level;
}

static uint64_t *entry_of(uint64_t gva)
{
	unsigned level;
	uint64_t *entry = pvg_space_entry(&space, gva, &level);

	cr_assert_not_null(entry);
	cr_assert_eq(*entry & PVG_PTE_LARGE, level ? PVG_PTE_LARGE : 0);
	return entry;
}

static void expect_nothing(uint64_t gva)
{
	pv_gpa_t gpa;
	unsigned rights, level;

	cr_assert(!pvg_space_lookup(&space, gva, &gpa, &rights));
	cr_assert_null(pvg_space_entry(&space, gva, &level));
}

Test(pvg_mmu, an_empty_space_maps_nothing)
{
	expect_nothing(0);
	expect_nothing(UINT64_MAX);
	expect_nothing(UINT64_C(1) << 63);
}

Test(pvg_mmu, a_page_is_what_was_asked_for)
{
	cr_assert_eq(pvg_space_map(&space, 0x5000, 0x7000, 4096,
				   PVG_WRITE), 0);
	expect(0x5000, 0x7000, PVG_WRITE);
	expect(0x5fff, 0x7fff, PVG_WRITE);
	expect_nothing(0x4fff);
	expect_nothing(0x6000);
	cr_assert_eq(*entry_of(0x5123),
		     0x7000 | PVG_PTE_PRESENT | PVG_PTE_WRITE | PVG_PTE_USER |
			     PVG_PTE_ACCESSED | PVG_PTE_DIRTY |
			     PVG_PTE_NO_EXEC);
}

Test(pvg_mmu, code_is_not_marked_dirty)
{
	cr_assert_eq(pvg_space_map(&space, 0x5000, 0x7000, 4096, PVG_EXEC), 0);
	cr_assert_eq(*entry_of(0x5000),
		     0x7000 | PVG_PTE_PRESENT | PVG_PTE_USER |
			     PVG_PTE_ACCESSED);
}

Test(pvg_mmu, the_upper_half_and_both_ends_can_be_mapped)
{
	uint64_t last = PV_WINDOW_BASE - 4096;

	cr_assert_eq(pvg_space_map(&space, -UINT64_C(4096), 0x1000, 4096, 0),
		     0);
	cr_assert_eq(pvg_space_map(&space, UINT64_C(0xffff800000000000),
				   0x2000, 4096, 0), 0);
	cr_assert_eq(pvg_space_map(&space, 0, 0x3000, 4096, 0), 0);
	cr_assert_eq(pvg_space_map(&space, last, 0x4000, 4096, 0), 0);
	expect(-UINT64_C(1), 0x1fff, 0);
	expect(UINT64_C(0xffff800000000000), 0x2000, 0);
	expect(0, 0x3000, 0);
	expect(last, 0x4000, 0);
}

Test(pvg_mmu, bad_ranges_are_refused)
{
	static const uint64_t bad[][3] = { /* gva, gpa, bytes */
		{ 0x1001, 0x1000, 4096 },
		{ 0x1000, 0x1001, 4096 },
		{ 0x1000, 0x1000, 4095 },
		{ PV_WINDOW_BASE, 0, 4096 },
		{ PV_WINDOW_BASE - 4096, 0, 8192 },
		{ UINT64_C(0x800000000000), 0, 4096 },
		{ UINT64_C(0xffff7ffffffff000), 0, 4096 },
		{ UINT64_C(0xffff7ffffffff000), 0, 8192 },
		{ UINT64_C(0xfffffffffffff000), 0, 8192 },
		{ 0x1000, 0, UINT64_MAX & ~UINT64_C(4095) },
		{ 0x1000, UINT64_C(1) << 52, 4096 },
		{ 0x1000, (UINT64_C(1) << 52) - 4096, 8192 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(pvg_space_map(&space, bad[i][0], bad[i][1],
					   bad[i][2], 0), -PV_EINVAL,
			     "case %zu", i);
	cr_assert_eq(pvg_space_unmap(&space, 1, 4096), -PV_EINVAL);
	cr_assert_eq(pvg_space_protect(&space, PV_WINDOW_BASE, 4096, 0),
		     -PV_EINVAL);
}

Test(pvg_mmu, large_pages_where_they_fit)
{
	size_t before = pvg_pages_available();

	cr_assert_eq(pvg_space_map(&space, MIB2, 3 * MIB2, MIB2,
				   PVG_WRITE | PVG_LARGE), 0);
	cr_assert_eq(before - pvg_pages_available(), 2); /* of levels 2, 1 */
	cr_assert_eq(level_of(MIB2), 1);
	expect(MIB2 + 0x12345, 3 * MIB2 + 0x12345, PVG_WRITE);
	/* One page too early, one too late. */
	cr_assert_eq(pvg_space_map(&space, 4 * MIB2 - 4096, 6 * MIB2 - 4096,
				   MIB2 + 8192, PVG_LARGE), 0);
	cr_assert_eq(level_of(4 * MIB2 - 1), 0);
	cr_assert_eq(level_of(4 * MIB2), 1);
	cr_assert_eq(level_of(5 * MIB2), 0);
	expect(5 * MIB2 + 5, 7 * MIB2 + 5, 0);
}

Test(pvg_mmu, huge_pages_where_the_processor_has_them)
{
	pvg_space_map(&space, GIB, 2 * GIB, GIB, PVG_LARGE | PVG_HUGE);
	cr_assert_eq(level_of(GIB), 2);
	expect(GIB + 12345678, 2 * GIB + 12345678, 0);
	/* Its splitting: by one page. */
	cr_assert_eq(pvg_space_unmap(&space, GIB + 5 * MIB2 + 4096, 4096), 0);
	expect_nothing(GIB + 5 * MIB2 + 4096);
	expect(GIB + 5 * MIB2 + 4095, 2 * GIB + 5 * MIB2 + 4095, 0);
	expect(GIB + 5 * MIB2 + 8192, 2 * GIB + 5 * MIB2 + 8192, 0);
	expect(GIB, 2 * GIB, 0);
	expect(2 * GIB - 1, 3 * GIB - 1, 0);
	cr_assert_eq(level_of(GIB), 1);
	cr_assert_eq(level_of(GIB + 5 * MIB2), 0);
}

/* Told of each page once, in order; stops after so many. */
struct told {
	uint64_t gva[8];
	unsigned level[8];
	unsigned count, stop_after;
};

static int tell(uint64_t gva, uint64_t *entry, unsigned level, void *arg)
{
	struct told *told = arg;

	cr_assert_lt(told->count, 8);
	cr_assert_eq(entry, entry_of(gva));
	told->gva[told->count] = gva;
	told->level[told->count++] = level;
	return told->count == told->stop_after ? 77 : 0;
}

Test(pvg_mmu, each_page_is_told_once)
{
	static const struct told want = {
		{ 0, 0x5000, 0x6000, MIB2, 2 * GIB, PV_WINDOW_BASE - 4096,
		  UINT64_C(0xffff800000000000), -UINT64_C(4096) },
		{ 0, 0, 0, 1, 2, 0, 0, 0 }, 8, 0
	};
	struct told all = { .count = 0 }, three = { .stop_after = 3 };

	cr_assert_eq(pvg_space_each(&space, tell, &all), 0);
	cr_assert_eq(all.count, 0);
	for (unsigned i = 0; i < want.count; i++)
		cr_assert_eq(pvg_space_map(&space, want.gva[i], 0,
					   pvg_level_bytes(want.level[i]),
					   PVG_LARGE | PVG_HUGE), 0);
	cr_assert_eq(pvg_space_unmap(&space, 0x5000, 4096), 0);
	cr_assert_eq(pvg_space_map(&space, 0x5000, 0, 4096, 0), 0);
	cr_assert_eq(pvg_space_each(&space, tell, &all), 0);
	cr_assert_eq(memcmp(&all, &want, sizeof(all)), 0);
	cr_assert_eq(pvg_space_each(&space, tell, &three), 77);
	cr_assert_eq(three.count, 3);
}

static int drop(uint64_t gva, uint64_t *entry, unsigned level, void *arg)
{
	(void)arg;
	*entry = 0;
	/* A page that comes later, and one in a table that was read already. */
	cr_assert_eq(pvg_space_unmap(&space, gva + pvg_level_bytes(level),
				     4096), 0);
	cr_assert_eq(pvg_space_map(&space, gva - 4096, 0, 4096, 0), 0);
	return 0;
}

Test(pvg_mmu, who_is_told_may_change_the_space)
{
	cr_assert_eq(pvg_space_map(&space, 0x5000, 0, 2 * 4096, 0), 0);
	cr_assert_eq(pvg_space_map(&space, 2 * MIB2, 0, MIB2 + 4096, PVG_LARGE),
		     0);
	cr_assert_eq(pvg_space_each(&space, drop, NULL), 0);
	expect(0x4000, 0, 0);
	expect_nothing(0x5000);
	expect_nothing(0x6000);
	expect(2 * MIB2 - 4096, 0, 0);
	expect_nothing(2 * MIB2);
	expect_nothing(3 * MIB2);
}

Test(pvg_mmu, done_gives_every_table_back)
{
	size_t before;

	pvg_space_done(&space);
	before = pvg_pages_available();
	cr_assert_eq(pvg_space_init(&space), 0);
	for (int i = 0; i < 200; i++)
		cr_assert_eq(pvg_space_map(&space,
					   random_next() % (PV_WINDOW_BASE >> 12) << 12,
					   0, 4096, 0), 0);
	pvg_space_done(&space);
	cr_assert_eq(pvg_pages_available(), before);
}

Test(pvg_mmu, without_memory_for_tables_it_says_so)
{
	while (pvg_pages_available() > 2)
		pvg_pages_alloc(1);
	cr_assert_eq(pvg_space_map(&space, 0, 0, 4096, 0), -PV_ENOMEM);
	expect_nothing(0);
}

/* The model: three 2 MiB stretches across a boundary of tables of level 2. */
#define MODEL_PAGES (3 * 512u)
#define MODEL_BASE (GIB - MIB2)

static struct {
	pv_gpa_t gpa;
	unsigned rights;
	bool there;
} model[MODEL_PAGES];

static void random_step(void)
{
	uint64_t granule = random_next() % 4 ? 1 : 512;
	uint64_t first = random_next() % MODEL_PAGES / granule * granule;
	uint64_t pages = 1 + random_next() % (random_next() % 2 ? 20 : MODEL_PAGES);
	uint64_t gva = MODEL_BASE + first * 4096;
	unsigned rights = random_next() & (PVG_WRITE | PVG_EXEC);
	pv_gpa_t gpa = (random_next() % 4096 * granule) << 12;
	unsigned what = random_next() % 3;

	if (pages > MODEL_PAGES - first)
		pages = MODEL_PAGES - first;
	if (what == 0)
		cr_assert_eq(pvg_space_map(&space, gva, gpa, pages * 4096,
					   rights | (random_next() & PVG_LARGE)), 0);
	else if (what == 1)
		cr_assert_eq(pvg_space_unmap(&space, gva, pages * 4096), 0);
	else
		cr_assert_eq(pvg_space_protect(&space, gva, pages * 4096,
					       rights), 0);
	for (uint64_t i = first; i < first + pages; i++) {
		if (what == 0)
			model[i].gpa = gpa + (i - first) * 4096;
		if (what == 0 || what == 2)
			model[i].rights = rights;
		if (what < 2)
			model[i].there = what == 0;
	}
}

Test(pvg_mmu, a_random_life_is_the_models)
{
	for (int step = 0; step < 3000; step++) {
		random_step();
		for (uint64_t i = step % 7; i < MODEL_PAGES; i += 7) {
			if (model[i].there)
				expect(MODEL_BASE + i * 4096, model[i].gpa,
				       model[i].rights);
			else
				expect_nothing(MODEL_BASE + i * 4096);
		}
	}
	expect_nothing(MODEL_BASE - 1);
	expect_nothing(MODEL_BASE + MODEL_PAGES * 4096);
}

/* Two user pages, next to each other there and not here; behind them one that is
 * read-only, then nothing. */
static uint8_t *page[3];

static void map_user(void)
{
	for (int i = 0; i < 3; i++) {
		page[2 - i] = pvg_pages_alloc(1);
		memset(page[2 - i], 0, 4096);
	}
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pvg_space_map(&space, 0x400000 + i * 4096u,
					   pvg_gpa(page[i]), 4096,
					   i < 2 ? PVG_WRITE : 0), 0);
}

Test(pvg_mmu, copies_cross_pages)
{
	uint8_t out[5000], in[5000];

	map_user();
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)random_next();
	cr_assert(pvg_user_copy_out(&space, 0x400100, out, sizeof(out)));
	cr_assert_eq(memcmp(page[0] + 0x100, out, 0xf00), 0);
	cr_assert_eq(memcmp(page[1], out + 0xf00, sizeof(out) - 0xf00), 0);
	cr_assert(pvg_user_copy_in(&space, in, 0x400100, sizeof(in)));
	cr_assert_eq(memcmp(in, out, sizeof(in)), 0);
	cr_assert(pvg_user_copy_in(&space, in, 0x999000, 0));
}

Test(pvg_mmu, copies_stop_where_user_mode_would)
{
	uint8_t bytes[8192] = { 1 };

	map_user();
	cr_assert(pvg_user_copy_in(&space, bytes, 0x401000, 8192));
	cr_assert(!pvg_user_copy_in(&space, bytes, 0x402000, 4097));
	cr_assert(!pvg_user_copy_out(&space, 0x402000, bytes, 1));
	cr_assert(!pvg_user_copy_out(&space, 0x401fff, bytes, 2));
	cr_assert(!pvg_user_copy_in(&space, bytes, UINT64_MAX, 2));
	cr_assert(!pvg_user_copy_in(&space, bytes, UINT64_C(1) << 63, 1));
	*entry_of(0x400000) &= ~PVG_PTE_USER;
	cr_assert(!pvg_user_copy_in(&space, bytes, 0x400000, 1));
}

Test(pvg_mmu, strings_come_with_their_end)
{
	char text[100];

	map_user();
	memcpy(page[0] + 4090, "sixsix", 6);
	memcpy(page[1], "seven", 6);
	cr_assert_eq(pvg_user_copy_string(&space, text, sizeof(text), 0x400ffa),
		     11);
	cr_assert_str_eq(text, "sixsixseven");
	cr_assert_eq(pvg_user_copy_string(&space, text, 11, 0x400ffa),
		     -PV_E2BIG);
	cr_assert_eq(pvg_user_copy_string(&space, text, 12, 0x400ffa), 11);
	memset(page[2], 'x', 4096);
	cr_assert_eq(pvg_user_copy_string(&space, text, sizeof(text), 0x402ff0),
		     -PV_EFAULT);
	cr_assert_eq(pvg_user_copy_string(&space, text, sizeof(text), 0),
		     -PV_EFAULT);
}
