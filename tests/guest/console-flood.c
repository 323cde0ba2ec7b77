/* SPDX-License-Identifier: MIT
 *
 * Writes as many lines of 64 bytes as its argument says, faster than anybody
 * reads them; exits with 3 once nobody does any more.
 */
#include <pvguest/pvguest.h>

int main(int argc, char **argv)
{
	long lines = argc > 1 ? atoi(argv[1]) : 1;

	for (long i = 0; i < lines; i++)
		if (pvg_printf("%063ld\n", i) < 0)
			return 3;
	return 0;
}
