/* SPDX-License-Identifier: MIT
 *
 * Pages that are touched for the first time: each is a page fault. In a process of its
 * own the region would be given back by its end; here it is by sbrk, while the clock
 * stands.
 */
#include "work.h"

#define PAGE_WORDS (4096 / (long)sizeof(uint64_t))
#define REGION_PAGES 1024l
#define STRIDE 389 /* pages, odd: it comes by all of them, and none is a neighbour */

static uint64_t sweep(uint64_t digest, volatile uint64_t *region, long pages)
{
	for (long i = 0; i < pages; i++) {
		long page = i * STRIDE % REGION_PAGES;
		volatile uint64_t *at = region + page * PAGE_WORDS +
					page % PAGE_WORDS;

		*at += digest + (uint64_t)page; /* to what is 0 */
		digest = digest_add(digest, *at);
	}
	return digest;
}

uint64_t work_demand(long times)
{
	const long bytes = REGION_PAGES * 4096;
	uint64_t digest = 0;

	while (times > 0) {
		long pages = times < REGION_PAGES ? times : REGION_PAGES;
		uint64_t *region = work_memory((size_t)bytes);

		work_starts();
		digest = sweep(digest, region, pages);
		work_stops();
		if (!sbrk(-bytes))
			fail("work: memory cannot be given back");
		times -= pages;
	}
	return digest;
}
