/* SPDX-License-Identifier: MIT
 *
 * seq LAST: the numbers from 1 on, a line each.
 */
#include "lib.h"

int main(int argc, char **argv)
{
	long last = argc > 1 ? number(argv[1]) : -1;

	if (last < 0)
		fail("usage: seq LAST");
	for (long i = 1; i <= last; i++)
		print("%d\n", i);
	return 0;
}
