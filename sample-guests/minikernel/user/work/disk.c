/* SPDX-License-Identifier: MIT
 *
 * Pages of the disk at places that look random, each of them read by the device while
 * the process waits: no depth, no cache of the kernel's own.
 */
#include "work.h"

/* Some of the words: it is the reading that counts. */
static uint64_t digest_page(uint64_t digest, const uint64_t *word)
{
	for (int i = 0; i < 512; i += 64)
		digest = digest_add(digest, word[i]);
	return digest;
}

uint64_t work_disk(long times)
{
	long pages = disk_pages();
	uint64_t *page = work_memory(4096), state = RANDOM_SEED, digest = 0;

	if (pages < 1)
		fail("work: the disk is too small");
	page[0] = 0;
	work_starts();
	for (long i = 0; i < times; i++) {
		long at = (long)(random_next(&state) % (uint64_t)pages);

		if (disk_read(at, page) < 0)
			fail("work: page %d of the disk cannot be read", at);
		digest = digest_page(digest, page);
	}
	work_stops();
	return digest;
}
