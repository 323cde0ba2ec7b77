/* SPDX-License-Identifier: MIT
 *
 * `paravane doctor`: runs every probe of doctor.h and says in plain words what
 * was found.
 */
#include "cmd.h"

#include <argp.h>
#include <assert.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "clock.h"
#include "doctor.h"
#include "status.h"

static const struct probe {
	void (*look)(struct hv_report *report);
	bool needs_kvm; /* is left out once something fatal was found */
} probes[] = {
	{ hv_probe_kvm, false },
	{ hv_probe_kvm_extensions, true },
	{ hv_probe_guest, true },
	{ hv_probe_ring0, true },
	{ hv_probe_uring, false },
	{ hv_probe_uring_operations, false },
	{ hv_probe_uring_direct, false },
	{ hv_probe_cpus, false },
	{ hv_probe_memory, false },
	{ hv_probe_huge_pages, false },
	{ hv_probe_locked_memory, false },
};

#define PROBES (sizeof(probes) / sizeof(probes[0]))
#define TICK_US 5000

static const char *const verdict_names[] = {
	[HV_VERDICT_GOOD] = "good",
	[HV_VERDICT_SLOW] = "slow",
	[HV_VERDICT_MISSING] = "missing",
	[HV_VERDICT_FATAL] = "fatal",
};

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

static void print_text(const struct hv_report *report)
{
	for (unsigned i = 0; i < report->findings; i++) {
		const struct hv_finding *f = &report->finding[i];

		printf("%-8s %s: %s\n         -> %s\n",
		       verdict_names[f->verdict], f->name, f->value,
		       f->meaning);
	}
	puts(hv_report_usable(report) ?
	     "\n`paravane run` works here, with the KVM engine." :
	     "\n`paravane run` does not work here until what is marked fatal "
	     "is mended.");
}

static void put_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *finding_json(const struct hv_finding *finding)
{
	struct json_object *object = json_object_new_object();

	put_text(object, "name", finding->name);
	put_text(object, "verdict", verdict_names[finding->verdict]);
	put_text(object, "value", finding->value);
	put_text(object, "meaning", finding->meaning);
	if (finding->unit) {
		json_object_object_add(object, "number",
				       json_object_new_double(finding->number));
		put_text(object, "unit", finding->unit);
	}
	return object;
}

static void print_json(const struct hv_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < report->findings; i++)
		json_object_array_add(list, finding_json(&report->finding[i]));
	json_object_object_add(object, "version", json_object_new_int(1));
	json_object_object_add(object, "usable", json_object_new_boolean(
				       hv_report_usable(report)));
	json_object_object_add(object, "findings", list);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'j':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "doctor takes no argument such as %s", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
	{ "json", 'j', NULL, 0, "Print JSON instead of text", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.doc = "Tell what this host offers to guests and what Paravane will "
	       "therefore do. Takes less than a second and changes nothing."
	       "\vEach finding is good, slow (it works at a price), missing "
	       "(guests run without it) or fatal (no guest can run). Exits "
	       "with 0 if `paravane run` works here, else with 122.",
};

int hv_cmd_doctor(int argc, char **argv)
{
	struct hv_report report = { .findings = 0 };
	bool json = false;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	for (size_t i = 0; i < PROBES; i++)
		if (!probes[i].needs_kvm || hv_report_usable(&report))
			probes[i].look(&report);
	if (json)
		print_json(&report);
	else
		print_text(&report);
	return hv_report_usable(&report) ? 0 : HV_STATUS_HOST;
}
