/* SPDX-License-Identifier: MIT
 *
 * Techniques that `paravane run` has: this program, with an engine and the image
 * built for it. See techniques.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "techniques.h"

static int check_kvm(struct hv_error *err)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		return hv_fail(err, HV_STATUS_HOST,
			       "/dev/kvm cannot be used: %s; `paravane doctor` "
			       "tells what to do",
			       strerror(errno));
	close(kvm);
	return 0;
}

static int call_init(struct hv_guest_call *call, const struct hv_survey *survey,
		     const struct hv_technique *technique,
		     enum hv_program program, struct hv_error *err)
{
	char name[HV_IMAGE_NAME_BYTES], disk[PATH_MAX];

	hv_technique_image(technique, program, name);
	if (hv_guest_call_init(call, survey->guests_dir, name, err) < 0)
		return -1;
	call->engine = technique->engine;
	if (program != HV_PROGRAM_WORK)
		return 0;
	if (hv_guest_find(survey->guests_dir, HV_WORK_DISK, disk, err) < 0)
		return -1;
	return hv_guest_block(call, disk, ",ro,id=disk0", err);
}

int hv_paravane_find(const struct hv_survey *survey,
		     const struct hv_technique *technique,
		     enum hv_program program, struct hv_error *err)
{
	struct hv_guest_call call;

	if (check_kvm(err) < 0)
		return -1;
	return call_init(&call, survey, technique, program, err);
}

/* KVM tells since Linux 5.14. */
static void count(struct hv_answer *answer, const struct hv_guest_answer *guest)
{
	static const char *const pointers[HV_COUNTS] = {
		[HV_COUNT_EXITS] = "/kvm/exits",
		[HV_COUNT_PROGRAM] = "/exits",
		[HV_COUNT_INTERPRETED] = "/kvm/insn_emulation",
	};
	struct hv_error err = { 0 };

	for (unsigned i = 0; i < HV_COUNTS; i++)
		if (hv_guest_stat(guest, pointers[i], &answer->count[i], &err) < 0)
			answer->count[i] = -1;
}

int hv_paravane_run(const struct hv_survey *survey,
		    const struct hv_technique *technique,
		    const struct hv_call *call, struct hv_answer *ret_answer,
		    struct hv_error *err)
{
	struct hv_guest_answer answer = { .stats = "" };
	struct hv_guest_call guest;
	int rc;

	ret_answer->output = (struct hv_output){ .out = "" };
	if (call_init(&guest, survey, technique, call->program, err) < 0)
		return -1;
	guest.vcpus = call->vcpus;
	if (call->program == HV_PROGRAM_WORK)
		hv_guest_arg_text(&guest, "work");
	for (unsigned i = 0; i < call->words; i++)
		hv_guest_arg_text(&guest, call->word[i]);
	hv_child_timeout(call->seconds);
	rc = hv_guest_run(&guest, &answer, err);
	ret_answer->output = answer.output;
	if (rc == 0)
		count(ret_answer, &answer);
	return rc;
}
