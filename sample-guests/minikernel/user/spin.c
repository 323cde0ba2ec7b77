/* SPDX-License-Identifier: MIT
 *
 * spin: use a processor, and never ask the kernel for anything.
 */
#include "lib.h"

int main(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (;;)
		__asm__ volatile("" : : : "memory");
}
