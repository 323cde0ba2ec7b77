/* SPDX-License-Identifier: MIT
 *
 * Delays timed one by one, for the guest of the kernel benchmarks and their floors.
 * The median counts: a host that takes a CPU away for a moment makes some of them
 * very late. Freestanding.
 */
#ifndef HV_BENCH_DELAYS_H
#define HV_BENCH_DELAYS_H

#include <stdint.h>

#define HV_DELAYS_MAX 2048

struct hv_delays {
	unsigned count;
	uint64_t ns[HV_DELAYS_MAX];
};

/* Keep it in order. False when there is no room for more. */
static inline int hv_delays_add(struct hv_delays *delays, uint64_t ns)
{
	unsigned at = delays->count++;

	for (; at > 0 && delays->ns[at - 1] > ns; at--)
		delays->ns[at] = delays->ns[at - 1];
	delays->ns[at] = ns;
	return delays->count < HV_DELAYS_MAX;
}

/* Of one at least. */
static inline uint64_t hv_delays_median(const struct hv_delays *delays)
{
	return delays->ns[delays->count / 2];
}

#endif
