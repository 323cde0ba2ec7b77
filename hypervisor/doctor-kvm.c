/* SPDX-License-Identifier: MIT
 *
 * Probes of KVM itself: is it there, may it be used, what does it offer.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_kvm(void)
{
	return open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

static void explain_no_kvm(struct hv_report *report, int error)
{
	const char *meaning;

	if (error == EACCES || error == EPERM)
		meaning = "you may not use it: join the group that owns it "
			  "(usually `sudo usermod -aG kvm $USER`, then log in "
			  "again), or run as root";
	else if (error == ENOENT || error == ENODEV || error == ENXIO)
		meaning = "no guest can run: load the module (`sudo modprobe "
			  "kvm_intel` or `kvm_amd`), enable virtualization in "
			  "the firmware, or in a cloud take a machine with "
			  "nested virtualization";
	else
		meaning = "no guest can run until it can be opened";
	hv_report_add(report, HV_VERDICT_FATAL, "/dev/kvm", meaning, "%s",
		      strerror(error));
}

void hv_probe_kvm(struct hv_report *report)
{
	int kvm = open_kvm(), version;

	if (kvm < 0) {
		explain_no_kvm(report, errno);
		return;
	}
	version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	close(kvm);
	if (version != KVM_API_VERSION)
		hv_report_add(report, HV_VERDICT_FATAL, "/dev/kvm",
			      "no guest can run: version 12 is needed, which "
			      "every Linux since 2.6.22 has",
			      "API version %d", version);
	else
		hv_report_add(report, HV_VERDICT_GOOD, "/dev/kvm",
			      "guests run on KVM", "usable, API version %d",
			      version);
}

/* What the KVM engine asks for, and what it does without. */
static const struct extension {
	const char *name;
	int number;
	int least;  /* that KVM must answer */
	bool count; /* the answer is a number to show */
	enum hv_verdict lack;
	const char *with, *without;
} extensions[] = {
	{ "KVM user memory", KVM_CAP_USER_MEMORY, 1, false, HV_VERDICT_FATAL,
	  "guest RAM is plain memory of the process",
	  "no guest can run: guests need RAM" },
	{ "KVM immediate exit", KVM_CAP_IMMEDIATE_EXIT, 1, false,
	  HV_VERDICT_FATAL,
	  "a running guest can be stopped at any moment",
	  "no guest can run: Linux 4.11 or later is needed" },
	{ "KVM memory slots", KVM_CAP_NR_MEMSLOTS, 2, true, HV_VERDICT_FATAL,
	  "a guest takes two to five: its RAM and parts of the hypervisor's window",
	  "no guest can run: two are needed" },
	{ "KVM vCPUs per guest", KVM_CAP_MAX_VCPUS, 1, true, HV_VERDICT_FATAL,
	  "a guest has up to 64, and never more than this", "no guest can run" },
	{ "KVM shared registers", KVM_CAP_SYNC_REGS, 1, false, HV_VERDICT_SLOW,
	  "operations read and answer registers without a system call",
	  "each operation costs two more system calls" },
	{ "KVM ioeventfd", KVM_CAP_IOEVENTFD, 1, false, HV_VERDICT_SLOW,
	  "doorbells do not leave the kernel",
	  "each doorbell is an exit to the hypervisor" },
	{ "KVM vCPU attributes", KVM_CAP_VCPU_ATTRIBUTES, 1, false,
	  HV_VERDICT_SLOW,
	  "the guest's time-stamp counter can be made the host's",
	  "guests ask for the time by an exit" },
};

#define EXTENSIONS (sizeof(extensions) / sizeof(extensions[0]))

void hv_probe_kvm_extensions(struct hv_report *report)
{
	int kvm = open_kvm();

	for (size_t i = 0; i < EXTENSIONS; i++) {
		const struct extension *e = &extensions[i];
		int answer = ioctl(kvm, KVM_CHECK_EXTENSION, e->number);
		bool there = answer >= e->least;

		char value[16];

		snprintf(value, sizeof(value), "%d", answer);
		hv_report_add(report, there ? HV_VERDICT_GOOD : e->lack, e->name,
			      there ? e->with : e->without, "%s",
			      e->count ? value : there ? "yes" : "no");
	}
	close(kvm);
}
