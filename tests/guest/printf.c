/* SPDX-License-Identifier: MIT
 *
 * Does printf, with floating point and in a guest, print what a hosted one does?
 * The unit tests compare the rest of it with the host's.
 */
#include "tap.h"

__attribute__((format(printf, 2, 3)))
static void prints(const char *want, const char *format, ...)
{
	char text[128];
	va_list args;
	int len;

	va_start(args, format);
	len = pvg_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!tap_ok(strcmp(text, want) == 0 && len == (int)strlen(want), want))
		pvg_printf("# printed: %s\n", text);
}

int main(void)
{
	prints("-9223372036854775808", "%lld", (long long)INT64_MIN);
	prints("18446744073709551615", "%llu", (unsigned long long)UINT64_MAX);
	prints("0xdeadbeef   |", "%#-13llx|", 0xdeadbeefULL);
	prints("   +7|+000007|7     ", "%+5d|%+07d|%-6d", 7, 7, 7);
	prints("abc|  abc|ab", "%s|%5s|%.2s", "abc", "abc", "abc");
	prints("3.142|  -0.50|1000000", "%.3f|%7.2f|%.0f", 3.14159265, -0.5, 1e6);
	prints("100%", "%d%%", 100);
	prints("  42", "%*d", 4, 42);
	return tap_done();
}
