/* SPDX-License-Identifier: MIT
 *
 * See guest.h.
 */
#include "guest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

/* From the program's own folder: in a build tree, then installed. */
static const char *const folders[] = {
	"../tests/bench",
	"../sample-guests",
	"../sample-guests/minikernel",
	"../libexec/paravane",
};

static int program_folder(char folder[PATH_MAX])
{
	ssize_t len = readlink(SELF, folder, PATH_MAX - 1);
	char *slash;

	if (len < 0)
		return -errno;
	folder[len] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

static bool exists_in(const char *folder, const char *sub, const char *name,
		      char ret_path[PATH_MAX])
{
	int len = snprintf(ret_path, PATH_MAX, "%s/%s/%s", folder, sub, name);

	return len < PATH_MAX && access(ret_path, R_OK) == 0;
}

int hv_guest_find(const char *guests_dir, const char *name,
		  char ret_path[PATH_MAX], struct hv_error *err)
{
	char own[PATH_MAX] = ".";

	if (guests_dir) {
		if (exists_in(guests_dir, ".", name, ret_path))
			return 0;
		return hv_fail(
			err, HV_STATUS_FAILED,
			"%s is not in %s: name the folder with the bench "
			"guests with --guests",
			name, guests_dir);
	}
	program_folder(own);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (exists_in(own, folders[i], name, ret_path))
			return 0;
	return hv_fail(
		err, HV_STATUS_FAILED,
		"%s was not found beside the program in %.200s: build it, "
		"or name its folder with --guests",
		name, own);
}

int hv_guest_call_init(struct hv_guest_call *call, const char *guests_dir,
		       const char *name, struct hv_error *err)
{
	*call = (struct hv_guest_call){ 0 };
	return hv_guest_find(guests_dir, name, call->path, err);
}

bool hv_option_path(char *to, size_t bytes, const char *path)
{
	size_t at = 0;

	for (; *path && at + 2 < bytes; path++) {
		if (*path == ',')
			to[at++] = ',';
		to[at++] = *path;
	}
	to[at] = '\0';
	return !*path;
}

int hv_guest_block(struct hv_guest_call *call, const char *path,
		   const char *options, struct hv_error *err)
{
	if (!hv_option_path(call->block, sizeof(call->block) - strlen(options),
			    path))
		return hv_fail(err, HV_STATUS_FAILED, "%.300s: too long a path",
			       path);
	strcat(call->block, options);
	return 0;
}

void hv_guest_arg_text(struct hv_guest_call *call, const char *text)
{
	assert(call->args < HV_GUEST_ARGS_MAX);
	snprintf(call->arg[call->args++], sizeof(call->arg[0]), "%s", text);
}

void hv_guest_arg_number(struct hv_guest_call *call, uint64_t number)
{
	assert(call->args < HV_GUEST_ARGS_MAX);
	snprintf(call->arg[call->args++], sizeof(call->arg[0]), "%" PRIu64,
		 number);
}

/* The command line of a call; its strings live in the call or here. */
struct command {
	char stats[48];
	char vcpus[24];
	const char *word[14 + HV_GUEST_ARGS_MAX];
	unsigned words;
};

static void add(struct command *command, const char *word)
{
	command->word[command->words++] = word;
}

static void command_make(struct command *command,
			 const struct hv_guest_call *call, int stats_fd)
{
	*command = (struct command){ 0 };
	add(command, SELF);
	add(command, "run");
	if (stats_fd >= 0) {
		snprintf(command->stats, sizeof(command->stats),
			 "--stats=/proc/%d/fd/%d", getpid(), stats_fd);
		add(command, command->stats);
	}
	if (call->engine) {
		add(command, "--engine");
		add(command, call->engine);
	}
	if (call->block[0]) {
		add(command, "--block");
		add(command, call->block);
	}
	if (call->net[0]) {
		add(command, "--net");
		add(command, call->net);
	}
	if (call->vcpus) {
		snprintf(command->vcpus, sizeof(command->vcpus), "--vcpus=%u",
			 call->vcpus);
		add(command, command->vcpus);
	}
	add(command, call->path);
	add(command, "--");
	for (unsigned i = 0; i < call->args; i++)
		add(command, call->arg[i]);
}

/* execve takes its words as char * for historical reasons only. */
static int command_run(struct command *command, struct hv_output *output,
		       int *ret_status, uint64_t *ret_ns, struct hv_error *err)
{
	char *argv[sizeof(command->word) / sizeof(*command->word) + 1] = { 0 };

	memcpy(argv, command->word, sizeof(command->word));
	return hv_child_run(argv, output, ret_status, ret_ns, err);
}

/* The program's own words, without its name and the end of the line. */
static int fail_as_child(const struct hv_guest_call *call, int status,
			 const struct hv_output *output, struct hv_error *err)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : HV_STATUS_FAILED;
	const char *text = "";
	int len = 0;

	if (output)
		hv_output_reason(output, &text, &len);
	if (strncmp(text, "paravane: ", 10) == 0) {
		text += 10;
		len -= 10;
	}
	if (len == 0)
		return hv_fail(err, HV_STATUS_FAILED,
			       "%.300s ended with wait status %#x", call->path,
			       (unsigned)status);
	return hv_fail(err, code == HV_STATUS_HOST ? code : HV_STATUS_FAILED,
		       "%.*s", len, text);
}

