/* SPDX-License-Identifier: MIT
 *
 * Pieces of pure computation, each bound by another part of the processor. They
 * call nothing outside their object files but memcpy, so the very same objects
 * are linked into a guest (compute.c) and into a native process (`paravane
 * bench`).
 */
#ifndef SAMPLE_COMPUTE_KERNELS_H
#define SAMPLE_COMPUTE_KERNELS_H

#include <stdint.h>

/* Memory every kernel is given, aligned to 64 bytes. Its content does not
 * matter: kernels write what they read. */
#define COMPUTE_BUFFER_BYTES (16u << 20)

struct compute_kernel {
	const char *name; /* one word */
	uint32_t iterations; /* for a run of about 10 ms */
	/* Answers a checksum that depends on the iterations only. */
	uint64_t (*run)(void *buffer, uint32_t iterations);
};

#define COMPUTE_KERNELS 6
extern const struct compute_kernel compute_kernels[COMPUTE_KERNELS];

#endif
