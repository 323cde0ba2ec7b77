/* SPDX-License-Identifier: MIT
 *
 * The guest's page allocator against a model of one byte a page: a random life
 * in two free ranges with the boot stack between them, in which every answer,
 * the number of free pages and the longest run must be the model's.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../random.h"
#include "hosted.h"

#define PAGES 4000
#define GAP_FIRST 1500 /* no multiple of 64: inside a word of the bitmap */
#define GAP_PAGES 33
#define RUNS 300
#define STEPS 20000

static uint8_t *ram;
static bool used[PAGES]; /* the model */
static size_t available;

static struct run {
	size_t first, pages;
} runs[RUNS];
static unsigned live;

static struct pv_memory_range range(size_t first, size_t pages, uint32_t type)
{
	return (struct pv_memory_range){
		.base = pvg_hosted_addr(ram + first * PVG_PAGE_BYTES),
		.bytes = pages * PVG_PAGE_BYTES, .type = type,
	};
}

/* The bookkeeping takes what is missing from the start. */
static void setup(void)
{
	static struct pv_memory_range ranges[3];
	size_t bookkeeping;

	ram = mmap(NULL, PAGES * PVG_PAGE_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(ram, MAP_FAILED);
	ranges[0] = range(0, GAP_FIRST, PV_MEMORY_FREE);
	ranges[1] = range(GAP_FIRST, GAP_PAGES, PV_MEMORY_STACK);
	ranges[2] = range(GAP_FIRST + GAP_PAGES, PAGES - GAP_FIRST - GAP_PAGES,
			  PV_MEMORY_FREE);
	pvg_hosted_boot(ram, PAGES * PVG_PAGE_BYTES);
	pvg_boot.ranges_addr = pvg_hosted_addr(ranges);
	pvg_boot.ranges = 3;
	available = pvg_pages_available();
	bookkeeping = PAGES - GAP_PAGES - available;
	cr_assert_leq(bookkeeping, 2);
	memset(used, true, bookkeeping);
	memset(used + GAP_FIRST, true, GAP_PAGES);
}

TestSuite(pvg_page, .init = setup, .timeout = 60);

/* The lowest run of so many free pages, PAGES if there is none. */
static size_t model_fit(size_t pages)
{
	size_t length = 0;

	for (size_t i = 0; i < PAGES; i++) {
		length = used[i] ? 0 : length + 1;
		if (length == pages)
			return i + 1 - pages;
	}
	return PAGES;
}

static size_t model_longest(void)
{
	size_t length = 0, longest = 0;

	for (size_t i = 0; i < PAGES; i++) {
		length = used[i] ? 0 : length + 1;
		if (length > longest)
			longest = length;
	}
	return longest;
}

static void note(const uint8_t *at, size_t pages)
{
	size_t first = (size_t)(at - ram) / PVG_PAGE_BYTES;

	for (size_t i = 0; i < pages; i++)
		cr_assert_not(used[first + i], "page %zu twice", first + i);
	memset(used + first, true, pages);
	available -= pages;
	runs[live++] = (struct run){ first, pages };
}

/* Few pages mostly, sometimes hundreds. */
static size_t random_pages(void)
{
	return 1 + random_next() % (random_next() % 8 ? 5 : 400);
}

static void take(void)
{
	size_t pages = random_pages(), fit = model_fit(pages);
	uint8_t *at = pvg_pages_alloc(pages);

	cr_assert_eq(at, fit < PAGES ? ram + fit * PVG_PAGE_BYTES : NULL);
	if (at)
		note(at, pages);
}

static void take_aligned(void)
{
	size_t pages = random_pages();
	size_t align = (size_t)PVG_PAGE_BYTES << random_next() % 8;
	uint8_t *at = pvg_pages_alloc_aligned(pages, align);

	if (!at)
		return;
	cr_assert_eq((uintptr_t)at % align, 0);
	note(at, pages);
}

/* All of a run, or the beginning of it. */
static void give_back(void)
{
	struct run *run = &runs[random_next() % live];
	size_t pages = random_next() % 3 ? run->pages : 1 + random_next() % run->pages;

	pvg_pages_free(ram + run->first * PVG_PAGE_BYTES, pages);
	memset(used + run->first, false, pages);
	available += pages;
	run->first += pages;
	run->pages -= pages;
	if (run->pages == 0)
		*run = runs[--live];
}

static void step(void)
{
	if (live == RUNS || (live && random_next() % 5 < 2))
		give_back();
	else if (random_next() % 4)
		take();
	else
		take_aligned();
}

Test(pvg_page, a_random_life_is_the_models)
{
	for (unsigned i = 0; i < STEPS; i++) {
		step();
		cr_assert_eq(pvg_pages_available(), available);
		if (i % 64 == 0)
			cr_assert_eq(pvg_pages_longest(), model_longest());
	}
	while (live)
		give_back();
	cr_assert_eq(pvg_pages_available(), available);
	cr_assert_eq(pvg_pages_longest(), PAGES - GAP_FIRST - GAP_PAGES);
}

Test(pvg_page, what_is_no_number_of_pages_is_refused)
{
	cr_assert_null(pvg_pages_alloc(0));
	cr_assert_null(pvg_pages_alloc(SIZE_MAX));
	cr_assert_null(pvg_pages_alloc(available + 1));
	cr_assert_null(pvg_pages_alloc_aligned(SIZE_MAX, 2 * PVG_PAGE_BYTES));
}

Test(pvg_page, freeing_part_of_the_stack_panics, .signal = SIGABRT)
{
	pvg_pages_free(ram + GAP_FIRST * PVG_PAGE_BYTES, 1);
}

Test(pvg_page, freeing_across_the_end_of_a_range_panics, .signal = SIGABRT)
{
	pvg_pages_free(ram + (GAP_FIRST - 1) * PVG_PAGE_BYTES, 2);
}
