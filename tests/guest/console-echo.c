/* SPDX-License-Identifier: MIT
 *
 * Copies console input to console output until its end, which a terminal (all that a
 * native kernel has) tells by Ctrl-D. console.sh and console-native.sh feed it and
 * compare.
 */
#include <pvguest/pvguest.h>

static uint8_t buffer[100000];

int main(void)
{
#ifdef PVG_NATIVE
	pvg_puts("ready"); /* what was typed before may be lost */
#endif
	for (;;) {
		const uint8_t *end;
		int64_t len = pvg_console_read(buffer, sizeof(buffer));

		if (len <= 0)
			return (int)-len;
		end = pvg_boot.flags & PV_BOOT_TERMINAL
			      ? memchr(buffer, 4, (size_t)len)
			      : NULL;
		if (end)
			len = end - buffer;
		if (pvg_console_write(buffer, (size_t)len) < 0)
			return 1;
		if (end)
			return 0;
	}
}
