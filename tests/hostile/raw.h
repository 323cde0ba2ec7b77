/* SPDX-License-Identifier: MIT
 *
 * The contract without manners: any operation number, any registers, any
 * address.
 */
#ifndef TESTS_HOSTILE_RAW_H
#define TESTS_HOSTILE_RAW_H

#include <pvguest/pvguest.h>

/* Call slot `number` with these in all six argument registers. */
static inline int64_t raw_op(uint64_t number, uint64_t a, uint64_t b,
			     uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	typedef int64_t op6(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
			    uint64_t);
	uintptr_t slot = (uintptr_t)pvg_boot.ops_addr +
			 (uintptr_t)number * PV_OP_SLOT_BYTES;

	return ((op6 *)slot)(a, b, c, d, e, f);
}

static inline volatile uint8_t *raw_address(uint64_t address)
{
	return (volatile uint8_t *)(uintptr_t)address;
}

/* Wait this long without an exit. */
static inline void raw_spin_ns(uint64_t ns)
{
	uint64_t end = pvg_clock_ns() + ns;

	while (pvg_clock_ns() < end)
		__builtin_ia32_pause();
}

#endif
