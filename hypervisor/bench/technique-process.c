/* SPDX-License-Identifier: MIT
 *
 * No virtual machine at all: process-nano.c for the nano-benchmarks, and `work` as a
 * program of the host's for the workloads. See techniques.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "techniques.h"

#define WORK "work-linux"

int hv_process_find(const struct hv_survey *survey,
		    const struct hv_technique *technique,
		    enum hv_program program, struct hv_error *err)
{
	char path[PATH_MAX];

	(void)technique;
	if (program == HV_PROGRAM_NANO)
		return 0;
	return hv_guest_find(survey->guests_dir, WORK, path, err);
}

static int run_work(const struct hv_survey *survey, const struct hv_call *call,
		    struct hv_output *output, struct hv_error *err)
{
	const char *words[HV_TASKS_MAX + 3] = { NULL };
	char *argv[HV_TASKS_MAX + 3], path[PATH_MAX], disk[PATH_MAX];
	const char *text;
	uint64_t ns;
	int status, len;

	if (hv_guest_find(survey->guests_dir, WORK, path, err) < 0)
		return -1;
	words[0] = path;
	memcpy(words + 1, call->word, call->words * sizeof(*words));
	memcpy(argv, words, sizeof(argv));
	if (hv_guest_find(survey->guests_dir, HV_WORK_DISK, disk, err) == 0)
		setenv("WORK_DISK", disk, true);
	if (hv_child_run(argv, output, &status, &ns, err) < 0)
		return -1;
	if (status == 0)
		return 0;
	hv_output_reason(output, &text, &len);
	return hv_fail(err, HV_STATUS_FAILED, WORK " ended with wait status %#x%s%.*s",
		       (unsigned)status, len > 0 ? ": " : "", len, text);
}

int hv_process_run(const struct hv_survey *survey,
		   const struct hv_technique *technique,
		   const struct hv_call *call, struct hv_answer *ret_answer,
		   struct hv_error *err)
{
	struct hv_call copy = *call;

	(void)technique;
	ret_answer->output = (struct hv_output){ .out = "" };
	hv_child_timeout(call->seconds);
	if (call->program == HV_PROGRAM_WORK)
		return run_work(survey, call, &ret_answer->output, err);
	return hv_child_call(hv_process_nano, &copy, &ret_answer->output, err);
}
