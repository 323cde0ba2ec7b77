/* SPDX-License-Identifier: MIT
 *
 * Guest of the small benchmarks: `micro COUNT NAME...` does each named thing
 * COUNT times and prints "NAME ns-per-time". To add one, write its loop and its
 * line in the table.
 */
#include <pvguest/pvguest.h>

#include "bench/malloc-loop.h"

static void nop(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		pvg_op_nop();
}

static void read_clock(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		pvg_clock_ns();
}

static void read_tsc(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		pvg_rdtsc();
}

static const struct micro {
	const char *name;
	void (*loop)(uint64_t count);
} micros[] = {
	{ "nop", nop },
	{ "clock", read_clock },
	{ "rdtsc", read_tsc },
	{ "malloc", hv_malloc_loop },
};

static void run(const struct micro *micro, uint64_t count)
{
	uint64_t start_ns, ns;

	micro->loop(count / 16);
	start_ns = pvg_clock_ns();
	micro->loop(count);
	ns = pvg_clock_ns() - start_ns;
	pvg_printf("%s %.3f\n", micro->name, (double)ns / (double)count);
}

static void run_named(const char *name, uint64_t count)
{
	for (size_t i = 0; i < sizeof(micros) / sizeof(*micros); i++)
		if (strcmp(micros[i].name, name) == 0) {
			run(&micros[i], count);
			return;
		}
	pvg_panic("micro: there is no \"%s\"", name);
}

int main(int argc, char **argv)
{
	uint64_t count;

	if (argc < 3)
		pvg_panic("usage: micro COUNT NAME...");
	count = strtoull(argv[1], NULL, 10);
	for (int i = 2; i < argc; i++)
		run_named(argv[i], count);
	return 0;
}
