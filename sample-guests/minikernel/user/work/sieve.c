/* SPDX-License-Identifier: MIT
 *
 * Strided stores of single bytes: the primes below a million, by Eratosthenes.
 */
#include "work.h"

#define LIMIT 1000000u

uint64_t work_sieve(long times)
{
	uint8_t *composite = work_memory(LIMIT);
	uint64_t digest = 0;

	memset(composite, 0, LIMIT); /* all of it is there from now on */
	work_starts();
	for (long i = 0; i < times; i++) {
		uint64_t primes = 0, last = 0;

		for (uint32_t n = 0; n < LIMIT; n++)
			composite[n] = 0;
		for (uint32_t n = 2; n < LIMIT; n++) {
			if (composite[n])
				continue;
			primes++;
			last = n;
			for (uint64_t m = (uint64_t)n * n; m < LIMIT; m += n)
				composite[m] = 1;
		}
		digest = digest_add(digest, primes << 32 | last);
	}
	work_stops();
	return digest;
}
