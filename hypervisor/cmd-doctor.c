/* SPDX-License-Identifier: MIT
 *
 * `paravane doctor`: runs every probe of doctor.h and says in plain words what
 * was found.
 */
#include "cmd.h"

#include <argp.h>
#include <stdio.h>

#include "doctor.h"
#include "json.h"
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
	{ hv_probe_tap, false },
	{ hv_probe_cpus, false },
	{ hv_probe_memory, false },
	{ hv_probe_huge_pages, false },
};

#define PROBES (sizeof(probes) / sizeof(probes[0]))

static const char *const verdict_names[] = {
	[HV_VERDICT_GOOD] = "good",
	[HV_VERDICT_SLOW] = "slow",
	[HV_VERDICT_MISSING] = "missing",
	[HV_VERDICT_FATAL] = "fatal",
};

static void print_text(const struct hv_report *report)
{
	for (unsigned i = 0; i < report->findings; i++) {
		const struct hv_finding *f = &report->finding[i];

		printf("%-8s %s: %s\n         -> %s\n",
		       verdict_names[f->verdict], f->name, f->value,
		       f->meaning);
	}
	puts(hv_report_usable(report)
	     ? "\n`paravane run` works here, with the KVM engine."
	     : "\n`paravane run` does not work here until what is marked fatal "
	       "is mended.");
}

static struct json_object *finding_json(const struct hv_finding *finding)
{
	struct json_object *object = json_object_new_object();

	hv_json_put_text(object, "name", finding->name);
	hv_json_put_text(object, "verdict", verdict_names[finding->verdict]);
	hv_json_put_text(object, "value", finding->value);
	hv_json_put_text(object, "meaning", finding->meaning);
	if (finding->unit) {
		hv_json_put(object, "number",
			    json_object_new_double(finding->number));
		hv_json_put_text(object, "unit", finding->unit);
	}
	return object;
}

static void print_json(const struct hv_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < report->findings; i++)
		json_object_array_add(list, finding_json(&report->finding[i]));
	hv_json_put_u64(object, "version", 1);
	hv_json_put(object, "usable",
		    json_object_new_boolean(hv_report_usable(report)));
	hv_json_put(object, "findings", list);
	hv_json_print(stdout, object);
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
