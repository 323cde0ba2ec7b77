/* SPDX-License-Identifier: MIT
 *
 * The tasks: the rows of `paravane bench techniques`. See techniques.h; why each
 * takes what it takes is in survey-explain.c.
 *
 * A workload is done so often that the slowest technique takes about a second, on a
 * host that translates and on one whose KVM is software.
 */
#include <string.h>

#include "techniques.h"

const struct hv_task hv_tasks[] = {
	{ "syscall", "system call", HV_PROGRAM_NANO, 1, 0, 0,
	  "user mode asks its kernel for nothing, and has its answer" },
	{ "port-in", "port input", HV_PROGRAM_NANO, 1, 0, 0,
	  "the kernel asks a device that answers at once" },
	{ "cr-write", "control register", HV_PROGRAM_NANO, 1, 0, 0,
	  "the kernel says which interrupts may come: CR8, or a mask of ports" },
	{ "call-return", "call and return", HV_PROGRAM_NANO, 1, 0, 0,
	  "an empty function is called and returns: nothing privileged" },
	{ "page-fault", "page fault", HV_PROGRAM_NANO, 1, 0, 0,
	  "a page that is not there, is there by a handler, and is taken away again" },
	{ "divide", "divide by zero", HV_PROGRAM_NANO, 1, 0, 0,
	  "an exception; a handler goes on behind it" },
	{ "pte-modify", "page-table entry", HV_PROGRAM_NANO, 1, 0, 0,
	  "a page-table entry leads to another page, which is then looked at" },
	{ "mask", "mask and unmask", HV_PROGRAM_NANO, 1, 0, 0,
	  "interrupts are held back and allowed again: cli and sti" },
	{ "pushf", "pushf and popf", HV_PROGRAM_NANO, 1, 0, 0,
	  "the flags are saved and restored" },
	{ "timer-read", "clock read", HV_PROGRAM_NANO, 1, 0, 0,
	  "the time in nanoseconds" },
	{ "space-switch", "address space", HV_PROGRAM_NANO, 1, 0, 0,
	  "another root of the page tables, and a look at 8 pages behind it" },
	{ "event", "event to a vCPU", HV_PROGRAM_NANO, 2, 0, 0,
	  "from one processor to a sleeping one, and one back" },
	{ "context-switch", "context switch", HV_PROGRAM_NANO, 1, 0, 0,
	  "from one thread of the kernel to another" },
	{ "cold-code", "cold code", HV_PROGRAM_NANO, 1, 0, 0,
	  "an instruction that never ran before" },

	{ "fork", "fork, exec, wait", HV_PROGRAM_WORK, 1, 200, 4,
	  "a process is forked, becomes another program, ends, and is waited for" },
	{ "pipe", "pipe ping-pong", HV_PROGRAM_WORK, 1, 4000, 100,
	  "a question and an answer of 8 bytes between two processes" },
	{ "demand", "demand paging", HV_PROGRAM_WORK, 1, 30000, 150,
	  "a page is touched for the first time" },
	{ "compile", "compile-like mix", HV_PROGRAM_WORK, 1, 10, 1,
	  "a file is compiled by two processes, which hand on by pipes" },
	{ "copy", "memory copy", HV_PROGRAM_WORK, 1, 20000, 20000,
	  "a copy of 16 to 20,000 bytes, 5 KiB on average" },
	{ "sha256", "SHA-256", HV_PROGRAM_WORK, 1, 4000, 4000,
	  "a KiB is hashed" },
	{ "sieve", "sieve", HV_PROGRAM_WORK, 1, 20, 20,
	  "the primes below a million" },
	{ "disk", "disk", HV_PROGRAM_WORK, 1, 4000, 40,
	  "a page is read from the disk, one at a time" },
};
const unsigned hv_tasks_count = sizeof(hv_tasks) / sizeof(*hv_tasks);
_Static_assert(sizeof(hv_tasks) / sizeof(*hv_tasks) <= HV_TASKS_MAX,
	       "HV_TASKS_MAX is too small");

int hv_task_find(const char *key)
{
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (strcmp(hv_tasks[i].key, key) == 0)
			return (int)i;
	return -1;
}
