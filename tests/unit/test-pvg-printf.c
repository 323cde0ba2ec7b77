/* SPDX-License-Identifier: MIT
 *
 * The guest's printf against the host's, over every combination of what it
 * knows.
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hosted.h"

/* Formats are made here: the compiler cannot check them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const flags[] = { "",   "-",  "+",  " ",  "#",   "0",  "-#",
				     "+0", "#0", " 0", "-+", "+-0#", "- " };
static const char *const widths[] = { "", "1", "5", "13", "40" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".7", ".30" };

/* Both printed the same and answered the same. */
#define SAME(format, ...)                                                     \
	do {                                                                  \
		char theirs[256], ours[256];                                  \
		int their_len = snprintf(theirs, sizeof(theirs), format,      \
					 __VA_ARGS__);                        \
		int our_len = pvg_snprintf(ours, sizeof(ours), format,        \
					   __VA_ARGS__);                      \
		cr_assert_str_eq(ours, theirs, "%s: \"%s\" instead of \"%s\"", \
				 format, ours, theirs);                       \
		cr_assert_eq(our_len, their_len, "%s", format);               \
	} while (0)

/* %[flags][width][precision][length][conversion] */
static void make(char *ret_format, size_t f, size_t w, size_t p,
		 const char *length, char conversion)
{
	snprintf(ret_format, 64, "<%%%s%s%s%s%c>", flags[f], widths[w],
		 precisions[p], length, conversion);
}

#define EACH_FORMAT(length, conversion, then)                                 \
	for (size_t f = 0; f < COUNT(flags); f++)                             \
		for (size_t w = 0; w < COUNT(widths); w++)                    \
			for (size_t p = 0; p < COUNT(precisions); p++) {      \
				char format[64];                              \
				make(format, f, w, p, length, conversion);    \
				then;                                         \
			}

static const long long integers[] = {
	0, 1, -1, 9, 10, 42, -42, 255, 65535, INT_MAX, INT_MIN, UINT_MAX,
	LLONG_MAX, LLONG_MIN, 1000000000000000000, 0x123456789abcdef,
};

static void same_integers(char conversion)
{
	for (size_t i = 0; i < COUNT(integers); i++) {
		long long n = integers[i];

		EACH_FORMAT("", conversion, SAME(format, (int)n));
		EACH_FORMAT("hh", conversion, SAME(format, (int)(signed char)n));
		EACH_FORMAT("h", conversion, SAME(format, (int)(short)n));
		EACH_FORMAT("l", conversion, SAME(format, (long)n));
		EACH_FORMAT("ll", conversion, SAME(format, n));
		EACH_FORMAT("z", conversion, SAME(format, (size_t)n));
		EACH_FORMAT("t", conversion, SAME(format, (ptrdiff_t)n));
		EACH_FORMAT("j", conversion, SAME(format, (intmax_t)n));
	}
}

Test(pvg_printf, signed_integers)
{
	same_integers('d');
	same_integers('i');
}

Test(pvg_printf, unsigned_integers)
{
	same_integers('u');
	same_integers('x');
	same_integers('X');
	same_integers('o');
}

Test(pvg_printf, strings)
{
	static const char *const strings[] = { "", "a", "hello",
					       "longer than any width there is" };

	for (size_t i = 0; i < COUNT(strings); i++)
		for (size_t w = 0; w < COUNT(widths); w++)
			for (size_t p = 0; p < COUNT(precisions); p++) {
				char format[64];

				make(format, 0, w, p, "", 's');
				SAME(format, strings[i]);
				make(format, 1, w, p, "", 's');
				SAME(format, strings[i]);
			}
}

Test(pvg_printf, a_string_without_end_is_read_to_its_precision)
{
	const char letters[3] = { 'a', 'b', 'c' };

	SAME("%.3s", letters);
	SAME("%.*s", 2, letters);
}

Test(pvg_printf, characters_percent_and_pointers)
{
	SAME("%c%3c%-3c|%%", 'a', 'b', 'c');
	SAME("%p", (void *)0x1234);
}

Test(pvg_printf, stars)
{
	SAME("%*d|%-*d|%.*d", 5, 42, 5, 42, 5, 42);
	SAME("%*d|%.*d", -5, 42, -1, 42);
	SAME("%*s", -8, "left");
}

/* Exact halves are not among them: those round up here and to even there. */
Test(pvg_printf, floating_point)
{
	static const double numbers[] = { 0.0, -0.0, 1.0, -1.0, 0.5, 0.25, 100.0,
					  3.140625, -123456.75, 1e15, 0.0009765625,
					  99.9999999, INFINITY, -INFINITY };
	static const char *const formats[] = { "%f", "%+f", "% f", "%F", "%.3f",
					       "%.10f", "%15.4f", "%-15.4f|",
					       "%015.4f" };

	for (size_t i = 0; i < COUNT(numbers); i++)
		for (size_t n = 0; n < COUNT(formats); n++)
			SAME(formats[n], numbers[i]);
	SAME("%.0f|%.0f|%.1f|%#.0f", 2.25, -7.75, 0.75 + 0.125, 3.0);
}

Test(pvg_printf, text_that_does_not_fit_is_cut_and_terminated)
{
	for (size_t size = 0; size < 12; size++) {
		char theirs[16] = "..............", ours[16] = "..............";

		cr_assert_eq(pvg_snprintf(ours, size, "%d-%s", 1234, "text"), 9);
		snprintf(theirs, size, "%d-%s", 1234, "text");
		cr_assert_arr_eq(ours, theirs, 16, "size %zu", size);
	}
}

Test(pvg_printf, nothing_at_all)
{
	char text[4] = "...";

	cr_assert_eq(pvg_snprintf(text, 4, "%s", ""), 0);
	cr_assert_str_eq(text, "");
	cr_assert_eq(pvg_snprintf(NULL, 0, "%d", 12345), 5);
}
