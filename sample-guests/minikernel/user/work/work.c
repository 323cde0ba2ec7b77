/* SPDX-License-Identifier: MIT
 *
 * work NAME TIMES: a workload to be measured, on machines and techniques that are
 * compared. Prints `work NAME NANOSECONDS TIMES DIGEST`: where the digest of the same
 * TIMES is another one, something computed wrongly.
 *
 * It is a program of minikernel's and, with linux.c for a library, one of Linux's.
 */
#include "work.h"

static const struct workload {
	const char *name;
	uint64_t (*run)(long times);
	const char *what; /* it does TIMES of */
} workloads[] = {
	{ "fork", work_fork, "children that are another program" },
	{ "pipe", work_pipe, "round trips between two processes" },
	{ "demand", work_demand, "pages touched for the first time" },
	{ "compile", work_compile, "files through a pipeline of processes" },
	{ "copy", work_copy, "copies of memory, of 5 KiB on average" },
	{ "sha256", work_sha256, "KiB hashed" },
	{ "sieve", work_sieve, "sieves of the primes below a million" },
	{ "disk", work_disk, "pages of the disk read, one by one" },
};

static const struct part {
	const char *name;
	int (*run)(long number);
} parts[] = {
	{ "fork-leave", fork_leave },
	{ "compile-front", compile_front },
	{ "compile-back", compile_back },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint64_t started_ns, worked_ns;

void work_starts(void)
{
	started_ns = clock_ns();
}

void work_stops(void)
{
	worked_ns += clock_ns() - started_ns;
}

void *work_memory(size_t bytes)
{
	const size_t page = 4096;
	void *memory = sbrk((long)((bytes + page - 1) & ~(page - 1)));

	if (!memory)
		fail("work: there is no memory");
	return memory;
}

/* The decimal digits of a number, at the end of the text. */
static char *digits_of(long number, char *end)
{
	*--end = '\0';
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

void work_become(const char *name, long number)
{
	char digits[24], part[16], work[] = "work";
	char *argv[] = { work, part, digits_of(number, digits + 24), NULL };

	memcpy(part, name, strlen(name) + 1);
	exec(work, argv);
	fail("work: it cannot be started once more");
}

static void print_result(const char *name, long times, uint64_t digest)
{
	char text[17];

	for (int i = 0; i < 16; i++)
		text[i] = "0123456789abcdef"[digest >> (60 - 4 * i) & 15];
	text[16] = '\0';
	print("work %s %d %d %s\n", name, (long)worked_ns, times, text);
}

static void print_usage(void)
{
	print_to(2, "usage: work NAME TIMES, a workload and from 1 to %d:\n",
		 (long)INT32_MAX);
	for (unsigned i = 0; i < COUNT(workloads); i++)
		print_to(2, "  %s: %s\n", workloads[i].name, workloads[i].what);
	exit(2);
}

int main(int argc, char **argv)
{
	long times = argc == 3 ? number(argv[2]) : -1;

	if (times < 1 || times > INT32_MAX)
		print_usage();
	for (unsigned i = 0; i < COUNT(workloads); i++)
		if (strcmp(argv[1], workloads[i].name) == 0) {
			print_result(argv[1], times, workloads[i].run(times));
			return 0;
		}
	for (unsigned i = 0; i < COUNT(parts); i++)
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(times);
	print_to(2, "work: there is no workload \"%s\"\n", argv[1]);
	print_usage();
	return 2;
}
