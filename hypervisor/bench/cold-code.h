/* SPDX-License-Identifier: MIT
 *
 * The code of the cold-code benchmark, for guests and for a process: a row of
 * instructions of 6 bytes, then `mov %edi, %eax` and `ret`. Each page's are others, by
 * the number that the last of the row adds. Made once and copied, since a kernel may be
 * interpreted. Freestanding.
 */
#ifndef HV_BENCH_COLD_CODE_H
#define HV_BENCH_COLD_CODE_H

#include <stdint.h>

#define HV_COLD_PAGES 32u
#define HV_COLD_LONG 254u /* instructions in the row */
#define HV_COLD_LONG_BYTES 6u
#define HV_COLD_ENDING 2u /* instructions more */
#define HV_COLD_EACH (HV_COLD_LONG + HV_COLD_ENDING)
#define HV_COLD_BYTES (HV_COLD_LONG * HV_COLD_LONG_BYTES + 3)

static inline void hv_cold_put(uint8_t *at, uint8_t operand, uint32_t number)
{
	at[0] = 0x81;
	at[1] = operand;
	for (int i = 0; i < 4; i++)
		at[2 + i] = (uint8_t)(number >> 8 * i);
}

/* What the last of the row adds to edi. */
static inline void hv_cold_number(uint8_t code[HV_COLD_BYTES], uint32_t number)
{
	hv_cold_put(code + (HV_COLD_LONG - 1) * HV_COLD_LONG_BYTES, 0xc7, number);
}

/* add to edi, add to edx, sub from ecx, xor to esi, all of them 1 */
static inline void hv_cold_make(uint8_t ret_code[HV_COLD_BYTES])
{
	static const uint8_t operands[] = { 0xc7, 0xc2, 0xe9, 0xf6 };
	uint8_t *ending = ret_code + HV_COLD_LONG * HV_COLD_LONG_BYTES;

	for (unsigned i = 0; i < HV_COLD_LONG; i++)
		hv_cold_put(ret_code + i * HV_COLD_LONG_BYTES, operands[i % 4],
			    1);
	ending[0] = 0x89;
	ending[1] = 0xf8;
	ending[2] = 0xc3;
}

#endif
