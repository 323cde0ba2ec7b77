/* SPDX-License-Identifier: MIT
 *
 * Threads of a kernel that has page tables of its own and handles traps: every vCPU
 * that the scheduler brings up has both from the one that started it.
 */
#include "threads.h"

#define FEATURES (PV_FEATURE_MMU | PV_FEATURE_TRAPS)
PVG_NOTE(FEATURES, PVG_FEATURES_DEFAULT | FEATURES, 0, 0);

/* Far from everything, so that no table of the start leads there. */
#define THERE UINT64_C(0x400000000000)

static struct pvg_space space;
static uint64_t trapped[PV_VCPUS_MAX], demanded[PV_VCPUS_MAX];
static struct pvg_spinlock lock;

static void skip_undefined(struct pvg_trap *trap)
{
	trap->frame.rip += 2;
	trapped[pvg_vcpu_number()]++;
}

static void map_on_demand(struct pvg_trap *trap)
{
	uint64_t page = trap->frame.fault_address & ~UINT64_C(4095);
	bool was_masked = pvg_spin_lock_masked(&lock);

	if (page < THERE || page >= THERE + (UINT64_C(1) << 32) ||
	    pvg_space_map(&space, page, pvg_gpa(pvg_pages_alloc(1)), 4096,
			  PVG_WRITE) < 0)
		pvg_panic("page fault at %#lx",
			  (unsigned long)trap->frame.fault_address);
	pvg_spin_unlock_masked(&lock, was_masked);
	/* The first below its entry of the root. */
	pvg_flush(UINT64_C(1) << pvg_vcpu_number(), NULL, 0);
	demanded[pvg_vcpu_number()]++;
}

static void run_here(void *arg)
{
	volatile uint64_t *word = arg;

	__asm__ volatile("ud2");
	*word = pvg_vcpu_number() + 1;
}

static uint64_t *word_of(unsigned vcpu)
{
	return (uint64_t *)(uintptr_t)(THERE + ((uint64_t)vcpu << 21));
}

int main(void)
{
	struct pvg_thread *thread[PV_VCPUS_MAX];
	unsigned vcpus;

	if (!tap_granted(FEATURES))
		return tap_done();
	pvg_trap_handle(PVG_VECTOR_UD, skip_undefined);
	pvg_trap_handle(PVG_VECTOR_PF, map_on_demand);
	tap_equal(pvg_traps_start(), 0, "traps start");
	pvg_space_init(&space);
	pvg_space_map_ram(&space);
	tap_equal(pvg_root_load(pvg_space_root(&space)), 0, "tables are loaded");

	vcpus = threads_start();
	for (unsigned n = 0; n < vcpus; n++)
		thread[n] = start_on(UINT64_C(1) << n, run_here, word_of(n));
	join_all(thread, vcpus);
	for (unsigned n = 0; n < vcpus; n++) {
		tap_equal((int64_t)trapped[n], 1, "a trap is handled there");
		tap_ok(demanded[n] >= 1, "a page comes on demand there");
		tap_equal((int64_t)*word_of(n), n + 1, "and all see it");
	}
	return tap_done();
}
