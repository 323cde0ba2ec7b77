/* SPDX-License-Identifier: MIT
 *
 * Do arguments arrive as given? The first one says which ones are expected:
 *	odd      odd "" "two words" "" "a=b,c" "--" "\xc3\xa4" ""
 *	count N  count N argument-0 ... argument-(N-1)
 *	long N   long N, and one of N times x
 *	none     (by having no argument at all)
 */
#include "tap.h"

#ifdef PVG_NATIVE
#define IMAGE "native" /* made up: no loader tells it */
#else
#define IMAGE "arguments.elf"
#endif

static void odd(int argc, char **argv)
{
	static const char *const want[] = { "odd", "",   "two words", "",
					    "a=b,c", "--", "\xc3\xa4",  "" };
	const int count = sizeof(want) / sizeof(want[0]);

	if (!tap_equal(argc, 1 + count, "argc counts empty arguments"))
		return;
	for (int i = 0; i < count; i++)
		tap_ok(strcmp(argv[1 + i], want[i]) == 0, want[i]);
}

static void counted(int argc, char **argv)
{
	int count = atoi(argv[2]), right = 0;
	char want[32];

	if (!tap_equal(argc, 3 + count, "argc counts many arguments"))
		return;
	for (int i = 0; i < count; i++) {
		pvg_snprintf(want, sizeof(want), "argument-%d", i);
		right += strcmp(argv[3 + i], want) == 0;
	}
	tap_equal(right, count, "all of many arguments are right");
}

static void one_long(int argc, char **argv)
{
	size_t len = (size_t)atoi(argv[2]), right = 0;

	tap_equal(argc, 4, "argc with a long argument");
	tap_equal((int64_t)strlen(argv[3]), (int64_t)len,
		  "a long argument has its length");
	while (argv[3][right] == 'x')
		right++;
	tap_equal((int64_t)right, (int64_t)len, "a long argument is whole");
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	tap_ok(strcmp(name ? name + 1 : argv[0], IMAGE) == 0,
	       "argv[0] is the image's file name");
	tap_ok(argv[argc] == NULL, "argv ends with NULL");
	if (argc > 1 && strcmp(argv[1], "odd") == 0)
		odd(argc, argv);
	else if (argc > 2 && strcmp(argv[1], "count") == 0)
		counted(argc, argv);
	else if (argc > 2 && strcmp(argv[1], "long") == 0)
		one_long(argc, argv);
	else
		tap_equal(argc, 1, "no argument beside the name");
	return tap_done();
}
