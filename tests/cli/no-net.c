/* SPDX-License-Identifier: MIT
 *
 * Asks for nothing, networks included.
 */
#include <pvguest/pvguest.h>

PVG_NOTE(0, 0, 0, 0);

int main(void)
{
	return 0;
}
