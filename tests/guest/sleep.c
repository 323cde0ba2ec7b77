/* SPDX-License-Identifier: MIT
 *
 * Does a sleep last at least as long as asked, and end at all?
 *
 * Clauses: O16.
 */
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)

static void sleeps(uint64_t ns, const char *name)
{
	uint64_t start = pvg_clock_ns(), slept;

	pvg_sleep_ns(ns);
	slept = pvg_clock_ns() - start;
	/* The upper bound is for a sleep that waits for something else. */
	if (!tap_ok(slept >= ns && slept < ns + 2000 * MILLISECOND, name))
		pvg_printf("# %llu ns\n", (unsigned long long)slept);
}

int main(void)
{
	uint64_t start;

	sleeps(0, "no time");
	sleeps(1000, "a microsecond");
	sleeps(MILLISECOND, "a millisecond");
	sleeps(100 * MILLISECOND, "a tenth of a second");
	start = pvg_clock_ns();
	pvg_sleep_until(0);
	tap_ok(pvg_clock_ns() - start < 1000 * MILLISECOND,
	       "a moment that has passed ends at once");
	return tap_done();
}
