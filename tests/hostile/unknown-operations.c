/* SPDX-License-Identifier: MIT
 *
 * What if operations are called that do not exist, with garbage in every
 * register, or known ones with garbage?
 *
 * Clauses: O1, O2, O25.
 */
#include "../guest/tap.h"
#include "raw.h"

static uint64_t seed = 88172645463325252;

static uint64_t garbage(void)
{
	static const uint64_t nasty[] = {
		0, 1, UINT64_MAX, UINT64_MAX - 1, INT64_MAX, UINT64_C(1) << 63,
		UINT64_C(1) << 32, UINT32_MAX, 0x1000, 0xfff, PV_WINDOW_BASE,
		UINT64_C(0xffff800000000000), UINT64_C(0x8000000000000000),
	};

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed & 1 ? seed : nasty[seed / 2 % (sizeof(nasty) / 8)];
}

static int64_t call_garbage(uint64_t number)
{
	return raw_op(number, garbage(), garbage(), garbage(), garbage(),
		      garbage(), garbage());
}

/* Which end the VM, wait for a deadline that garbage may put far away, or write
 * to this program's memory or to its output. */
static bool harmless(uint64_t number)
{
	return number != PV_OP_EXIT && number != PV_OP_CRASH &&
	       number != PV_OP_BLOCK && number != PV_OP_CONSOLE_WRITE &&
	       number != PV_OP_CONSOLE_READ && number != PV_OP_RANDOM;
}

/* Since version 1.1; and what of it is jumped to, not called. */
static bool is_known(uint64_t number)
{
	return number >= PV_OP_SEND_EVENT && number <= PV_OP_USER_RUN &&
	       number != 20;
}

int main(void)
{
	unsigned wrong = 0;

	for (uint64_t number = PV_OP_FEATURES + 1; number < PV_OP_SLOTS; number++)
		for (int i = 0; i < 20 && !is_known(number); i++)
			wrong += call_garbage(number) != -PV_ENOSYS;
	tap_equal(wrong, 0, "every unknown operation answers -PV_ENOSYS");

	for (uint64_t number = 0; number <= PV_OP_FEATURES; number++)
		for (int i = 0; i < 200 && harmless(number); i++)
			call_garbage(number);
	tap_equal(pvg_op_nop(), 0, "known operations survive garbage");

	for (int i = 0; i < 50; i++)
		wrong += raw_op(PV_OP_NOP, garbage(), garbage(), garbage(),
				garbage(), garbage(), garbage()) != 0;
	tap_equal(wrong, 0, "arguments that an operation does not have are ignored");
	return tap_done();
}
