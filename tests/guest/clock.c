/* SPDX-License-Identifier: MIT
 *
 * Does the clock of the vCPU page run forward, at the host's rate and at the
 * host's time? The argument is the host's seconds since 1970 at the start.
 *
 * Clauses: C2, C3, C4.
 */
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void forward(void)
{
	uint64_t last = pvg_clock_ns(), first = last;
	bool back = false;

	for (int i = 0; i < 1000000; i++) {
		uint64_t now = pvg_clock_ns();

		back |= now < last;
		last = now;
	}
	tap_ok(!back, "the clock never goes back");
	tap_ok(last > first, "the clock runs");
}

/* The difference is what asking takes; a wall clock may be set meanwhile. */
static void same_as_operation(void)
{
	uint64_t before = pvg_clock_ns();
	uint64_t operation = (uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC);
	uint64_t after = pvg_clock_ns();

	tap_ok(operation >= before && operation <= after,
	       "the operation and the record are one clock");
	before = pvg_clock_wall_ns();
	operation = (uint64_t)pvg_op_clock(PV_CLOCK_WALL);
	after = pvg_clock_wall_ns();
	tap_ok(operation + SECOND >= before && operation <= after + SECOND,
	       "and so are those of the wall clock");
}

/* Of the host's clock the guest sees the offset only, which an operation that
 * comes a second or more after the last renews from it. It lies between the two,
 * however long the host makes the reading last. */
struct offset {
	uint64_t least_ns, most_ns;
};

static struct offset renewed_offset(void)
{
	uint64_t before, wall, after;

	pvg_op_nop();
	before = pvg_clock_ns();
	wall = pvg_clock_wall_ns();
	after = pvg_clock_ns();
	return (struct offset){ wall - after, wall - before };
}

/* Were the rate wrong by 1 in 24, the offset would make up for it by 50 ms. */
static void same_rate(void)
{
	const uint64_t wrong = 50 * MILLISECOND;
	struct offset first = renewed_offset(), second;

	pvg_sleep_ns(1200 * MILLISECOND);
	second = renewed_offset();
	tap_ok(second.least_ns < first.most_ns + wrong &&
		       first.least_ns < second.most_ns + wrong,
	       "the clock runs at the host's rate");
}

int main(int argc, char **argv)
{
	if (!pvg_has(PV_FEATURE_CLOCK)) {
		tap_skip("the clock", "this host's time-stamp counter cannot be used");
		return tap_done();
	}
	forward();
	same_as_operation();
	same_rate();
	tap_equal(pvg_op_clock(2), -PV_EINVAL, "there is no third clock");
	if (tap_equal(argc, 2, "the time was given"))
		tap_ok(distance(pvg_clock_wall_ns(),
				strtoull(argv[1], NULL, 10) * SECOND) <
			       120 * SECOND,
		       "the wall clock tells the time of day");
	return tap_done();
}
