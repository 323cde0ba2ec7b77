/* SPDX-License-Identifier: MIT
 *
 * The page allocator: a bitmap of free pages under a binary tree that knows,
 * for each node, the runs of free pages in its part of memory.
 *
 *	            [ all of RAM ]             the root
 *	     [ 1st half ]    [ 2nd half ]
 *	     ...
 *	[64 pages][64 pages] ...               leaves: words of the bitmap
 *
 * A node's longest run decides in which half to look for a first fit. A node
 * that is all free or all used says everything about what is beneath it, so
 * nothing beneath it is kept: it is written when the node becomes mixed. Hence
 * marking any number of pages touches O(log RAM) nodes, and memory nobody used
 * has no bookkeeping yet.
 *
 * Nodes lie in depth-first order: a node, its first half's nodes, its second
 * half's. So the bookkeeping of low memory, which is used first, is together,
 * and not spread over as many pages as the tree has levels.
 */
#include <pvguest/boot.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>
#include <pvguest/spinlock.h>

#include "internal.h"

#define WORD_PAGES 64

/* Free pages at the start of a node's part, at its end, and the longest run of
 * them anywhere in it. */
struct runs {
	uint32_t prefix, suffix, longest;
};

static struct {
	struct runs *node; /* [0, 2 * words - 1): the tree, root first */
	uint64_t *word;    /* [0, words): a bit is set if its page is free */
	size_t words;      /* a power of two; 0 until the first call */
	size_t base_page;  /* page number of bit 0 */
	size_t available;
	struct pvg_spinlock lock; /* taken by the public functions */
} map;

/* A node, and the pages it stands for, counted from base_page. */
struct part {
	size_t node;
	size_t first, pages;
};

static struct part root(void)
{
	return (struct part){ 0, 0, map.words * WORD_PAGES };
}

static struct part left_half(struct part p)
{
	return (struct part){ p.node + 1, p.first, p.pages / 2 };
}

static struct part right_half(struct part p)
{
	/* n words make 2 * n - 1 nodes */
	return (struct part){ p.node + p.pages / WORD_PAGES,
			      p.first + p.pages / 2, p.pages / 2 };
}

static bool is_leaf(struct part p)
{
	return p.pages == WORD_PAGES;
}

static uint64_t *leaf_word(struct part p)
{
	return &map.word[p.first / WORD_PAGES];
}

static struct runs *runs_of(struct part p)
{
	return &map.node[p.node];
}

static bool is_uniform(struct part p)
{
	uint32_t longest = runs_of(p)->longest;

	return longest == 0 || longest == p.pages;
}

static void set_uniform(struct part p, bool free)
{
	struct runs *runs = runs_of(p);

	runs->prefix = runs->suffix = runs->longest =
		free ? (uint32_t)p.pages : 0;
	if (is_leaf(p))
		*leaf_word(p) = free ? UINT64_MAX : 0;
}

/* The longest run in a word, which is neither all set nor 0. */
static uint32_t longest_in_word(uint64_t word)
{
	uint32_t longest = 0;

	while (word) {
		uint32_t length;

		word >>= __builtin_ctzll(word);
		/* Its top bit is clear by now, so ~word is not 0. */
		length = (uint32_t)__builtin_ctzll(~word);
		if (length > longest)
			longest = length;
		word >>= length;
	}
	return longest;
}

/* After a change of its word. */
static void renew_leaf(struct part p)
{
	uint64_t word = *leaf_word(p);
	struct runs *runs = runs_of(p);

	if (word == 0 || word == UINT64_MAX) {
		set_uniform(p, word != 0);
		return;
	}
	runs->prefix = (uint32_t)__builtin_ctzll(~word);
	runs->suffix = (uint32_t)__builtin_clzll(~word);
	runs->longest = longest_in_word(word);
}

/* The run from one half into the other. */
static uint32_t across(struct part left, struct part right)
{
	return runs_of(left)->suffix + runs_of(right)->prefix;
}

