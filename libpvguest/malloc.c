/* SPDX-License-Identifier: MIT
 *
 * malloc. Every object lies in pages that start with a head:
 *
 *	small:	[head|object|object|...]	one page, objects of one size
 *	large:	[head|object ......][......]	pages of its own
 *
 * so the head of an object is at the start of the page that holds the byte
 * before it. Small objects are free or not by a bit in the head and carry
 * nothing themselves: what runs over an object's end cannot lead the allocator
 * astray, only spoil its neighbour or the next page's check word, which free
 * and realloc look at.
 *
 * Pages of small objects are guarded by one lock. What is large has its pages to
 * itself, and nothing of it is shared.
 */
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>
#include <pvguest/spinlock.h>

#include "internal.h"

#define HEAD_BYTES 64
#define GRAIN 16
#define SMALL_MAX 2016

#define CHECK_SMALL UINT64_C(0x5ce1f3a7d86b2497)
#define CHECK_LARGE UINT64_C(0xa90c46e1b7753f2d)

struct small_page {
	uint64_t check; /* CHECK_SMALL ^ own address */
	uint32_t grade;
	uint32_t free;
	struct small_page *next, *prev; /* pages of the grade with room */
	uint64_t free_bits[4];
};
PV_SIZE_IS(struct small_page, HEAD_BYTES);

struct large_head {
	uint64_t check; /* CHECK_LARGE ^ own address */
	size_t pages;
	void *object;
};

/* The largest multiples of the grain of which 2, 3, 4 ... fit a page. */
static const uint16_t grade_bytes[] = {
	16,  32,  48,  64,  80,	 96,  112, 128, 144, 160,  192,
	240, 288, 336, 400, 448, 496, 576, 672, 800, 1008, 1344, SMALL_MAX
};
#define GRADES (sizeof(grade_bytes) / sizeof(grade_bytes[0]))

static struct small_page *with_room[GRADES];
static struct pvg_spinlock small_lock;
/* Grade of a size, by grains; filled at the first call. */
static uint8_t grade_of_grains[SMALL_MAX / GRAIN + 1];

static uint32_t objects_in(uint32_t grade)
{
	return (PVG_PAGE_BYTES - HEAD_BYTES) / grade_bytes[grade];
}

static void fill_grade_table(void)
{
	uint8_t grade = 0;

	for (size_t grains = 0; grains <= SMALL_MAX / GRAIN; grains++) {
		if (grains * GRAIN > grade_bytes[grade])
			grade++;
		grade_of_grains[grains] = grade;
	}
}

/* Two vCPUs may both fill the table: they write the same. */
static uint32_t grade_for(size_t len)
{
	/* The largest size is not of grade 0 once the table is there. */
	if (PVG_UNLIKELY(grade_of_grains[SMALL_MAX / GRAIN] == 0))
		fill_grade_table();
	return grade_of_grains[(len + GRAIN - 1) / GRAIN];
}

static void link_page(struct small_page *page)
{
	page->prev = NULL;
	page->next = with_room[page->grade];
	if (page->next)
		page->next->prev = page;
	with_room[page->grade] = page;
}

static void unlink_page(struct small_page *page)
{
	if (page->prev)
		page->prev->next = page->next;
	else
		with_room[page->grade] = page->next;
	if (page->next)
		page->next->prev = page->prev;
}

static struct small_page *add_page(uint32_t grade)
{
	struct small_page *page = pvg_pages_alloc(1);
	uint32_t objects = objects_in(grade);

	if (!page)
		return NULL;
	page->check = CHECK_SMALL ^ (uintptr_t)page;
	page->grade = grade;
	page->free = objects;
	for (uint32_t i = 0; i < 4; i++, objects -= objects < 64 ? objects : 64)
		page->free_bits[i] = objects >= 64
					     ? UINT64_MAX
					     : (UINT64_C(1) << objects) - 1;
	link_page(page);
	return page;
}

static void *small_take(uint32_t grade)
{
	struct small_page *page = with_room[grade];
	uint32_t word = 0, bit;

	if (!page)
		page = add_page(grade);
	if (!page)
		return NULL;
	while (!page->free_bits[word])
		word++;
	bit = (uint32_t)__builtin_ctzll(page->free_bits[word]);
	page->free_bits[word] &= page->free_bits[word] - 1;
	if (--page->free == 0)
		unlink_page(page);
	return (char *)page + HEAD_BYTES +
	       (size_t)(word * 64 + bit) * grade_bytes[grade];
}

static void *small_alloc(uint32_t grade)
{
	bool was_masked = pvg_spin_lock_masked(&small_lock);
	void *object = small_take(grade);

	pvg_spin_unlock_masked(&small_lock, was_masked);
	return object;
}

__attribute__((noreturn, cold)) static void not_given(void *object, void *given)
{
	pvg_panic("heap: %p is not what malloc gave, which was %p", object,
		  given);
}

/* Which object of the page, after a look whether it is one and in use. */
static uint32_t small_index(struct small_page *page, void *object)
{
	uint32_t offset =
		(uint32_t)((char *)object - (char *)page) - HEAD_BYTES;
	uint32_t bytes = grade_bytes[page->grade];
	uint32_t index = offset / bytes;

	if (PVG_UNLIKELY(offset % bytes))
		not_given(object, (char *)object - offset % bytes);
	if (PVG_UNLIKELY(page->free_bits[index / 64] >> index % 64 & 1))
		pvg_panic("heap: %p was freed already", object);
	return index;
}

