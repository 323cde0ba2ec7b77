/* SPDX-License-Identifier: MIT
 *
 * Guest of `paravane bench techniques`: what a kernel does all the time and a machine
 * may make dear, each for itself. The same source is a paravirtual guest and a kernel
 * with privileged instructions of its own (PVG_NATIVE), which interpreters and
 * translators of those run.
 *
 *	nano BUDGET_US [ROW...]   each row, or these, for about so many microseconds
 *	nano ROW=TIMES            this one exactly so often, and nothing else
 *
 * prints a line a row, `KEY NANOSECONDS TIMES`. Rows that the machine has not are left
 * out, unless they are asked for. To add one, write its function and its line in the
 * table of a file.
 *
 * There is no floating point here: a native kernel is compiled without.
 */
#include "nano.h"

#define FEATURES (PV_FEATURE_MMU | PV_FEATURE_USER)
PVG_NOTE(0, PVG_FEATURES_DEFAULT | FEATURES, 0, 0);

#define BUDGET_US_MAX UINT64_C(60000000)
#define TIMES_MAX UINT64_C(1000000000000)

static const struct nano_row *const tables[] = {
	nano_cpu_rows,
	nano_trap_rows,
	nano_memory_rows,
	nano_vcpu_rows, /* the last: a scheduler that has begun stays */
};
#define TABLES (sizeof(tables) / sizeof(*tables))

uint64_t nano_aside_ns;

void nano_must(int status, const char *what)
{
	if (status < 0)
		pvg_panic("nano: no %s: %s", what, pvg_error_text(status));
}

__attribute__((noreturn, format(printf, 1, 2))) static void
give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pvg_printf("nano: ");
	pvg_vprintf(format, args);
	pvg_printf("\n");
	va_end(args);
	pvg_exit(2);
}

static bool exists(const struct nano_row *row)
{
	return pvg_has(row->features) && pvg_vcpus() >= row->vcpus;
}

static void must_exist(const struct nano_row *row)
{
	if (pvg_vcpus() < row->vcpus)
		give_up("%s takes %u vCPUs, and this machine has %u", row->key,
			row->vcpus, pvg_vcpus());
	if (!pvg_has(row->features))
		give_up("%s takes features that this machine has not (%#lx)",
			row->key,
			(unsigned long)(row->features & ~pvg_boot.features));
}

/* How long it took; ret_ns without what is not the row's own. */
static uint64_t run(const struct nano_row *row, uint64_t times,
		    uint64_t *ret_ns)
{
	uint64_t start_ns, ns;

	nano_aside_ns = 0;
	start_ns = pvg_clock_ns();
	row->run(times);
	ns = pvg_clock_ns() - start_ns;
	*ret_ns = ns - nano_aside_ns;
	return ns;
}

static void run_exactly(const struct nano_row *row, uint64_t times)
{
	uint64_t ns;

	if (row->prepare)
		row->prepare();
	run(row, times, &ns);
	nano_space_leave();
	pvg_printf("%s %lu %lu\n", row->key, ns, times);
}

/* How many it is to be, after so many took so long; not trusting a short time far. */
static uint64_t more(uint64_t times, uint64_t took_ns, uint64_t budget_us)
{
	uint64_t took_us = took_ns / 1000 + 1;
	uint64_t factor = budget_us / took_us;

	if (factor > 64)
		return times * 64;
	if (factor < 2)
		return times * 2;
	return times * budget_us / took_us;
}

/* More of them until that takes half the budget at least. What came before is warming
 * up: the first time a machine may need a thousand times as long. Nothing is so slow
 * that all of it takes twice the budget, but what exceeds that if done twice. */
static void run_for(const struct nano_row *row, uint64_t budget_us)
{
	uint64_t times = 1, ns;

	if (row->prepare)
		row->prepare();
	run(row, times, &ns);
	for (;;) {
		uint64_t took_ns = run(row, times, &ns);

		if (took_ns >= budget_us * 1000 / 2 || times >= TIMES_MAX)
			break;
		times = more(times, took_ns, budget_us);
	}
	nano_space_leave();
	pvg_printf("%s %lu %lu\n", row->key, ns, times);
}

static bool is_digits(const char *text)
{
	size_t len = 0;

	while (text[len] >= '0' && text[len] <= '9')
		len++;
	return len > 0 && len < 16 && text[len] == '\0';
}

static uint64_t number(const char *text, const char *what, uint64_t max)
{
	uint64_t value = is_digits(text) ? strtoull(text, NULL, 10) : 0;

	if (value < 1 || value > max)
		give_up("\"%s\" is no %s: give from 1 to %lu", text, what,
			max);
	return value;
}

static const struct nano_row *find(const char *name, size_t len)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct nano_row *row = tables[i]; row->key; row++)
			if (strlen(row->key) == len &&
			    memcmp(row->key, name, len) == 0) {
				must_exist(row);
				return row;
			}
	give_up("there is no row \"%.*s\"", (int)len, name);
}

static bool is_named(const struct nano_row *row, int names, char **name)
{
	for (int i = 0; i < names; i++)
		if (strcmp(row->key, name[i]) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *equals = argc == 2 ? strchr(argv[1], '=') : NULL;
	uint64_t budget_us;

	if (argc < 2)
		give_up("usage: nano BUDGET_US [ROW...], or nano ROW=TIMES");
	if (equals) {
		run_exactly(find(argv[1], (size_t)(equals - argv[1])),
			    number(equals + 1, "number of times", TIMES_MAX));
		return 0;
	}
	budget_us = number(argv[1], "budget in microseconds", BUDGET_US_MAX);
	for (int i = 2; i < argc; i++)
		find(argv[i], strlen(argv[i]));
	for (size_t i = 0; i < TABLES; i++)
		for (const struct nano_row *row = tables[i]; row->key; row++)
			if (argc == 2 ? exists(row)
				      : is_named(row, argc - 2, argv + 2))
				run_for(row, budget_us);
	return 0;
}