/* After a change below. */
static void renew(struct part p)
{
	const struct runs *left = runs_of(left_half(p));
	const struct runs *right = runs_of(right_half(p));
	uint32_t half = (uint32_t)(p.pages / 2);
	uint32_t middle = across(left_half(p), right_half(p));
	uint32_t longest = left->longest > right->longest ? left->longest
							  : right->longest;
	struct runs *runs = runs_of(p);

	runs->prefix = left->prefix < half ? left->prefix
					   : half + right->prefix;
	runs->suffix = right->suffix < half ? right->suffix
					    : half + left->suffix;
	runs->longest = middle > longest ? middle : longest;
}

/* Write down what a uniform node says about its halves, before they differ. */
static void push_down(struct part p)
{
	bool free = runs_of(p)->longest > 0;

	if (!is_uniform(p))
		return;
	set_uniform(left_half(p), free);
	set_uniform(right_half(p), free);
}

__attribute__((noreturn, cold)) static void wrong_state(size_t page, bool free)
{
	void *at = (void *)((map.base_page + page) * PVG_PAGE_BYTES);

	if (free)
		pvg_panic("pages freed twice, at %p or soon after", at);
	pvg_panic("the page allocator's records are damaged near %p", at);
}

static void mark_in_word(struct part p, size_t first, size_t end, bool free)
{
	uint64_t *word = leaf_word(p);
	uint64_t bits = UINT64_MAX << (first - p.first);

	if (end - p.first < WORD_PAGES)
		bits &= ~(UINT64_MAX << (end - p.first));
	if (PVG_UNLIKELY((free ? *word : ~*word) & bits))
		wrong_state(p.first, free);
	*word ^= bits;
	renew_leaf(p);
}

/* Turn pages [first, end) from used to free or back. They must all be in the
 * other state. */
static void mark(struct part p, size_t first, size_t end, bool free)
{
	size_t middle = p.first + p.pages / 2;

	if (first < p.first)
		first = p.first;
	if (end > p.first + p.pages)
		end = p.first + p.pages;
	if (end - first == p.pages) {
		if (PVG_UNLIKELY(runs_of(p)->longest != (free ? 0 : p.pages)))
			wrong_state(p.first, free);
		set_uniform(p, free);
	} else if (is_leaf(p)) {
		mark_in_word(p, first, end, free);
	} else {
		push_down(p);
		if (first < middle)
			mark(left_half(p), first, end, free);
		if (end > middle)
			mark(right_half(p), first, end, free);
		renew(p);
	}
}

/* The lowest place in a word where `pages` bits in a row are set. */
static size_t run_in_word(uint64_t word, size_t pages)
{
	while (pages > 1) {
		size_t half = pages / 2;

		word &= word >> half;
		pages -= half;
	}
	return (size_t)__builtin_ctzll(word);
}

/* The lowest run that is long enough; the caller knows that there is one. */
static size_t first_fit(size_t pages)
{
	struct part p = root();

	for (;;) {
		struct part left = left_half(p), right = right_half(p);

		if (is_uniform(p))
			return p.first;
		if (is_leaf(p))
			return p.first + run_in_word(*leaf_word(p), pages);
		if (runs_of(left)->longest >= pages)
			p = left;
		else if (across(left, right) >= pages)
			return right.first - runs_of(left)->suffix;
		else
			p = right;
	}
}

/* The lowest free range takes the bookkeeping, at its start. */
static uint64_t place_bookkeeping(size_t bytes)
{
	const struct pv_memory_range *range = pvg_ranges();

	for (uint32_t i = 0; i < pvg_boot.ranges; i++)
		if (range[i].type == PV_MEMORY_FREE && range[i].bytes >= bytes)
			return range[i].base;
	pvg_panic("no room for the page allocator's %zu bytes: give the guest "
		  "more memory with --mem", bytes);
}

static void free_range(uint64_t base, uint64_t end)
{
	size_t first = base / PVG_PAGE_BYTES - map.base_page;
	size_t last = end / PVG_PAGE_BYTES - map.base_page;

	if (first == last)
		return;
	mark(root(), first, last, true);
	map.available += last - first;
}

static size_t words_for(uint64_t bytes)
{
	size_t words = 1;

	while ((uint64_t)words * WORD_PAGES * PVG_PAGE_BYTES < bytes)
		words *= 2;
	return words;
}