/* One empty page of a grade is kept, so that an object that comes and goes does
 * not take a page with it each time. */
static void small_give(struct small_page *page, void *object)
{
	uint32_t index = small_index(page, object);

	page->free_bits[index / 64] |= UINT64_C(1) << index % 64;
	if (page->free++ == 0)
		link_page(page);
	if (page->free == objects_in(page->grade) &&
	    (page->next || page->prev)) {
		unlink_page(page);
		page->check = 0;
		pvg_pages_free(page, 1);
	}
}

static void small_free(struct small_page *page, void *object)
{
	bool was_masked = pvg_spin_lock_masked(&small_lock);

	small_give(page, object);
	pvg_spin_unlock_masked(&small_lock, was_masked);
}

static void *large_init(void *first, size_t pages, void *object)
{
	struct large_head *head = first;

	head->check = CHECK_LARGE ^ (uintptr_t)head;
	head->pages = pages;
	head->object = object;
	return object;
}

/* The object follows the head at the next multiple of align. From a page's
 * alignment on that costs a page for the head alone, before the object. */
static void *large_alloc(size_t len, size_t align)
{
	size_t offset = align < HEAD_BYTES ? HEAD_BYTES : align;
	size_t skipped = 0, pages;
	char *first;

	if (len > SIZE_MAX / 4 || align > SIZE_MAX / 4)
		return NULL;
	pages = pvg_pages_for(offset + len);
	first = pvg_pages_alloc_aligned(pages, align);
	if (!first)
		return NULL;
	if (align > PVG_PAGE_BYTES)
		skipped = align / PVG_PAGE_BYTES - 1;
	pvg_pages_free(first, skipped);
	return large_init(first + skipped * PVG_PAGE_BYTES, pages - skipped,
			  first + offset);
}

static void large_free(struct large_head *head, void *object)
{
	if (PVG_UNLIKELY(head->object != object))
		not_given(object, head->object);
	head->check = 0;
	pvg_pages_free(head, head->pages);
}

static void *head_of(void *object)
{
	return (void *)(((uintptr_t)object - 1) &
			~(uintptr_t)(PVG_PAGE_BYTES - 1));
}

/* The head is of a large object, else of a page of small ones. */
static bool is_large(const uint64_t *head, void *object)
{
	uint64_t check = *head ^ (uintptr_t)head;

	if (PVG_UNLIKELY(check != CHECK_SMALL && check != CHECK_LARGE))
		pvg_panic("heap: %p is not from malloc, was freed already, or "
			  "the object below it ran over its end", object);
	return check == CHECK_LARGE;
}

/* How long the object may become where it is. */
static size_t capacity(void *object)
{
	struct small_page *small = head_of(object);
	struct large_head *large = head_of(object);

	if (!is_large(&large->check, object)) {
		small_index(small, object);
		return grade_bytes[small->grade];
	}
	if (PVG_UNLIKELY(large->object != object))
		not_given(object, large->object);
	return large->pages * PVG_PAGE_BYTES -
	       (size_t)((char *)object - (char *)large);
}

void *malloc(size_t len)
{
	if (PVG_LIKELY(len <= SMALL_MAX))
		return small_alloc(grade_for(len));
	return large_alloc(len, GRAIN);
}

void free(void *object)
{
	void *head = head_of(object);

	if (!object)
		return;
	if (is_large(head, object))
		large_free(head, object);
	else
		small_free(head, object);
}

void *calloc(size_t count, size_t len)
{
	size_t bytes;
	void *object;

	if (__builtin_mul_overflow(count, len, &bytes))
		return NULL;
	object = malloc(bytes);
	return object ? memset(object, 0, bytes) : NULL;
}

/* A large object that shrinks gives its last pages back. */
static void shrink(void *object, size_t len)
{
	struct large_head *head = head_of(object);
	size_t needed;

	if (!is_large(&head->check, object))
		return;
	needed = pvg_pages_for((size_t)((char *)object - (char *)head) + len);
	pvg_pages_free((char *)head + needed * PVG_PAGE_BYTES,
		       head->pages - needed);
	head->pages = needed;
}

void *realloc(void *old, size_t len)
{
	size_t had = old ? capacity(old) : 0;
	void *object;

	if (old && len <= had) {
		shrink(old, len);
		return old;
	}
	object = malloc(len);
	if (object && old) {
		memcpy(object, old, had);
		free(old);
	}
	return object;
}

/* Small objects start HEAD_BYTES into a page, so those of a size that is a
 * multiple of an alignment up to HEAD_BYTES are so aligned. */
void *aligned_alloc(size_t align, size_t len)
{
	if (align <= GRAIN)
		return malloc(len);
	if (align <= HEAD_BYTES && len <= SMALL_MAX)
		for (uint32_t grade = grade_for(len); grade < GRADES; grade++)
			if (grade_bytes[grade] % align == 0)
				return small_alloc(grade);
	return large_alloc(len, align);
}
