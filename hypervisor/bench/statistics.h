/* SPDX-License-Identifier: MIT
 *
 * The statistics of the benchmarks: order statistics only, since one disturbed
 * round must not move a figure. Pure functions.
 */
#ifndef HV_BENCH_STATISTICS_H
#define HV_BENCH_STATISTICS_H

#include <stddef.h>

#define HV_SAMPLES_MAX 1024

/* Median and the quartiles around it. */
struct hv_spread {
	double q1, median, q3;
};

/* Of n samples, 1 to HV_SAMPLES_MAX, in any order. Quartiles are interpolated
 * between neighbours, so that they mean something from two samples up. */
struct hv_spread hv_spread_of(const double *samples, size_t n);

/* Of ours[i] / peer[i]. The two were measured one right after the other, so
 * what a noisy host did to both cancels out. */
struct hv_spread hv_spread_of_ratios(const double *ours, const double *peer,
				     size_t n);

/* Median, and between what another round would probably lie: the least and the
 * greatest of the samples, each moved outward by 1/(n - 1) of the distance between
 * the two, but not below 0. Few rounds see few of a host's moods; for samples that
 * are spread evenly this is the unbiased guess of the ends they are drawn between.
 * One sample tells nothing of a spread: all three are the same. */
struct hv_range {
	double low, median, high;
};
struct hv_range hv_range_of(const double *samples, size_t n);

#endif
