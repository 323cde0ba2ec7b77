/* SPDX-License-Identifier: MIT
 *
 * The loop of the malloc benchmark, for the guest's allocator and the host's:
 * 64 live objects of 16 to 1024 bytes, of which one after another is replaced.
 * The includer declares malloc and free.
 */
#ifndef HV_BENCH_MALLOC_LOOP_H
#define HV_BENCH_MALLOC_LOOP_H

#include <stdint.h>

#define HV_MALLOC_LIVE 64

static inline void hv_malloc_loop(uint64_t pairs)
{
	void *live[HV_MALLOC_LIVE] = { 0 };
	uint32_t state = 1;

	for (uint64_t i = 0; i < pairs; i++) {
		void **slot = &live[i % HV_MALLOC_LIVE];

		state = state * 1664525 + 1013904223;
		free(*slot);
		*slot = malloc(16 + (state >> 22) % 1009);
		/* The pointer escapes: or the compiler drops the pair. */
		__asm__ volatile("" : : "r"(*slot) : "memory");
	}
	for (unsigned i = 0; i < HV_MALLOC_LIVE; i++)
		free(live[i]);
}

#endif
