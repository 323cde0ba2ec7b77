/* SPDX-License-Identifier: MIT
 *
 * hog: use memory until somebody minds.
 */
#include "lib.h"

int main(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (;;) {
		volatile char *page = sbrk(4096);

		if (!page)
			fail("hog: it is refused, which should come later");
		*page = 1;
	}
}
