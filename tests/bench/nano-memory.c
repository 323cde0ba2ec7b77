/* SPDX-License-Identifier: MIT
 *
 * Translations that change: an entry, a whole space, and code that was not there
 * before. What is behind them is looked at, so that a machine which keeps an old
 * translation is found out.
 */
#include "nano.h"

#include "bench/cold-code.h"

#define PAGE PVG_PAGE_BYTES

void *nano_page(void)
{
	void *page = pvg_pages_alloc(1);

	if (!page)
		pvg_panic("nano: no memory");
	return memset(page, 0, PAGE);
}

static void map(struct pvg_space *space, unsigned number, void *page,
		unsigned rights)
{
	nano_must(pvg_space_map(space, NANO_ROOM + number * PAGE, pvg_gpa(page),
				PAGE, rights), "memory");
}

static void space_make(struct pvg_space *ret_space)
{
	nano_must(pvg_space_init(ret_space), "memory");
	nano_must(pvg_space_map_ram(ret_space), "memory");
	for (unsigned i = 0; i < NANO_ROOM_PAGES; i++)
		map(ret_space, i, ret_space->root, 0); /* for the tables */
	pvg_space_unmap(ret_space, NANO_ROOM, NANO_ROOM_PAGES * PAGE);
}

static struct pvg_space space;
static bool entered;

struct pvg_space *nano_space_enter(void)
{
	if (!space.root)
		space_make(&space);
	nano_must(pvg_root_load(pvg_space_root(&space)), "page tables");
	entered = true;
	return &space;
}

void nano_space_leave(void)
{
	if (entered)
		nano_must(pvg_root_load(PV_ROOT_INITIAL), "page tables");
	entered = false;
}

static volatile uint64_t *room(unsigned number)
{
	return (volatile uint64_t *)(uintptr_t)(NANO_ROOM + number * PAGE);
}

static void look(unsigned number, uint64_t expected)
{
	if (*room(number) != expected)
		pvg_panic("nano: %#lx leads to an old page",
			  (unsigned long)(uintptr_t)room(number));
}

/* An entry leads to one of two pages, by turns. */
static uint64_t *pages[2];

static void prepare_pte_modify(void)
{
	nano_space_enter();
	for (uint64_t i = 0; i < 2; i++) {
		pages[i] = nano_page();
		*pages[i] = i;
	}
}

static void pte_modify(uint64_t times)
{
	uint64_t self = UINT64_C(1) << pvg_vcpu_number();

	for (uint64_t i = 0; i < times; i++) {
		map(&space, 1, pages[i % 2], PVG_WRITE);
		pvg_flush(self, room(1), PAGE);
		look(1, i % 2);
	}
}

/* Two spaces by turns, and after each switch some pages that every one has its own
 * of, since to find translations again is a part of the price. */
#define TOUCHED 8u
static struct pvg_space other;

static void prepare_space_switch(void)
{
	struct pvg_space *spaces[] = { nano_space_enter(), &other };

	space_make(&other);
	for (uint64_t i = 0; i < 2; i++)
		for (unsigned n = 2; n < 2 + TOUCHED; n++) {
			uint64_t *page = nano_page();

			*page = i;
			map(spaces[i], n, page, PVG_WRITE);
		}
}

static void space_switch(uint64_t times)
{
	pv_gpa_t roots[] = { pvg_space_root(&space),
			     pvg_space_root(&other) };

	for (uint64_t i = 1; i <= times; i++) {
		pvg_root_load(roots[i % 2]);
		for (unsigned n = 2; n < 2 + TOUCHED; n++)
			look(n, i % 2);
	}
	if (times % 2)
		pvg_root_load(roots[0]);
}

/* Instructions that are executed once, of bench/cold-code.h. A page is written where it
 * may be written to, and executed where it may be executed; the time of writing is put
 * aside. The processor notices: between the two it takes the way to the clock and back. */
#define COLD_FIRST 16u /* in the room */
_Static_assert(COLD_FIRST + HV_COLD_PAGES <= NANO_ROOM_PAGES, "there is room");

static uint8_t code[HV_COLD_BYTES], *cold[HV_COLD_PAGES];

static void prepare_cold_code(void)
{
	nano_space_enter();
	hv_cold_make(code);
	for (unsigned i = 0; i < HV_COLD_PAGES; i++) {
		cold[i] = nano_page();
		map(&space, COLD_FIRST + i, cold[i], PVG_EXEC);
	}
}

static void write_pages(uint64_t count, uint32_t number)
{
	for (uint64_t i = 0; i < count; i++) {
		hv_cold_number(code, number + (uint32_t)i);
		memcpy(cold[i], code, sizeof(code));
	}
}

/* The last so many of a page. */
static void execute(unsigned page, uint64_t instructions, uint32_t number)
{
	uint64_t from = HV_COLD_EACH - instructions;
	uint64_t at = NANO_ROOM + (COLD_FIRST + page) * PAGE;
	uint32_t answer, expected;

	at += from <= HV_COLD_LONG ? from * HV_COLD_LONG_BYTES
				   : HV_COLD_LONG * HV_COLD_LONG_BYTES +
					     (from - HV_COLD_LONG) * 2;
	answer = ((uint32_t (*)(uint32_t))(uintptr_t)at)(7);
	if (from >= HV_COLD_LONG)
		return;
	/* Every fourth adds 1; the last one adds its number. */
	expected = 7 + number + (HV_COLD_LONG - 1 + 3) / 4 -
		   (uint32_t)(from + 3) / 4;
	if (answer != expected)
		pvg_panic("nano: old code: %u instead of %u", answer, expected);
}

static void cold_code(uint64_t times)
{
	static uint32_t number;
	const uint64_t each = HV_COLD_EACH;

	while (times > 0) {
		uint64_t start_ns = pvg_clock_ns();
		uint64_t count = (times + each - 1) / each;

		if (count > HV_COLD_PAGES)
			count = HV_COLD_PAGES;
		write_pages(count, number);
		nano_aside_ns += pvg_clock_ns() - start_ns;
		for (unsigned i = 0; i < count; i++) {
			uint64_t now = times < each ? times : each;

			execute(i, now, number + i);
			times -= now;
		}
		number += HV_COLD_PAGES;
	}
}

const struct nano_row nano_memory_rows[] = {
	{ "pte-modify", PV_FEATURE_MMU, 1, prepare_pte_modify, pte_modify },
	{ "space-switch", PV_FEATURE_MMU, 1, prepare_space_switch,
	  space_switch },
	{ "cold-code", PV_FEATURE_MMU, 1, prepare_cold_code, cold_code },
	{ NULL, 0, 0, NULL, NULL },
};
