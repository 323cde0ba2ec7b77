/* SPDX-License-Identifier: MIT
 *
 * The guest's mem*, str* and strto* against the host's.
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosted.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES 600

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void fill(uint8_t *bytes, size_t len, uint8_t start)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(start + i * 7);
}

Test(pvg_string, memcpy_copies_every_length_at_every_alignment)
{
	uint8_t from[BYTES], ours[BYTES], theirs[BYTES];

	fill(from, BYTES, 3);
	for (size_t len = 0; len < 300; len++)
		for (size_t at = 0; at < 17; at++) {
			memset(ours, 0xee, BYTES);
			memset(theirs, 0xee, BYTES);
			memcpy(theirs + at, from + at / 2, len);
			cr_assert_eq(pvguest_memcpy(ours + at, from + at / 2, len),
				     ours + at);
			cr_assert_arr_eq(ours, theirs, BYTES);
		}
}

Test(pvg_string, memmove_moves_both_ways)
{
	uint8_t ours[BYTES], theirs[BYTES];

	for (size_t len = 0; len < 200; len++)
		for (size_t from = 0; from < 40; from += 3)
			for (size_t to = 0; to < 40; to += 3) {
				fill(ours, BYTES, 1);
				fill(theirs, BYTES, 1);
				memmove(theirs + to, theirs + from, len);
				pvguest_memmove(ours + to, ours + from, len);
				cr_assert_arr_eq(ours, theirs, BYTES);
			}
}

Test(pvg_string, memset_sets_what_it_should)
{
	uint8_t ours[BYTES], theirs[BYTES];

	for (size_t len = 0; len < 300; len++)
		for (size_t at = 0; at < 17; at++) {
			memset(ours, 1, BYTES);
			memset(theirs, 1, BYTES);
			memset(theirs + at, 0x1ab, len);
			pvguest_memset(ours + at, 0x1ab, len);
			cr_assert_arr_eq(ours, theirs, BYTES);
		}
}

Test(pvg_string, memcmp_and_memchr)
{
	uint8_t a[BYTES], b[BYTES];

	fill(a, BYTES, 0);
	fill(b, BYTES, 0);
	for (size_t at = 0; at < 200; at++) {
		b[at] ^= 0x80;
		for (size_t len = 0; len < 210; len += 7)
			cr_assert_eq(sign(pvguest_memcmp(a, b, len)),
				     sign(memcmp(a, b, len)));
		b[at] ^= 0x80;
	}
	for (int byte = 0; byte < 256; byte++)
		cr_assert_eq(pvguest_memchr(a, byte, 100), memchr(a, byte, 100));
}

static const char *const strings[] = { "",     "a",	"b",   "ab",  "abc",
				       "abcabd", "\xff", "aXb", "abab", "bab" };

Test(pvg_string, searching_and_comparing)
{
	for (size_t i = 0; i < COUNT(strings); i++) {
		const char *a = strings[i];

		cr_assert_eq(pvguest_strlen(a), strlen(a));
		cr_assert_eq(pvguest_strnlen(a, 2), strnlen(a, 2));
		for (int c = 0; c < 256; c++) {
			cr_assert_eq(pvguest_strchr(a, c), strchr(a, c));
			cr_assert_eq(pvguest_strrchr(a, c), strrchr(a, c));
		}
		for (size_t j = 0; j < COUNT(strings); j++) {
			const char *b = strings[j];

			cr_assert_eq(sign(pvguest_strcmp(a, b)), sign(strcmp(a, b)));
			cr_assert_eq(pvguest_strstr(a, b), strstr(a, b));
			for (size_t n = 0; n < 5; n++)
				cr_assert_eq(sign(pvguest_strncmp(a, b, n)),
					     sign(strncmp(a, b, n)));
		}
	}
}

Test(pvg_string, copying_and_appending)
{
	for (size_t i = 0; i < COUNT(strings); i++)
		for (size_t n = 0; n < 10; n++) {
			char ours[32] = "start", theirs[32] = "start";

			pvguest_strncpy(ours, strings[i], n);
			memset(theirs, 0, n);
			memcpy(theirs, strings[i], strnlen(strings[i], n));
			cr_assert_arr_eq(ours, theirs, 32);
			pvguest_strcpy(ours, "x");
			pvguest_strcat(ours, strings[i]);
			pvguest_strncat(ours, strings[i], n);
			snprintf(theirs, sizeof(theirs), "x%s%.*s", strings[i],
				 (int)n, strings[i]);
			cr_assert_str_eq(ours, theirs);
		}
}

static const char *const numbers[] = {
	"0", "1", "-1", "+7", " \t\n42", "0x1f", "0X1F", "0x", "0xg", "077", "08",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808",
	"-9223372036854775809", "18446744073709551615", "18446744073709551616",
	"99999999999999999999999", "", "-", "+", "abc", "zz", "12abc", "1e5",
	"- 1", "--1", "0b101", "\v\f\r3",
};
static const int bases[] = { 0, 2, 8, 10, 16, 36 };

Test(pvg_string, numbers)
{
	for (size_t i = 0; i < COUNT(numbers); i++)
		for (size_t b = 0; b < COUNT(bases); b++) {
			char *our_end, *their_end;

			cr_assert_eq(pvguest_strtoll(numbers[i], &our_end, bases[b]),
				     strtoll(numbers[i], &their_end, bases[b]),
				     "%s in %d", numbers[i], bases[b]);
			cr_assert_eq(our_end, their_end, "%s in %d", numbers[i],
				     bases[b]);
			cr_assert_eq(pvguest_strtoull(numbers[i], &our_end,
						      bases[b]),
				     strtoull(numbers[i], &their_end, bases[b]),
				     "%s in %d", numbers[i], bases[b]);
			cr_assert_eq(our_end, their_end);
			cr_assert_eq(pvguest_strtol(numbers[i], NULL, bases[b]),
				     strtol(numbers[i], NULL, bases[b]));
			cr_assert_eq(pvguest_strtoul(numbers[i], NULL, bases[b]),
				     strtoul(numbers[i], NULL, bases[b]));
		}
	cr_assert_eq(pvguest_atoi("-123x"), -123);
}
