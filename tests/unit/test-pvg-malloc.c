/* SPDX-License-Identifier: MIT
 *
 * The guest's page allocator and heap, inside this process: their edges, and a
 * random life checked against a simple model. The guest test of the same name
 * runs longer.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"

#define RAM_BYTES (8u << 20)
#define OBJECTS 200

static uint8_t *ram;

static void setup(void)
{
	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(ram, MAP_FAILED);
	pvg_hosted_boot(ram, RAM_BYTES);
}

TestSuite(pvg_malloc, .init = setup, .timeout = 60);

static bool in_ram(const void *at, size_t len)
{
	const uint8_t *p = at;

	return p >= ram && len <= RAM_BYTES && p <= ram + RAM_BYTES - len;
}

Test(pvg_malloc, pages_lie_in_ram_apart_from_each_other)
{
	uint8_t *page[100];

	for (int i = 0; i < 100; i++) {
		page[i] = pvg_pages_alloc((size_t)i % 5 + 1);
		cr_assert(in_ram(page[i], (size_t)(i % 5 + 1) * PVG_PAGE_BYTES));
		cr_assert_eq((uintptr_t)page[i] % PVG_PAGE_BYTES, 0);
		memset(page[i], i, (size_t)(i % 5 + 1) * PVG_PAGE_BYTES);
	}
	for (int i = 0; i < 100; i++) {
		for (int at = 0; at < (i % 5 + 1) * PVG_PAGE_BYTES; at++)
			cr_assert_eq(page[i][at], i);
		pvg_pages_free(page[i], (size_t)i % 5 + 1);
	}
}

Test(pvg_malloc, freed_pages_become_one_run_again)
{
	size_t longest, available = pvg_pages_available();
	void *one = pvg_pages_alloc(1);
	uint8_t *all;

	pvg_pages_free(one, 1);
	longest = pvg_pages_longest();
	cr_assert_leq(longest, available);
	all = pvg_pages_alloc(longest);
	cr_assert_not_null(all);
	cr_assert_null(pvg_pages_alloc(longest));
	/* Every second page first, then the others. */
	for (size_t i = 0; i < longest; i += 2)
		pvg_pages_free(all + i * PVG_PAGE_BYTES, 1);
	cr_assert_null(pvg_pages_alloc(2 + longest / 2));
	for (size_t i = 1; i < longest; i += 2)
		pvg_pages_free(all + i * PVG_PAGE_BYTES, 1);
	cr_assert_eq(pvg_pages_longest(), longest);
}

Test(pvg_malloc, aligned_pages)
{
	for (size_t align = 4096; align <= 1 << 20; align *= 2) {
		void *pages = pvg_pages_alloc_aligned(3, align);

		cr_assert_not_null(pages);
		cr_assert_eq((uintptr_t)pages % align, 0);
		pvg_pages_free(pages, 3);
	}
}

Test(pvg_malloc, freeing_a_page_twice_panics, .signal = SIGABRT)
{
	void *page = pvg_pages_alloc(1);

	pvg_pages_free(page, 1);
	pvg_pages_free(page, 1);
}

Test(pvg_malloc, freeing_an_object_twice_panics, .signal = SIGABRT)
{
	void *object = pvguest_malloc(40), *other = pvguest_malloc(40);

	(void)other;
	pvguest_free(object);
	pvguest_free(object);
}

Test(pvg_malloc, freeing_what_is_none_panics, .signal = SIGABRT)
{
	char *object = pvguest_malloc(100);

	pvguest_free(object + 16);
}

Test(pvg_malloc, absurd_sizes_are_refused)
{
	static volatile size_t huge = SIZE_MAX;

	cr_assert_null(pvguest_malloc(huge));
	cr_assert_null(pvguest_malloc(huge - 4095));
	cr_assert_null(pvguest_malloc(huge / 2));
	cr_assert_null(pvguest_calloc(huge / 2, 4));
	cr_assert_null(pvguest_aligned_alloc(huge / 2 + 1, 1));
	cr_assert_null(pvg_pages_alloc(huge));
	cr_assert_null(pvg_pages_alloc(huge / PVG_PAGE_BYTES));
}

static void is_filled(const uint8_t *bytes, size_t len, uint8_t with)
{
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(bytes[i], with);
}

Test(pvg_malloc, realloc_keeps_what_fits)
{
	uint8_t *object = NULL, mark = 0;
	size_t old_len = 0;

	for (size_t len = 1; len < 20000; len += len / 3 + 1) {
		object = pvguest_realloc(object, len);
		is_filled(object, old_len, mark);
		memset(object, ++mark, len);
		old_len = len;
	}
	object = pvguest_realloc(object, 10);
	is_filled(object, 10, mark);
	pvguest_free(object);
}

struct object {
	uint8_t *at;
	size_t len;
	uint8_t mark;
};

static void check_and_free(struct object *o)
{
	is_filled(o->at, o->len, o->mark);
	pvguest_free(o->at);
	o->at = NULL;
	o->len = 0;
}

Test(pvg_malloc, random_lives_do_not_touch_each_other)
{
	static struct object objects[OBJECTS];

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		struct object *o = &objects[random() % OBJECTS];

		check_and_free(o);
		o->len = (size_t)(random() % (random() % 20 ? 300 : 20000));
		o->mark = (uint8_t)random();
		o->at = pvguest_malloc(o->len);
		cr_assert(in_ram(o->at, o->len));
		cr_assert_eq((uintptr_t)o->at % 16, 0);
		memset(o->at, o->mark, o->len);
	}
	for (int i = 0; i < OBJECTS; i++)
		check_and_free(&objects[i]);
}
