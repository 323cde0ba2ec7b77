/* SPDX-License-Identifier: MIT
 *
 * Are random bytes there, as many as asked for, and different each time?
 *
 * Clauses: O17.
 */
#include "tap.h"

static uint8_t a[PV_RANDOM_MAX_BYTES + 64], b[sizeof(a)];

/* Of n random bits half are set; 6 standard deviations are n's root times 3. */
static bool balanced(const uint8_t *bytes, size_t len)
{
	int64_t set = 0, off;

	for (size_t i = 0; i < len; i++)
		set += __builtin_popcount(bytes[i]);
	off = set - (int64_t)len * 4;
	return off * off < 9 * (int64_t)len * 8;
}

int main(void)
{
#ifdef PVG_NATIVE /* a processor may have no RDRAND */
	if (!pvg_has(PV_FEATURE_RANDOM)) {
		tap_equal(pvg_random_fill(a, 16), -PV_EOPNOTSUPP,
			  "without a source of them the library says so");
		tap_equal(pvg_op_random(a, 16), -PV_ENOSYS, "and the operation");
		return tap_done();
	}
#endif
	tap_equal(pvg_op_random(a, 0), 0, "no bytes");
	a[1] = 0xa5;
	tap_equal(pvg_op_random(a, 1), 1, "one byte");
	tap_equal(a[1], 0xa5, "no byte more than asked for");
	tap_equal(pvg_op_random(a, sizeof(a)), PV_RANDOM_MAX_BYTES,
		  "at most the documented number a call");
	tap_equal(a[PV_RANDOM_MAX_BYTES], 0, "nothing is written past it");
	tap_equal(pvg_random_fill(a, sizeof(a)), 0, "the library fills all");
	pvg_random_fill(b, sizeof(b));
	tap_ok(memcmp(a, b, sizeof(a)) != 0, "two fills differ");
	tap_ok(balanced(a, sizeof(a)), "half of the bits are set");
	tap_ok(pvg_random_u64() != pvg_random_u64(), "two numbers differ");
	return tap_done();
}
