/* SPDX-License-Identifier: MIT
 *
 * A guest computes as fast as a native program, since it is one: time some
 * kernels and print, for each, its name, the nanoseconds of a run (the mean of
 * the rounds) and its checksum.
 *
 *	paravane run compute.elf -- [ROUNDS]
 */
#include <pvguest/pvguest.h>

#include "compute-kernels.h"

static void time_kernel(const struct compute_kernel *kernel, void *buffer,
			unsigned rounds)
{
	/* The first run is not timed: it makes the host provide the memory. */
	uint64_t checksum = kernel->run(buffer, kernel->iterations);
	uint64_t start_ns = pvg_clock_ns();

	for (unsigned i = 0; i < rounds; i++)
		pvg_assert(kernel->run(buffer, kernel->iterations) == checksum);
	pvg_printf("%s %lu %016lx\n", kernel->name,
		   (pvg_clock_ns() - start_ns) / rounds, checksum);
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 10;
	void *buffer = aligned_alloc(64, COMPUTE_BUFFER_BYTES);

	if (rounds == 0 || rounds > 1000000) {
		pvg_puts("usage: compute.elf [ROUNDS], from 1 to 1000000");
		return 1;
	}
	if (!buffer) {
		pvg_puts("compute.elf needs 16 MiB of free memory: use --mem");
		return 1;
	}
	for (int i = 0; i < COMPUTE_KERNELS; i++)
		time_kernel(&compute_kernels[i], buffer, (unsigned)rounds);
	return 0;
}
