/* SPDX-License-Identifier: MIT
 *
 * demand: a region far larger than memory, of which little is touched. What was not
 * written is zero; what was given back is zero again.
 */
#include "lib.h"

#define REGION (768l << 20)
#define STEP (1l << 20)

int main(int argc, char **argv)
{
	volatile long *at = sbrk(REGION);
	long steps = REGION / STEP, words = STEP / (long)sizeof(long);
	bool right = true;

	(void)argc, (void)argv;
	if (!at)
		fail("demand: the region is refused");
	for (long i = 0; i < steps; i++) {
		right &= at[i * words + i] == 0;
		at[i * words + i] = i + 1;
	}
	for (long i = 0; i < steps; i++)
		right &= at[i * words + i] == i + 1;
	if (!sbrk(-REGION) || !sbrk(REGION))
		fail("demand: it cannot be given back");
	for (long i = 0; i < steps; i += 16)
		right &= at[i * words + i] == 0;
	print("demand: %d pages of %d MiB: %s\n", steps, REGION >> 20,
	      right ? "right" : "wrong");
	return !right;
}
