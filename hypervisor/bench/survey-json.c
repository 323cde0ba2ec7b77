/* SPDX-License-Identifier: MIT
 *
 * A survey as JSON, which `paravane bench compare` reads. See techniques.h.
 */
#include <string.h>

#include "../json.h"
#include "../version.h"
#include "techniques.h"

static void put_number(struct json_object *object, const char *key,
		       double value)
{
	hv_json_put(object, key, json_object_new_double(value));
}

static void put_count(struct json_object *object, const char *key, double count)
{
	hv_json_put(object, key,
		    count < 0 ? NULL : json_object_new_double(count));
}

static struct json_object *host_json(const struct hv_host *host)
{
	struct json_object *object = json_object_new_object();

	hv_json_put_text(object, "cpu", host->cpu);
	hv_json_put_u64(object, "cpus", host->cpus);
	hv_json_put_text(object, "kernel", host->kernel);
	hv_json_put_text(object, "kvm", host->kvm);
	hv_json_put(object, "ring0_is_interpreted",
		    json_object_new_boolean(host->interpreted));
	hv_json_put_text(object, "qemu", host->qemu);
	hv_json_put_text(object, "paravane", HV_VERSION);
	hv_json_put_text(object, "date", host->date);
	return object;
}

static struct json_object *techniques_json(void)
{
	struct json_object *list = json_object_new_array();

	for (unsigned t = 0; t < hv_techniques_count; t++) {
		struct json_object *object = json_object_new_object();

		hv_json_put_text(object, "technique", hv_techniques[t].key);
		hv_json_put_text(object, "title", hv_techniques[t].title);
		hv_json_put_text(object, "about", hv_techniques[t].about);
		json_object_array_add(list, object);
	}
	return list;
}

static void put_figures(struct json_object *object, const struct hv_cell *cell,
			double best)
{
	struct hv_range range = hv_range_of(cell->sample, cell->samples);
	struct json_object *list = json_object_new_array();

	put_number(object, "ns_per_operation", range.median);
	put_number(object, "low", range.low);
	put_number(object, "high", range.high);
	put_number(object, "ratio_to_best", range.median / best);
	put_count(object, "exits_per_operation", cell->count[HV_COUNT_EXITS]);
	put_count(object, "exits_to_the_program",
		  cell->count[HV_COUNT_PROGRAM]);
	put_count(object, "interpreted_instructions",
		  cell->count[HV_COUNT_INTERPRETED]);
	if (cell->digest[0])
		hv_json_put_text(object, "digest", cell->digest);
	for (unsigned i = 0; i < cell->samples; i++)
		json_object_array_add(list,
				      json_object_new_double(cell->sample[i]));
	hv_json_put(object, "samples", list);
}

static struct json_object *cell_json(const struct hv_survey *survey,
				     unsigned task, unsigned technique)
{
	const struct hv_cell *cell = &survey->cell[task][technique];
	struct json_object *object = json_object_new_object();

	hv_json_put_text(object, "technique", hv_techniques[technique].key);
	if (cell->samples)
		put_figures(object, cell, hv_survey_best(survey, task));
	if (cell->note[0])
		hv_json_put_text(object, "note", cell->note);
	return object;
}

static struct json_object *task_json(const struct hv_survey *survey,
				     unsigned task)
{
	const struct hv_task *t = &hv_tasks[task];
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int agrees = hv_survey_agrees(survey, task);

	hv_json_put_text(object, "task", t->key);
	hv_json_put_text(object, "title", t->title);
	hv_json_put_text(object, "about", t->about);
	if (t->program == HV_PROGRAM_WORK)
		hv_json_put_u64(object, "times", hv_survey_times(survey, t));
	if (agrees >= 0)
		hv_json_put(object, "digests_agree",
			    json_object_new_boolean(agrees));
	for (unsigned i = 0; i < hv_techniques_count; i++)
		json_object_array_add(list, cell_json(survey, task, i));
	hv_json_put(object, "techniques", list);
	return object;
}

void hv_survey_json(const struct hv_survey *survey, FILE *out)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	hv_json_put_text(object, "format", HV_SURVEY_FORMAT);
	hv_json_put_u64(object, "version", HV_SURVEY_VERSION);
	hv_json_put(object, "host", host_json(&survey->host));
	hv_json_put(object, "quick", json_object_new_boolean(survey->quick));
	hv_json_put_u64(object, "rounds", survey->rounds);
	put_number(object, "seconds", survey->seconds);
	hv_json_put_text(object, "spread", HV_SPREAD_TEXT);
	hv_json_put(object, "techniques", techniques_json());
	for (unsigned i = 0; i < hv_tasks_count; i++)
		if (survey->wanted[i])
			json_object_array_add(list, task_json(survey, i));
	hv_json_put(object, "tasks", list);
	hv_json_print(out, object);
	json_object_put(object);
}
