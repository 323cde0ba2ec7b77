/* SPDX-License-Identifier: MIT
 *
 * Is all of RAM there, from its first page to its last? The argument is how many
 * MiB to expect. Touches few pages: the host provides only those.
 *
 * Clauses: A1, E6.
 */
#include "tap.h"

/* Does the word at the address keep what is written, apart from its
 * neighbours'? */
static bool keeps(uint64_t address)
{
	volatile uint64_t *word = (volatile uint64_t *)(uintptr_t)address;

	*word = address ^ UINT64_C(0x5a5a5a5a5a5a5a5a);
	return *word == (address ^ UINT64_C(0x5a5a5a5a5a5a5a5a));
}

int main(int argc, char **argv)
{
	const struct pv_memory_range *range = pvg_ranges();
	uint64_t ram = pvg_boot.ram_bytes, last = ram - 8;
	bool zero, kept = true;

	if (!tap_equal(argc, 2, "the size was given"))
		return tap_done();
	tap_equal((int64_t)ram, (int64_t)strtoull(argv[1], NULL, 10) << 20,
		  "RAM is as large as asked for");
	/* Offsets double, so as many pages are touched as the size has bits.
	 * Nothing else uses free RAM: this program allocates nothing. */
	for (uint32_t i = 0; i < pvg_boot.ranges; i++)
		for (uint64_t offset = PV_PAGE_BYTES;
		     range[i].type == PV_MEMORY_FREE && offset < range[i].bytes;
		     offset *= 2)
			kept &= keeps(range[i].base + offset - 8);
	zero = *(volatile uint64_t *)(uintptr_t)last == 0;
	tap_ok(zero, "the last word is zero at first");
	tap_ok(keeps(last), "the last word can be written");
	tap_ok(kept, "words between can be written");
	return tap_done();
}
