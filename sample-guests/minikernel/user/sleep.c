/* SPDX-License-Identifier: MIT
 *
 * sleep MILLISECONDS
 */
#include "lib.h"

int main(int argc, char **argv)
{
	long ms = argc > 1 ? number(argv[1]) : -1;
	uint64_t start_ns = clock_ns();

	if (ms < 0)
		fail("usage: sleep MILLISECONDS");
	sleep_ms((unsigned)ms);
	return clock_ns() - start_ns < (uint64_t)ms * 1000000;
}
