/* SPDX-License-Identifier: MIT
 *
 * sum [RIGHT]: the sum of the numbers that are read, a line each. With RIGHT it fails
 * if that is another one.
 */
#include "lib.h"

int main(int argc, char **argv)
{
	char line[32];
	long sum = 0;

	while (read_line(0, line, sizeof(line))) {
		long n = number(line);

		if (n < 0)
			fail("sum: \"%s\" is no number", line);
		sum += n;
	}
	print("sum: %d\n", sum);
	return argc > 1 && sum != number(argv[1]);
}
