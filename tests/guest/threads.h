/* SPDX-License-Identifier: MIT
 *
 * What tests of threads have in common.
 */
#ifndef TESTS_GUEST_THREADS_H
#define TESTS_GUEST_THREADS_H

#include "tap.h"

#define MILLISECOND UINT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

/* How many vCPUs run threads; 0: none can here, which the test says. */
static inline unsigned threads_start(void)
{
	int vcpus = pvg_sched_start(0);

	if (vcpus == -PV_ENOSYS) {
		tap_skip("threads", "no upcalls or no timer");
		return 0;
	}
	tap_equal(vcpus, pvg_vcpus(), "all vCPUs run threads");
	return vcpus > 0 ? (unsigned)vcpus : 0;
}

static inline struct pvg_thread *start_on(uint64_t vcpus, void (*fn)(void *),
					  void *arg)
{
	struct pvg_thread_options options = { .vcpus = vcpus };
	struct pvg_thread *thread;

	if (pvg_thread_create(&thread, fn, arg, &options) != 0)
		pvg_panic("no memory for a thread");
	return thread;
}

static inline struct pvg_thread *start(void (*fn)(void *), void *arg)
{
	return start_on(0, fn, arg);
}

static inline void join_all(struct pvg_thread **thread, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pvg_thread_join(thread[i]);
}

#endif