static void set_up(void)
{
	const struct pv_memory_range *range = pvg_ranges();
	const struct pv_memory_range *last = &range[pvg_boot.ranges - 1];
	uint64_t place;
	size_t bytes;

	map.words = words_for(last->base + last->bytes - range->base);
	map.base_page = range->base / PVG_PAGE_BYTES;
	bytes = map.words * (2 * sizeof(*map.node) + sizeof(*map.word));
	bytes = pvg_pages_for(bytes) * PVG_PAGE_BYTES;
	place = place_bookkeeping(bytes);
	map.word = (uint64_t *)(uintptr_t)place;
	map.node = (struct runs *)(map.word + map.words);
	set_uniform(root(), false);
	for (uint32_t i = 0; i < pvg_boot.ranges; i++) {
		uint64_t base = range[i].base;

		if (range[i].type != PV_MEMORY_FREE)
			continue;
		free_range(base == place ? base + bytes : base,
			   range[i].base + range[i].bytes);
	}
}

static void *take(size_t first, size_t pages)
{
	mark(root(), first, first + pages, false);
	map.available -= pages;
	return (void *)((map.base_page + first) * PVG_PAGE_BYTES);
}

/* Whether there is a run of this length, which is not 0. */
static bool there_is(size_t pages)
{
	if (PVG_UNLIKELY(map.words == 0))
		set_up();
	return pages - 1 < map.node[0].longest;
}

static void *alloc(size_t pages)
{
	return there_is(pages) ? take(first_fit(pages), pages) : NULL;
}

static void *alloc_aligned(size_t pages, size_t align)
{
	size_t first, slack;

	if (pages + align - 1 < pages || !there_is(pages + align - 1))
		return NULL;
	first = first_fit(pages + align - 1);
	slack = -(map.base_page + first) & (align - 1);
	return take(first + slack, pages);
}

void *pvg_pages_alloc(size_t pages)
{
	bool was_masked = pvg_spin_lock_masked(&map.lock);
	void *first = alloc(pages);

	pvg_spin_unlock_masked(&map.lock, was_masked);
	return first;
}

void *pvg_pages_alloc_aligned(size_t pages, size_t align_bytes)
{
	size_t align = align_bytes / PVG_PAGE_BYTES;
	bool was_masked;
	void *first;

	if (align <= 1)
		return pvg_pages_alloc(pages);
	was_masked = pvg_spin_lock_masked(&map.lock);
	first = alloc_aligned(pages, align);
	pvg_spin_unlock_masked(&map.lock, was_masked);
	return first;
}

static bool was_free_memory(uint64_t base, size_t pages)
{
	const struct pv_memory_range *range = pvg_ranges();

	for (uint32_t i = 0; i < pvg_boot.ranges; i++) {
		uint64_t offset = base - range[i].base; /* huge if below it */

		if (range[i].type != PV_MEMORY_FREE || offset >= range[i].bytes)
			continue;
		return pages <= (range[i].bytes - offset) / PVG_PAGE_BYTES;
	}
	return false;
}

void pvg_pages_free(void *first, size_t pages)
{
	uintptr_t base = (uintptr_t)first;
	bool was_masked;

	if (pages == 0)
		return;
	if (map.words == 0 || base % PVG_PAGE_BYTES ||
	    !was_free_memory(base, pages))
		pvg_panic("%zu pages at %p freed, which were never allocated",
			  pages, first);
	was_masked = pvg_spin_lock_masked(&map.lock);
	free_range(base, base + pages * PVG_PAGE_BYTES);
	pvg_spin_unlock_masked(&map.lock, was_masked);
}

size_t pvg_pages_available(void)
{
	bool was_masked = pvg_spin_lock_masked(&map.lock);
	size_t available = there_is(1) ? map.available : 0;

	pvg_spin_unlock_masked(&map.lock, was_masked);
	return available;
}

size_t pvg_pages_longest(void)
{
	bool was_masked = pvg_spin_lock_masked(&map.lock);
	size_t longest = there_is(1) ? map.node[0].longest : 0;

	pvg_spin_unlock_masked(&map.lock, was_masked);
	return longest;
}
