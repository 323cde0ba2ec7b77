/* SPDX-License-Identifier: MIT
 *
 * Medians, quartiles and ratios of the benchmarks, and the figures read
 * from the output of a child.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "bench/output.h"
#include "bench/statistics.h"

#define NEAR 1e-9

static void cr_spread(struct hv_spread spread, double q1, double median,
		      double q3)
{
	cr_assert_float_eq(spread.q1, q1, NEAR);
	cr_assert_float_eq(spread.median, median, NEAR);
	cr_assert_float_eq(spread.q3, q3, NEAR);
}

Test(statistics, one_sample_has_no_spread)
{
	cr_spread(hv_spread_of((const double[]){ 7 }, 1), 7, 7, 7);
}

Test(statistics, two_samples_are_interpolated)
{
	cr_spread(hv_spread_of((const double[]){ 20, 10 }, 2), 12.5, 15, 17.5);
}

Test(statistics, order_does_not_matter_and_is_kept)
{
	const double samples[] = { 5, 1, 4, 2, 3 };

	cr_spread(hv_spread_of(samples, 5), 2, 3, 4);
	cr_assert_float_eq(samples[0], 5, NEAR);
}

Test(statistics, one_wild_sample_moves_nothing)
{
	cr_spread(hv_spread_of((const double[]){ 2, 2, 1e12, 2, 2 }, 5), 2, 2,
		  2);
}

Test(statistics, as_many_samples_as_there_may_be)
{
	static double samples[HV_SAMPLES_MAX];

	for (int i = 0; i < HV_SAMPLES_MAX; i++)
		samples[i] = HV_SAMPLES_MAX - 1 - i;
	cr_assert_float_eq(hv_spread_of(samples, HV_SAMPLES_MAX).median,
			   (HV_SAMPLES_MAX - 1) / 2.0, NEAR);
}

/* A host that doubles its speed in the middle of it doubles both sides. */
Test(statistics, ratios_are_of_pairs)
{
	const double ours[] = { 9, 9, 18, 18 };
	const double peer[] = { 10, 10, 20, 20 };

	cr_spread(hv_spread_of_ratios(ours, peer, 4), 0.9, 0.9, 0.9);
}

#define cr_range(range, l, m, h)                                              \
	do {                                                                  \
		struct hv_range r = (range);                                  \
		cr_assert_float_eq(r.low, (l), NEAR);                         \
		cr_assert_float_eq(r.median, (m), NEAR);                      \
		cr_assert_float_eq(r.high, (h), NEAR);                        \
	} while (0)

Test(ranges, of_one_sample_are_nothing)
{
	const double samples[] = { 7 };

	cr_range(hv_range_of(samples, 1), 7, 7, 7);
}

/* Wider by the distance of the ends, over one less than their number. */
Test(ranges, are_wider_than_few_samples)
{
	const double three[] = { 12, 10, 11 };
	const double five[] = { 11, 14, 10, 12, 13 };

	cr_range(hv_range_of(three, 3), 9, 11, 13);
	cr_range(hv_range_of(five, 5), 9, 12, 15);
}

Test(ranges, of_equal_samples_are_nothing)
{
	const double samples[] = { 3, 3, 3, 3 };

	cr_range(hv_range_of(samples, 4), 3, 3, 3);
}

Test(ranges, of_times_do_not_begin_below_0)
{
	const double samples[] = { 1, 10 };

	cr_range(hv_range_of(samples, 2), 0, 5.5, 19);
}

static void reason_is(const char *out, const char *err, const char *expected)
{
	struct hv_output output = { .out = "" };
	const char *text;
	int len;

	strcpy(output.out, out);
	strcpy(output.err, err);
	hv_output_reason(&output, &text, &len);
	cr_assert_eq((size_t)len, strlen(expected), "of \"%s\"", expected);
	cr_assert_eq(strncmp(text, expected, (size_t)len), 0, "%s", expected);
}

Test(reasons, are_the_first_line_of_errors_or_the_last_of_output)
{
	reason_is("all well\n", "first\nsecond\n", "first");
	reason_is("a 1\nb 2\npanic: no\n", "", "panic: no");
	reason_is("a 1\r\npanic: no\r\n\r\n", "", "panic: no");
	reason_is("a 1\n", "paravane: slow\nparavane: dead\n rip 0\n",
		  "paravane: dead");
	reason_is("a 1\npanic: no\nbacktrace: 1\n", "paravane: guest stopped\n", "panic: no");
	reason_is("panic: no", "", "panic: no");
	reason_is("", "", "");
	reason_is("\n\n", "", "");
}

static struct hv_output output_of(const char *text)
{
	struct hv_output output = { .out = "" };

	strcpy(output.out, text);
	return output;
}

Test(figures, are_found_by_the_first_word_of_their_line)
{
	struct hv_output output = output_of("sort 12.5 00ff\nso 3 1\n");
	double number;
	char word[HV_OUTPUT_WORD_BYTES];

	cr_assert(hv_output_number(&output, "so", &number));
	cr_assert_float_eq(number, 3, NEAR);
	cr_assert(hv_output_number(&output, "sort", &number));
	cr_assert_float_eq(number, 12.5, NEAR);
	cr_assert(hv_output_word(&output, "sort", 1, word));
	cr_assert_str_eq(word, "00ff");
}

Test(figures, that_are_missing_are_said_to_be)
{
	struct hv_output output =
		output_of("sort\nmix \nsieve x 1\nnan nan\ninf 1e999\nhalf 12");
	double number;
	char word[HV_OUTPUT_WORD_BYTES];

	cr_assert_not(hv_output_number(&output, "sort", &number));
	cr_assert_not(hv_output_number(&output, "mix", &number));
	cr_assert_not(hv_output_number(&output, "sieve", &number));
	cr_assert_not(hv_output_word(&output, "sieve", 2, word));
	cr_assert_not(hv_output_number(&output, "stream", &number));
	cr_assert_not(hv_output_number(&output, "nan", &number));
	cr_assert_not(hv_output_number(&output, "inf", &number));
	cr_assert_not(hv_output_number(&output, "half", &number));
}

Test(figures, too_long_a_word_is_cut)
{
	struct hv_output output =
		output_of("sum 0123456789012345678901234567890123456789\n");
	char word[HV_OUTPUT_WORD_BYTES];

	cr_assert(hv_output_word(&output, "sum", 0, word));
	cr_assert_eq(strlen(word), sizeof(word) - 1);
}
