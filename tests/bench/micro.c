/* SPDX-License-Identifier: MIT
 *
 * Guest of the small benchmarks: `micro COUNT NAME...` does each named thing
 * COUNT times and prints "NAME ns-per-time how-often-in-all". To add one, write
 * its loop and its line in the table.
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

static void mask(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		pvg_mask();
		pvg_unmask();
	}
}

static void mutex(uint64_t count)
{
	static struct pvg_mutex lock;

	for (uint64_t i = 0; i < count; i++) {
		pvg_mutex_lock(&lock);
		pvg_mutex_unlock(&lock);
	}
}

static bool others_go_on;

static void yield_on(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&others_go_on, __ATOMIC_RELAXED))
		pvg_thread_yield();
}

/* There and back: two switches. */
static void switch_threads(uint64_t count)
{
	struct pvg_thread *other;
	int vcpus = pvg_sched_start(1);

	others_go_on = true;
	if ((vcpus < 0 && vcpus != -PV_EBUSY) ||
	    pvg_thread_create(&other, yield_on, NULL, NULL))
		pvg_panic("micro: threads do not run here");
	for (uint64_t i = 0; i < count / 2; i++)
		pvg_thread_yield();
	others_go_on = false;
	pvg_thread_join(other);
}

static const struct micro {
	const char *name;
	void (*loop)(uint64_t count);
} micros[] = {
	{ "nop", nop },
	{ "clock", read_clock },
	{ "rdtsc", read_tsc },
	{ "malloc", hv_malloc_loop },
	{ "mask", mask },
	{ "mutex", mutex },
	{ "switch", switch_threads },
};

static void run(const struct micro *micro, uint64_t count)
{
	uint64_t start_ns, ns;

	micro->loop(count / 16);
	start_ns = pvg_clock_ns();
	micro->loop(count);
	ns = pvg_clock_ns() - start_ns;
	pvg_printf("%s %.3f %lu\n", micro->name, (double)ns / (double)count,
		   count + count / 16);
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
