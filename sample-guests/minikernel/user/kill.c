/* SPDX-License-Identifier: MIT
 *
 * kill PID...
 */
#include "lib.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (kill((int)number(argv[i])) < 0)
			fail("kill: there is no process %s", argv[i]);
	return argc == 1;
}
