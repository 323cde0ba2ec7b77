/* SPDX-License-Identifier: MIT
 *
 * Numbers as users write them, and as they mistype them.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>

#include "parse.h"

static void size_is(const char *text, uint64_t want)
{
	uint64_t bytes = 0;

	cr_assert_eq(hv_parse_size(text, &bytes), 0, "\"%s\"", text);
	cr_assert_eq(bytes, want, "\"%s\" is %" PRIu64, text, bytes);
}

static void size_fails(const char *text, int error)
{
	uint64_t bytes = 42;

	cr_assert_eq(hv_parse_size(text, &bytes), error, "\"%s\"", text);
	cr_assert_eq(bytes, 42, "\"%s\" wrote a result", text);
}

Test(parse, sizes)
{
	size_is("0", 0);
	size_is("4096", 4096);
	size_is("1K", 1024);
	size_is("64k", 65536);
	size_is("2M", 2 << 20);
	size_is("2m", 2 << 20);
	size_is("64G", UINT64_C(64) << 30);
	size_is("1T", UINT64_C(1) << 40);
	size_is("18446744073709551615", UINT64_MAX);
	size_is("16777215T", UINT64_C(16777215) << 40);
}

Test(parse, sizes_that_are_none)
{
	static const char *const texts[] = {
		"", " ", "M", "x", "-1", "-1M", "+1M", " 1M", "1 M", "1M ", "1.5G",
		"0x10", "1MB", "1MiB", "1KK", "1E", "64,M", "1e6", "M1", "٣",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		size_fails(texts[i], -EINVAL);
}

Test(parse, sizes_past_64_bits)
{
	size_fails("18446744073709551616", -ERANGE);
	size_fails("16777216T", -ERANGE);
	size_fails("17179869184G", -ERANGE);
	size_fails("99999999999999999999999999", -ERANGE);
	size_fails("99999999999999999999999999T", -ERANGE);
}

static void seconds_are(const char *text, uint64_t want_ns)
{
	uint64_t ns = 0;

	cr_assert_eq(hv_parse_seconds(text, &ns), 0, "\"%s\"", text);
	cr_assert_eq(ns, want_ns, "\"%s\" is %" PRIu64, text, ns);
}

static void seconds_fail(const char *text)
{
	uint64_t ns = 42;

	cr_assert_lt(hv_parse_seconds(text, &ns), 0, "\"%s\"", text);
}

Test(parse, seconds)
{
	seconds_are("10", UINT64_C(10000000000));
	seconds_are("0.5", 500000000);
	seconds_are(".25", 250000000);
	seconds_are("1000000000", UINT64_C(1000000000000000000));
}

Test(parse, seconds_that_are_none)
{
	static const char *const texts[] = {
		"", "0", "0.0", "-1", "+1", "x", "1s", "1..2", ".", "1e3", "nan",
		"inf", " 1", "1 ", "0x1", "1000000001", "99999999999999999999",
		"0.00000000001",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		seconds_fail(texts[i]);
}

Test(parse, counts)
{
	static const char *const texts[] = {
		"", "0", "-1", "+1", "x", "2x", " 1", "1 ", "65", "1K",
		"-18446744073709551615", "18446744073709551617",
		"99999999999999999999",
	};

	cr_assert_eq(hv_parse_count("1", 64), 1);
	cr_assert_eq(hv_parse_count("64", 64), 64);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(hv_parse_count(texts[i], 64), 0, "\"%s\"", texts[i]);
}
