/* SPDX-License-Identifier: MIT
 *
 * What probes share: the report they add to, and the end of their time.
 */
#include "doctor.h"

#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/time.h>

#include "clock.h"

#define TICK_US 5000

static struct hv_finding *add(struct hv_report *report, enum hv_verdict verdict,
			      const char *name, const char *meaning)
{
	struct hv_finding *finding = &report->finding[report->findings];

	assert(report->findings < HV_FINDINGS_MAX);
	*finding = (struct hv_finding){
		.name = name, .verdict = verdict, .meaning = meaning,
	};
	report->findings++;
	return finding;
}

void hv_report_add(struct hv_report *report, enum hv_verdict verdict,
		   const char *name, const char *meaning,
		   const char *value_format, ...)
{
	struct hv_finding *finding = add(report, verdict, name, meaning);
	va_list args;

	va_start(args, value_format);
	vsnprintf(finding->value, sizeof(finding->value), value_format, args);
	va_end(args);
}

void hv_report_measured(struct hv_report *report, enum hv_verdict verdict,
			const char *name, const char *meaning, double number,
			const char *unit)
{
	struct hv_finding *finding = add(report, verdict, name, meaning);

	snprintf(finding->value, sizeof(finding->value), "%.*f %s",
		 number < 100 ? 1 : 0, number, unit);
	finding->number = number;
	finding->unit = unit;
}

bool hv_report_usable(const struct hv_report *report)
{
	for (unsigned i = 0; i < report->findings; i++)
		if (report->finding[i].verdict == HV_VERDICT_FATAL)
			return false;
	return true;
}

static uint64_t probe_end_ns;

static void on_tick(int number)
{
	(void)number; /* interrupting a call is all it is for */
}

static void tick_every(suseconds_t us)
{
	const struct itimerval timer = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

void hv_probe_begin(uint64_t limit_ns)
{
	const struct sigaction action = { .sa_handler = on_tick };

	sigaction(SIGALRM, &action, NULL);
	probe_end_ns = hv_host_ns() + limit_ns;
	tick_every(TICK_US);
}

bool hv_probe_over(void)
{
	return hv_host_ns() >= probe_end_ns;
}

void hv_probe_end(void)
{
	tick_every(0);
}
