/* SPDX-License-Identifier: MIT
 *
 * Does the heap hold under stress? Random sizes and orders; every object carries
 * a pattern that is checked when it goes.
 */
#include "tap.h"

#define OBJECTS 400
#define ROUNDS 200000

struct object {
	uint8_t *at;
	size_t len;
	uint8_t mark;
};

static struct object objects[OBJECTS];
static uint64_t seed = 1;
static unsigned damaged, refused, misaligned;

static uint32_t next(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33);
}

/* Small ones mostly, one in 64 up to 128 KiB. */
static size_t random_size(void)
{
	return next() % 64 == 0 ? next() % (128 << 10) : next() % 600;
}

static bool intact(const struct object *o, size_t len)
{
	return len == 0 || (o->at[0] == o->mark && o->at[len / 2] == o->mark &&
			    o->at[len - 1] == o->mark);
}

static void mark(struct object *o)
{
	if (!o->at) {
		refused++;
		o->len = 0;
		return;
	}
	misaligned += (uintptr_t)o->at % 16 != 0;
	o->mark = (uint8_t)next();
	memset(o->at, o->mark, o->len);
}

static void resize(struct object *o, size_t len)
{
	uint8_t *moved = realloc(o->at, len);

	if (!moved) {
		refused++;
		return;
	}
	o->at = moved;
	damaged += !intact(o, len < o->len ? len : o->len);
	o->len = len;
	mark(o);
}

static void replace(struct object *o, size_t len)
{
	free(o->at);
	o->at = malloc(len);
	o->len = len;
	mark(o);
}

static void step(struct object *o)
{
	damaged += o->at && !intact(o, o->len);
	if (o->at && next() % 4 == 0)
		resize(o, random_size() + 1);
	else
		replace(o, random_size());
}

static void stress(void)
{
	size_t before = pvg_pages_available();

	for (unsigned i = 0; i < ROUNDS; i++)
		step(&objects[next() % OBJECTS]);
	for (unsigned i = 0; i < OBJECTS; i++) {
		damaged += objects[i].at && !intact(&objects[i], objects[i].len);
		free(objects[i].at);
	}
	tap_equal(damaged, 0, "no object was damaged");
	tap_equal(misaligned, 0, "every object is aligned to 16 bytes");
	tap_equal(refused, 0, "no allocation is refused");
	/* Each of the 23 sizes of small objects keeps a page. */
	tap_ok(pvg_pages_available() + 23 >= before, "pages are given back");
}

static void aligned(void)
{
	for (size_t align = 16; align <= 1 << 16; align *= 2) {
		uint8_t *object = aligned_alloc(align, 100);

		tap_ok(object && (uintptr_t)object % align == 0,
		       "aligned_alloc aligns");
		free(object);
	}
}

static void exhausted(void)
{
	void *first = NULL, **last = &first;
	size_t got = 0;

	for (;;) {
		void **chunk = malloc(64 << 10);

		if (!chunk)
			break;
		*chunk = NULL;
		*last = chunk;
		last = chunk;
		got += 64 << 10;
	}
	tap_ok(got > pvg_boot.ram_bytes / 2, "most of RAM can be had");
	tap_ok(!malloc(64 << 10), "then no more");
	while (first) {
		void *next_chunk = *(void **)first;

		free(first);
		first = next_chunk;
	}
	first = malloc(got / 2);
	tap_ok(first != NULL, "and half of it in one piece afterwards");
	free(first);
}

static void edges(void)
{
	/* Hidden from the compiler, which warns of such sizes. */
	volatile size_t huge = SIZE_MAX;
	void *none = malloc(0);
	uint32_t *zeroes = calloc(1000, 4);
	bool all_zero = zeroes != NULL;

	free(none);
	free(NULL);
	for (unsigned i = 0; zeroes && i < 1000; i++)
		all_zero &= zeroes[i] == 0;
	tap_ok(all_zero, "calloc clears");
	free(zeroes);
	tap_ok(!malloc(huge), "an absurd size is refused");
	tap_ok(!malloc(huge - 4096), "one that wraps in pages too");
	tap_ok(!calloc(huge / 2, 4), "and a product that wraps");
	zeroes = realloc(NULL, 10);
	tap_ok(zeroes != NULL, "realloc of nothing allocates");
	free(zeroes);
}

int main(void)
{
	stress();
	aligned();
	edges();
	exhausted();
	return tap_done();
}
