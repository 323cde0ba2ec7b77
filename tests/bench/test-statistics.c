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
	struct hv_output output = output_of("sort\nmix \nsieve x 1\n");
	double number;
	char word[HV_OUTPUT_WORD_BYTES];

	cr_assert_not(hv_output_number(&output, "sort", &number));
	cr_assert_not(hv_output_number(&output, "mix", &number));
	cr_assert_not(hv_output_number(&output, "sieve", &number));
	cr_assert_not(hv_output_word(&output, "sieve", 2, word));
	cr_assert_not(hv_output_number(&output, "stream", &number));
}

Test(figures, too_long_a_word_is_cut)
{
	struct hv_output output =
		output_of("sum 0123456789012345678901234567890123456789\n");
	char word[HV_OUTPUT_WORD_BYTES];

	cr_assert(hv_output_word(&output, "sum", 0, word));
	cr_assert_eq(strlen(word), sizeof(word) - 1);
}
