/* SPDX-License-Identifier: MIT
 *
 * Does a sleep last at least as long as asked, and end at all? Never is for the
 * run's timeout to find.
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
	if (!tap_ok(slept >= ns, name))
		pvg_printf("# %llu ns\n", (unsigned long long)slept);
}

int main(void)
{
	sleeps(0, "no time");
	sleeps(1000, "a microsecond");
	sleeps(MILLISECOND, "a millisecond");
	sleeps(100 * MILLISECOND, "a tenth of a second");
	pvg_sleep_until(0);
	tap_ok(true, "until a moment that has passed");
	return tap_done();
}
