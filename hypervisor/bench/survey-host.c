/* SPDX-License-Identifier: MIT
 *
 * The machine that a survey was made on, for its report. See techniques.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../doctor.h"
#include "child.h"
#include "techniques.h"

bool hv_program_find(const char *name, char ret_path[PATH_MAX])
{
	const char *folder = getenv("PATH");

	while (folder && *folder) {
		size_t len = strcspn(folder, ":");

		snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)len, folder, name);
		if (len > 0 && access(ret_path, X_OK) == 0)
			return true;
		folder += len + (folder[len] == ':');
	}
	return false;
}

static void describe_cpu(struct hv_host *host)
{
	FILE *info = fopen("/proc/cpuinfo", "re");
	char line[256];
	cpu_set_t set;

	snprintf(host->cpu, sizeof(host->cpu), "unknown");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "model name : %127[^\n]", host->cpu) == 1)
			break;
	if (info)
		fclose(info);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		host->cpus = (unsigned)CPU_COUNT(&set);
}

/* Which kind of KVM it is follows from how fast ring 0 is, as `paravane doctor`
 * finds out. */
static void describe_kvm(struct hv_host *host)
{
	struct hv_report report = { .findings = 0 };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	const struct hv_finding *finding = &report.finding[0];

	if (kvm < 0) {
		snprintf(host->kvm, sizeof(host->kvm),
			 "none: /dev/kvm cannot be used: %s", strerror(errno));
		return;
	}
	close(kvm);
	hv_probe_ring0(&report);
	host->interpreted = finding->verdict != HV_VERDICT_GOOD;
	if (!finding->unit)
		snprintf(host->kvm, sizeof(host->kvm),
			 "software; ring 0 does not run");
	else
		snprintf(host->kvm, sizeof(host->kvm),
			 "%s; a pass of an empty loop at ring 0 takes %.*f ns",
			 host->interpreted ? "software, ring 0 is interpreted" :
					     "by the processor (VT-x or AMD-V)",
			 finding->number < 10 ? 1 : 0, finding->number);
}

static void describe_qemu(struct hv_host *host)
{
	static const char before[] = "QEMU emulator version ";
	static struct hv_output output;
	char path[PATH_MAX], option[] = "--version";
	char *const argv[] = { path, option, NULL };
	const char *version = output.out;
	struct hv_error err = { 0 };
	uint64_t ns;
	int status;

	snprintf(host->qemu, sizeof(host->qemu), "none");
	if (!hv_program_find("qemu-system-x86_64", path) ||
	    hv_child_run(argv, &output, &status, &ns, &err) < 0 || status != 0)
		return;
	if (strncmp(version, before, strlen(before)) == 0)
		version += strlen(before);
	snprintf(host->qemu, sizeof(host->qemu), "%.*s",
		 (int)strcspn(version, "\r\n"), version);
}

void hv_host_describe(struct hv_host *host)
{
	time_t now = time(NULL);
	struct utsname names;
	struct tm utc;

	*host = (struct hv_host){ .cpus = 0 };
	describe_cpu(host);
	describe_kvm(host);
	hv_child_init(); /* the probe of KVM had SIGALRM */
	describe_qemu(host);
	uname(&names);
	snprintf(host->kernel, sizeof(host->kernel), "%s %s", names.sysname,
		 names.release);
	gmtime_r(&now, &utc);
	strftime(host->date, sizeof(host->date), "%Y-%m-%d %H:%M UTC", &utc);
}
