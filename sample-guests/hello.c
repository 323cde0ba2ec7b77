/* SPDX-License-Identifier: MIT
 *
 * The smallest guest: a main function, its arguments, one line of output.
 *
 *	paravane run hello.elf -- there
 */
#include <pvguest/pvguest.h>

int main(int argc, char **argv)
{
	pvg_printf("Hello, %s, from %lu MiB of RAM.\n",
		   argc > 1 ? argv[1] : "world", pvg_boot.ram_bytes >> 20);
	return 0;
}
