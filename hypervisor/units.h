/* SPDX-License-Identifier: MIT
 *
 * Sizes that many parts speak of, and rounding up to them.
 */
#ifndef HV_UNITS_H
#define HV_UNITS_H

#include <pvabi/base.h>
#include <stdint.h>

/* For products and masks of 64 bits. */
#define HV_PAGE ((uint64_t)PV_PAGE_BYTES)
#define HV_MIB (UINT64_C(1) << 20)
#define HV_HUGE_PAGE_BYTES (2 * HV_MIB)
/* The least RAM a guest can have. */
#define HV_RAM_MIN_BYTES HV_HUGE_PAGE_BYTES

/* `to` is a power of two. */
static inline uint64_t hv_round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
