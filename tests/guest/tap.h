/* SPDX-License-Identifier: MIT
 *
 * TAP out of a guest: one line a check, the plan at the end.
 */
#ifndef TESTS_GUEST_TAP_H
#define TESTS_GUEST_TAP_H

#include <pvguest/pvguest.h>

static unsigned tap_number, tap_failures;

/* Whether it holds, which it also returns. name is a sentence. */
static inline bool tap_ok(bool holds, const char *name)
{
	tap_number++;
	if (!holds)
		tap_failures++;
	pvg_printf("%s %u - %s\n", holds ? "ok" : "not ok", tap_number, name);
	return holds;
}

static inline bool tap_equal(int64_t got, int64_t want, const char *name)
{
	if (!tap_ok(got == want, name)) {
		pvg_printf("# got %lld (0x%llx), expected %lld (0x%llx)\n",
			   (long long)got, (unsigned long long)got,
			   (long long)want, (unsigned long long)want);
		return false;
	}
	return true;
}

static inline void tap_skip(const char *name, const char *reason)
{
	tap_number++;
	pvg_printf("ok %u - %s # SKIP %s\n", tap_number, name, reason);
}

/* Whether the features a test is about are there; a failure if not. */
static inline bool tap_granted(uint64_t features)
{
	return tap_ok(pvg_has(features), "the features are granted");
}

/* The status for main to return. */
static inline int tap_done(void)
{
	pvg_printf("1..%u\n", tap_number);
	return tap_failures != 0;
}

#endif
