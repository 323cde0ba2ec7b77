/* SPDX-License-Identifier: MIT
 *
 * A page is replaced again and again under the eyes of other vCPUs: after the flush
 * none of them may see what was there before.
 *
 * Clauses: M4, M7, M8.
 */
#include "tap.h"

PVG_NOTE(PV_FEATURE_MMU, PVG_FEATURES_DEFAULT | PV_FEATURE_MMU, 0, 0);

#define PAGE_AT UINT64_C(0x400000000000)
#define ROUNDS_MAX 500u
#define MOST_NS UINT64_C(10000000000) /* where vCPUs are many and CPUs few */
#define PAGES 4

static struct pvg_space space;
static uint64_t published;
static unsigned stale, looks, up, done;

static uint64_t look(void)
{
	return __atomic_load_n((uint64_t *)PAGE_AT, __ATOMIC_RELAXED);
}

static void watch(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		uint64_t least = __atomic_load_n(&published, __ATOMIC_ACQUIRE);

		if (look() < least)
			__atomic_fetch_add(&stale, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED);
	}
}

/* How often. */
static uint64_t replace(void)
{
	uint64_t end_ns = pvg_clock_ns() + MOST_NS, i;
	uint64_t *page[PAGES];

	for (int n = 0; n < PAGES; n++)
		page[n] = pvg_pages_alloc(1);
	for (i = 1; i <= ROUNDS_MAX && pvg_clock_ns() < end_ns; i++) {
		unsigned before = __atomic_load_n(&looks, __ATOMIC_RELAXED);

		__atomic_store_n(page[i % PAGES], i, __ATOMIC_RELAXED);
		pvg_space_map(&space, PAGE_AT, pvg_gpa(page[i % PAGES]), 4096,
			      0);
		if (pvg_flush_all())
			stale += 1000000;
		__atomic_store_n(&published, i, __ATOMIC_RELEASE);
		/* They have seen the old one by the next time. */
		while (__atomic_load_n(&looks, __ATOMIC_RELAXED) - before < 3)
			pvg_op_yield();
	}
	return i - 1;
}

int main(void)
{
	static uint64_t first PV_ALIGNED(4096);
	uint64_t rounds;

	if (!tap_granted(PV_FEATURE_SMP | PV_FEATURE_MMU))
		return tap_done();
	pvg_space_init(&space);
	pvg_space_map_ram(&space);
	pvg_space_map(&space, PAGE_AT, pvg_gpa(&first), 4096, 0);
	tap_equal(pvg_root_load(pvg_space_root(&space)), 0, "a root is taken");
	for (unsigned n = 1; n < pvg_vcpus(); n++)
		pvg_vcpu_up(n, watch, NULL, 0);
	while (__atomic_load_n(&up, __ATOMIC_ACQUIRE) < pvg_vcpus() - 1)
		pvg_op_yield();
	tap_ok(true, "and is that of the vCPUs that come up under it");
	rounds = replace();
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	tap_equal(stale, 0, "nobody sees what was there before a flush");
	pvg_printf("# %lu times, %u looks\n", (unsigned long)rounds, looks);
	return tap_done();
}