static int run_with_stats(const struct hv_guest_call *call, int stats_fd,
			  struct hv_guest_answer *ret_answer,
			  struct hv_error *err)
{
	struct command command;
	uint64_t ns;
	ssize_t len;
	int status;

	ret_answer->output = (struct hv_output){ 0 };
	command_make(&command, call, stats_fd);
	if (command_run(&command, &ret_answer->output, &status, &ns, err) < 0)
		return -1;
	if (status)
		return fail_as_child(call, status, &ret_answer->output, err);
	len = pread(stats_fd, ret_answer->stats, sizeof(ret_answer->stats) - 1,
		    0);
	ret_answer->stats[len > 0 ? len : 0] = '\0';
	return 0;
}

int hv_guest_run(const struct hv_guest_call *call,
		 struct hv_guest_answer *ret_answer, struct hv_error *err)
{
	int stats_fd = memfd_create("paravane-stats", MFD_CLOEXEC);
	int rc;

	if (stats_fd < 0)
		return hv_fail(err, HV_STATUS_FAILED,
			       "cannot make a file for the guest's statistics: "
			       "%s",
			       strerror(errno));
	rc = run_with_stats(call, stats_fd, ret_answer, err);
	close(stats_fd);
	return rc;
}

int hv_guest_time(const struct hv_guest_call *call, uint64_t *ret_ns,
		  struct hv_error *err)
{
	struct command command;
	int status;

	command_make(&command, call, -1);
	if (command_run(&command, NULL, &status, ret_ns, err) < 0)
		return -1;
	if (status)
		return fail_as_child(call, status, NULL, err);
	return 0;
}

int hv_guest_number(const struct hv_guest_answer *answer, const char *key,
		    double *ret_number, struct hv_error *err)
{
	if (hv_output_number(&answer->output, key, ret_number))
		return 0;
	return hv_fail(err, HV_STATUS_FAILED,
		       "the guest printed no figure \"%s\": it and the program "
		       "are of different versions",
		       key);
}

static double json_sum(struct json_object *value)
{
	double sum = 0;

	if (!json_object_is_type(value, json_type_object))
		return json_object_get_double(value);
	json_object_object_foreach(value, key, member) {
		(void)key;
		sum += json_object_get_double(member);
	}
	return sum;
}

int hv_guest_stat(const struct hv_guest_answer *answer, const char *pointer,
		  double *ret_number, struct hv_error *err)
{
	struct json_object *stats = json_tokener_parse(answer->stats);
	struct json_object *value;
	int rc = json_pointer_get(stats, pointer, &value);

	if (rc == 0)
		*ret_number = json_sum(value);
	json_object_put(stats);
	if (rc)
		return hv_fail(err, HV_STATUS_FAILED,
			       "--stats of the guest's run has no %s", pointer);
	return 0;
}

int hv_guest_exits(const struct hv_guest_answer *answer, const char *doorbells,
		   double *ret_exits, struct hv_error *err)
{
	double exits, by_exit, rung;

	if (hv_guest_stat(answer, "/exits", &exits, err) < 0 ||
	    hv_guest_stat(answer, "/exits/doorbell", &by_exit, err) < 0 ||
	    hv_guest_stat(answer, doorbells, &rung, err) < 0)
		return -1;
	*ret_exits = exits - by_exit + rung;
	return 0;
}

/* All exits of the run, its few at the beginning and the end included. */
static int exits_each(const struct hv_guest_answer *answer, const char *key,
		      double *ret_exits, struct hv_error *err)
{
	char word[HV_OUTPUT_WORD_BYTES];
	double exits, times;

	if (hv_guest_stat(answer, "/exits", &exits, err) < 0)
		return -1;
	times = hv_output_word(&answer->output, key, 1, word)
			? strtod(word, NULL) : 0;
	if (times <= 0)
		return hv_fail(err, HV_STATUS_FAILED,
			       "the guest did not say how often it did \"%s\"",
			       key);
	*ret_exits = exits / times;
	return 0;
}

int hv_guest_measure(void *guest_side, double *ret_figures,
		     struct hv_error *err)
{
	const struct hv_guest_side *side = guest_side;
	struct hv_guest_answer answer;
	unsigned i;

	if (hv_guest_run(&side->call, &answer, err) < 0)
		return -1;
	for (i = 0; i < HV_BENCH_FIGURES_MAX && side->key[i]; i++)
		if (hv_guest_number(&answer, side->key[i], &ret_figures[i],
				    err) < 0)
			return -1;
	if (!side->counts)
		return 0;
	return exits_each(&answer, side->key[0], &ret_figures[i], err);
}
