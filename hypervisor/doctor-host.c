/* SPDX-License-Identifier: MIT
 *
 * Probes of the host's processors and memory.
 */
#include "doctor.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* The first line of a small file of the kernel's, without its end. */
static bool read_line(const char *path, char *ret_line, size_t bytes)
{
	FILE *file = fopen(path, "re");
	bool there = file && fgets(ret_line, (int)bytes, file);

	if (file)
		fclose(file);
	if (there)
		ret_line[strcspn(ret_line, "\n")] = '\0';
	return there;
}

void hv_probe_cpus(struct hv_report *report)
{
	cpu_set_t set;
	int cpus;

	/* More CPUs than cpu_set_t can name are more than one. */
	cpus = sched_getaffinity(0, sizeof(set), &set) < 0 ? CPU_SETSIZE
							   : CPU_COUNT(&set);
	if (cpus > 1)
		hv_report_add(report, HV_VERDICT_GOOD, "host CPUs",
			      "guest and I/O thread each have one; both poll "
			      "their rings for a moment before they sleep",
			      "%d", cpus);
	else
		hv_report_add(report, HV_VERDICT_SLOW, "host CPUs",
			      "guest and I/O thread take turns on it; neither "
			      "polls, and each I/O costs them a switch",
			      "%d", cpus);
}

static uint64_t available_mib(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t kib = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	fclose(file);
	return kib >> 10;
}

void hv_probe_memory(struct hv_report *report)
{
	char overcommit[16] = "0";
	bool strict;

	read_line("/proc/sys/vm/overcommit_memory", overcommit,
		  sizeof(overcommit));
	strict = strcmp(overcommit, "2") == 0;
	hv_report_add(report, strict ? HV_VERDICT_MISSING : HV_VERDICT_GOOD,
		      "host memory",
		      strict ? "the host counts all of a guest's --mem as used "
			       "(vm.overcommit_memory=2): large guests may be "
			       "refused"
			     : "a guest takes of it what it touches, not its "
			       "whole --mem",
		      "%" PRIu64 " MiB available", available_mib());
}

/* Of "always [madvise] never" what is in brackets. */
static void chosen(char *line)
{
	char *from = strchr(line, '['), *to = from ? strchr(from, ']') : NULL;

	if (!to)
		return;
	*to = '\0';
	memmove(line, from + 1, (size_t)(to - from));
}

void hv_probe_huge_pages(struct hv_report *report)
{
	char mode[64] = "never";

	read_line("/sys/kernel/mm/transparent_hugepage/enabled", mode,
		  sizeof(mode));
	chosen(mode);
	if (strcmp(mode, "never") == 0)
		hv_report_add(report, HV_VERDICT_SLOW, "huge pages",
			      "guest RAM is made of 4 KiB pages: touching it "
			      "for the first time takes longer", "%s", mode);
	else
		hv_report_add(report, HV_VERDICT_GOOD, "huge pages",
			      "guest RAM beyond its first 2 MiB is backed by "
			      "them", "%s", mode);
}
