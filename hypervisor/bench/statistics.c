/* SPDX-License-Identifier: MIT
 *
 * See statistics.h.
 */
#include "statistics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The value below which `fraction` of the sorted samples lie. */
static double quantile(const double *sorted, size_t n, double fraction)
{
	double position = fraction * (double)(n - 1);
	size_t below = (size_t)position;
	double rest = position - (double)below;

	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + rest * (sorted[below + 1] - sorted[below]);
}

struct hv_spread hv_spread_of(const double *samples, size_t n)
{
	double sorted[HV_SAMPLES_MAX];

	assert(n > 0 && n <= HV_SAMPLES_MAX);
	memcpy(sorted, samples, n * sizeof(*samples));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return (struct hv_spread){
		.q1 = quantile(sorted, n, 0.25),
		.median = quantile(sorted, n, 0.5),
		.q3 = quantile(sorted, n, 0.75),
	};
}

struct hv_spread hv_spread_of_ratios(const double *ours, const double *peer,
				     size_t n)
{
	double ratio[HV_SAMPLES_MAX];

	assert(n > 0 && n <= HV_SAMPLES_MAX);
	for (size_t i = 0; i < n; i++)
		ratio[i] = ours[i] / peer[i];
	return hv_spread_of(ratio, n);
}

struct hv_range hv_range_of(const double *samples, size_t n)
{
	double sorted[HV_SAMPLES_MAX], more;

	assert(n > 0 && n <= HV_SAMPLES_MAX);
	memcpy(sorted, samples, n * sizeof(*samples));
	qsort(sorted, n, sizeof(*sorted), by_value);
	more = n > 1 ? (sorted[n - 1] - sorted[0]) / (double)(n - 1) : 0;
	return (struct hv_range){
		.low = sorted[0] > more ? sorted[0] - more : 0,
		.median = quantile(sorted, n, 0.5),
		.high = sorted[n - 1] + more,
	};
}
