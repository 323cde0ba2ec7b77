/* SPDX-License-Identifier: MIT
 *
 * Copies console input to console output until its end. console.sh feeds it
 * and compares.
 */
#include <pvguest/pvguest.h>

static uint8_t buffer[100000];

int main(void)
{
	for (;;) {
		int64_t len = pvg_console_read(buffer, sizeof(buffer));

		if (len <= 0)
			return (int)-len;
		if (pvg_console_write(buffer, (size_t)len) < 0)
			return 1;
	}
}
