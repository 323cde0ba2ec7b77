/* SPDX-License-Identifier: MIT
 *
 * `paravane doctor`: what a host offers and what follows for guests. A probe
 * looks at one thing and adds what it found to the report; cmd-doctor.c has the
 * list of them and prints. Probes are bounded in time and never fail: that
 * something cannot be had is a finding.
 */
#ifndef HV_DOCTOR_H
#define HV_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

enum hv_verdict {
	HV_VERDICT_GOOD,
	HV_VERDICT_SLOW,    /* it works at a price */
	HV_VERDICT_MISSING, /* guests run without it, or those that need it
			     * do not */
	HV_VERDICT_FATAL    /* no guest can run */
};

struct hv_finding {
	const char *name;
	enum hv_verdict verdict;
	char value[512];
	const char *meaning; /* what it means for guests, or what to do */
	double number;       /* the value, if it was measured: */
	const char *unit;    /* of number; NULL if it was not */
};

#define HV_FINDINGS_MAX 32

struct hv_report {
	struct hv_finding finding[HV_FINDINGS_MAX];
	unsigned findings;
};

/* doctor.c: */

void hv_report_add(struct hv_report *report, enum hv_verdict verdict,
		   const char *name, const char *meaning,
		   const char *value_format, ...)
	__attribute__((format(printf, 5, 6)));
void hv_report_measured(struct hv_report *report, enum hv_verdict verdict,
			const char *name, const char *meaning, double number,
			const char *unit);
/* No finding was fatal so far. */
bool hv_report_usable(const struct hv_report *report);

/* From now on blocking calls are interrupted every few milliseconds, so that a
 * probe can see when its time is over. */
void hv_probe_begin(uint64_t limit_ns);
bool hv_probe_over(void);
void hv_probe_end(void);

/* doctor-host.c: */
void hv_probe_cpus(struct hv_report *report);
void hv_probe_memory(struct hv_report *report);
void hv_probe_huge_pages(struct hv_report *report);
/* doctor-uring.c: */
void hv_probe_uring(struct hv_report *report);
void hv_probe_uring_operations(struct hv_report *report);
void hv_probe_uring_direct(struct hv_report *report);
/* doctor-tap.c: */
void hv_probe_tap(struct hv_report *report);
/* doctor-kvm.c: */
void hv_probe_kvm(struct hv_report *report);
void hv_probe_kvm_extensions(struct hv_report *report);
/* doctor-guest.c: */
void hv_probe_guest(struct hv_report *report);
/* doctor-ring0.c: */
void hv_probe_ring0(struct hv_report *report);

#endif
