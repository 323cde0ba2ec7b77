/* SPDX-License-Identifier: MIT
 *
 * Binary translation: QEMU's TCG, on the smallest of its machines, with the image
 * that `--engine native` runs. See techniques.h.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "techniques.h"

#define QEMU "qemu-system-x86_64"
/* The guest's status V leaves isa-debug-exit as 2 * V + 1; QEMU's own failures
 * are 1 too, but then there is no output. */
#define GUEST_STATUS_0 1

struct machine {
	char qemu[PATH_MAX], image[PATH_MAX];
	char disk[2 * PATH_MAX + 64]; /* of -drive; "" for none */
	char append[2048], vcpus[16];
};

static int find_disk(struct machine *machine, const struct hv_survey *survey,
		     struct hv_error *err)
{
	static const char options[] = "if=none,id=d0,format=raw,readonly=on,file=";
	const size_t len = sizeof(options) - 1;
	char path[PATH_MAX];

	if (hv_guest_find(survey->guests_dir, HV_WORK_DISK, path, err) < 0)
		return -1;
	memcpy(machine->disk, options, len);
	/* There is room for commas alone. */
	hv_option_path(machine->disk + len, sizeof(machine->disk) - len, path);
	return 0;
}

static int machine_init(struct machine *machine, const struct hv_survey *survey,
			const struct hv_technique *technique,
			enum hv_program program, struct hv_error *err)
{
	char name[HV_IMAGE_NAME_BYTES];

	*machine = (struct machine){ .disk = "" };
	if (!hv_program_find(QEMU, machine->qemu))
		return hv_fail(err, HV_STATUS_HOST,
			       QEMU " is not in $PATH: Debian has it in the "
				    "package qemu-system-x86, which ./demo and "
				    "./check install");
	hv_technique_image(technique, program, name);
	if (hv_guest_find(survey->guests_dir, name, machine->image, err) < 0)
		return -1;
	return program == HV_PROGRAM_WORK ? find_disk(machine, survey, err) : 0;
}

int hv_qemu_find(const struct hv_survey *survey,
		 const struct hv_technique *technique, enum hv_program program,
		 struct hv_error *err)
{
	struct machine machine;

	return machine_init(&machine, survey, technique, program, err);
}

static void put_words(struct machine *machine, const struct hv_call *call)
{
	size_t room = sizeof(machine->append), at = 0;

	if (call->program == HV_PROGRAM_WORK)
		at += (size_t)snprintf(machine->append, room, "work ");
	for (unsigned i = 0; i < call->words && at < room; i++)
		at += (size_t)snprintf(machine->append + at, room - at, "%s%s",
				       i ? " " : "", call->word[i]);
	snprintf(machine->vcpus, sizeof(machine->vcpus), "%u", call->vcpus);
}

/* The guest's output, with what the serial line made of its line ends. */
static void drop_returns(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '\r')
			*to++ = *text;
	*to = '\0';
}

static int check_end(const struct hv_output *output, int status,
		     struct hv_error *err)
{
	const char *text;
	int len;

	if (WIFEXITED(status) && WEXITSTATUS(status) == GUEST_STATUS_0 &&
	    output->out[0])
		return 0;
	hv_output_reason(output, &text, &len);
	if (len > 0)
		return hv_fail(err, HV_STATUS_FAILED, "%.*s", len, text);
	return hv_fail(err, HV_STATUS_FAILED,
		       "QEMU ended with wait status %#x and said nothing",
		       (unsigned)status);
}

/* execve takes its words as char * for historical reasons only. */
static int run(struct machine *machine, struct hv_output *output,
	       struct hv_error *err)
{
	const char *words[40] = {
		machine->qemu, "-M", "microvm", "-accel", "tcg", "-cpu", "max",
		"-nodefaults", "-no-user-config", "-display", "none", "-serial",
		"stdio", "-no-reboot", "-m", "256", "-smp", machine->vcpus,
		"-global", "virtio-mmio.force-legacy=false", "-device",
		"isa-debug-exit,iobase=0xf4,iosize=4", "-kernel",
		machine->image, "-append", machine->append,
	};
	char *argv[40];
	unsigned count = 0;
	uint64_t ns;
	int status;

	while (words[count])
		count++;
	if (machine->disk[0]) {
		words[count++] = "-drive";
		words[count++] = machine->disk;
		words[count++] = "-device";
		words[count++] = "virtio-blk-device,drive=d0,serial=disk0";
	}
	memcpy(argv, words, sizeof(argv));
	if (hv_child_run(argv, output, &status, &ns, err) < 0)
		return -1;
	drop_returns(output->out);
	return check_end(output, status, err);
}

int hv_qemu_run(const struct hv_survey *survey,
		const struct hv_technique *technique,
		const struct hv_call *call, struct hv_answer *ret_answer,
		struct hv_error *err)
{
	struct machine machine;

	ret_answer->output = (struct hv_output){ .out = "" };
	if (machine_init(&machine, survey, technique, call->program, err) < 0)
		return -1;
	put_words(&machine, call);
	hv_child_timeout(call->seconds);
	return run(&machine, &ret_answer->output, err);
}
