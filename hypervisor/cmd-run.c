/* SPDX-License-Identifier: MIT
 *
 * paravane run: the command line, and the words at the end.
 */
#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "crash.h"
#include "dump.h"
#include "machine.h"
#include "native/native.h"
#include "parse.h"
#include "run.h"
#include "snapshot.h"
#include "stats.h"

enum { KEY_STATS = 0x100, KEY_POISON, KEY_TIMEOUT, KEY_ENGINE, KEY_VCPUS,
       KEY_HOST_EVENTS, KEY_DUMP };

struct run_command {
	struct hv_machine_options machine;
	uint64_t timeout_ns;
	bool stats;
	const char *stats_path; /* NULL: stderr */
	const char *dump_path;  /* NULL: none */
};

static const struct argp_option option_list[] = {
	{ "mem", 'm', "SIZE", 0,
	  "Guest RAM, in bytes or with K, M, G (default 64M, from 2M to 256G). It is sparse: only what the guest touches costs host memory", 0 },
	{ "block", 'b', "PATH[,ro][,direct][,id=NAME]", 0,
	  "Give the guest the file or block device PATH as a disk; ro: read-only, direct: past the host's page cache, id: its name in the guest (default disk0, disk1, ...). A comma in PATH is written twice. Up to 16 times", 0 },
	{ "net", 'n', "KIND=WHAT[,mac=ADDRESS][,mtu=BYTES][,id=NAME]", 0,
	  "Give the guest a network, whose frames go to tap=NAME, an interface of the host's; fd=NUMBER, an inherited TAP or connected socket; dgram=PATH,peer=PATH, from a UNIX datagram socket made at one path to that at the other, so that two guests can be wired together; or stream=PATH, a UNIX stream socket that passt listens at. mac: the guest's address (default random), mtu: payload of a frame (default the interface's, or 1500), id: its name in the guest (default net0, net1, ...). Up to 8 times", 0 },
	{ "vcpus", KEY_VCPUS, "NUMBER", 0,
	  "How many vCPUs the guest has, from 1 to 64 (default 1); more than the host's CPUs share them", 0 },
	{ "host-events", KEY_HOST_EVENTS, "FIFO", 0,
	  "Whatever is written to this named pipe (mkfifo) makes port 2 of vCPU 0 pending: a way for scripts to get the guest's attention", 0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0,
	  "Stop the guest after so long, with status 124", 0 },
	{ "engine", KEY_ENGINE, "NAME", 0,
	  "What executes the guest: kvm, for paravirtual guests; native, for bare-metal kernels at ring 0; or auto, the one that GUEST is made for (default auto)", 0 },
	{ "stats", KEY_STATS, "FILE", OPTION_ARG_OPTIONAL,
	  "At the end write what it took, as JSON, to FILE or stderr", 0 },
	{ "dump", KEY_DUMP, "FILE", 0,
	  "At the end, whatever it is, write the guest's state to FILE, for `paravane walk`, gdb and readelf; on SIGUSR2 too, and let it run on. Without this SIGUSR2 does nothing", 0 },
	{ "poison", KEY_POISON, NULL, 0,
	  "Destroy the registers that operations may destroy, to find guests that rely on them", 0 },
	{ 0 }
};

static const char args_text[] = "GUEST [-- ARG...]";
static const char doc_text[] =
	"Run GUEST, a static ELF image with a PVABI note. What follows -- is its argc and argv. "
	"Or, on emulated hardware, a bare-metal kernel: a static ELF image with a PVH note. What follows -- is its command line, where words with blanks are in double quotes."
	"\vExit status: the guest's own, 0 to 119; or 120 wrong command line, 121 bad image, "
	"122 the host lacks something, 123 the guest was stopped for a fault, 124 timed out, "
	"125 a host call failed, 126 a disk or network cannot be used, 128+N ended by signal N.";

static void parse_mem(struct argp_state *state, struct run_command *run,
		      const char *text)
{
	uint64_t bytes;
	int status = hv_parse_size(text, &bytes);

	if (status == -EINVAL)
		argp_error(state, "--mem %s is not a size: give a number of bytes, or one with K, M or G, such as 64M",
			   text);
	else if (status < 0 || bytes < HV_RAM_MIN_BYTES || bytes > HV_RAM_MAX_BYTES)
		argp_error(state, "--mem %s is out of range: give from 2M to 256G",
			   text);
	else
		run->machine.ram_bytes = bytes & ~(uint64_t)(PV_PAGE_BYTES - 1);
}

/* A guest tells its devices apart by their names. */
static void check_name(struct argp_state *state,
		       const struct hv_machine_options *m, const char *id)
{
	const char *what = NULL;

	for (unsigned i = 0; i < m->disks; i++)
		if (!strcmp(id, m->disk[i].id))
			what = "--block PATH,id=NAME";
	for (unsigned i = 0; i < m->nets; i++)
		if (!strcmp(id, m->net[i].id))
			what = "--net ...,id=NAME";
	if (what)
		argp_error(state, "two devices are called %s: give them different names with %s",
			   id, what);
}

/* Disks that are not named are disk0, disk1, ... by position. */
static void name_disk(struct argp_state *state, struct hv_machine_options *m)
{
	struct hv_disk_spec *spec = &m->disk[m->disks];

	if (!spec->id[0])
		snprintf(spec->id, sizeof(spec->id), "disk%u", m->disks);
	check_name(state, m, spec->id);
}

static void parse_disk(struct argp_state *state, struct run_command *run,
		       char *text)
{
	struct hv_machine_options *m = &run->machine;
	struct hv_error err = { .text = "" };

	if (m->disks == HV_BLOCK_DEVICES_MAX)
		argp_error(state, "more than %d disks: a guest can have no more",
			   HV_BLOCK_DEVICES_MAX);
	else if (hv_disk_parse(text, &m->disk[m->disks], &err) < 0)
		argp_error(state, "%s", err.text);
	name_disk(state, m);
	m->disks++;
}

static void parse_net(struct argp_state *state, struct run_command *run,
		      char *text)
{
	struct hv_machine_options *m = &run->machine;
	struct hv_net_spec *spec = &m->net[m->nets];
	struct hv_error err = { .text = "" };

	if (m->nets == HV_NETS_MAX)
		argp_error(state, "more than %d networks: a guest can have no more",
			   HV_NETS_MAX);
	else if (hv_net_parse(text, spec, &err) < 0)
		argp_error(state, "%s", err.text);
	if (!spec->id[0])
		snprintf(spec->id, sizeof(spec->id), "net%u", m->nets);
	check_name(state, m, spec->id);
	m->nets++;
}

static void parse_timeout(struct argp_state *state, struct run_command *run,
			  const char *text)
{
	if (hv_parse_seconds(text, &run->timeout_ns) < 0)
		argp_error(state, "--timeout %s is not a time: give seconds above 0, such as 10 or 0.5",
			   text);
}

static void parse_vcpus(struct argp_state *state, struct run_command *run,
			const char *text)
{
	uint64_t vcpus;

	if (hv_parse_size(text, &vcpus) < 0 || vcpus < 1 ||
	    vcpus > PV_VCPUS_MAX)
		argp_error(state, "--vcpus %s is not a number of vCPUs: give 1 to %d",
			   text, PV_VCPUS_MAX);
	else
		run->machine.vcpus = (unsigned)vcpus;
}

static void parse_engine(struct argp_state *state, struct run_command *run,
			 const char *text)
{
	if (!strcmp(text, "kvm"))
		run->machine.engine = &hv_engine_kvm;
	else if (!strcmp(text, "native"))
		run->machine.engine = &hv_engine_native;
	else if (!strcmp(text, "auto"))
		run->machine.engine = NULL;
	else
		argp_error(state, "there is no engine %s: give auto, kvm or native",
			   text);
}

static void parse_argument(struct argp_state *state, struct run_command *run,
			   char *text)
{
	struct hv_machine_options *m = &run->machine;

	if (!m->image_path) {
		m->image_path = text;
	} else if (!state->quoted || state->next <= state->quoted) {
		argp_error(state, "%s comes after the guest without -- before it: write `%s %s -- %s`",
			   text, state->name, m->image_path, text);
	}
	m->argv[m->argc++] = text;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct run_command *run = state->input;

	switch (key) {
	case 'm':
		parse_mem(state, run, text);
		return 0;
	case 'b':
		parse_disk(state, run, text);
		return 0;
	case 'n':
		parse_net(state, run, text);
		return 0;
	case KEY_TIMEOUT:
		parse_timeout(state, run, text);
		return 0;
	case KEY_HOST_EVENTS:
		run->machine.host_events = text;
		run->machine.paravirtual_only = "--host-events";
		return 0;
	case KEY_VCPUS:
		parse_vcpus(state, run, text);
		return 0;
	case KEY_ENGINE:
		parse_engine(state, run, text);
		return 0;
	case KEY_STATS:
		run->stats = true;
		run->stats_path = text;
		return 0;
	case KEY_DUMP:
		run->dump_path = text;
		run->machine.paravirtual_only = "--dump";
		return 0;
	case KEY_POISON:
		run->machine.poison = true;
		run->machine.paravirtual_only = "--poison";
		return 0;
	case ARGP_KEY_ARG:
		parse_argument(state, run, text);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no guest given: name its ELF file");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int tell_exit(uint64_t status)
{
	if (status <= PV_EXIT_STATUS_MAX)
		return (int)status;
	fprintf(stderr,
		"paravane: the guest's exit status %lld is reported as %d: those above are Paravane's own\n",
		(long long)status, PV_EXIT_STATUS_MAX);
	return PV_EXIT_STATUS_MAX;
}

/* The sentence for how the VM ended, and its status. */
static int tell_end(const struct hv_vm *vm, const struct run_command *run,
		    bool dumped)
{
	enum hv_end end = (enum hv_end)atomic_load(&vm->ending);

	assert(end != HV_END_NOT);
	switch (end) {
	case HV_END_EXIT:
		return tell_exit(vm->end_detail);
	case HV_END_SIGNAL:
		return HV_STATUS_SIGNAL + (int)vm->end_detail;
	case HV_END_TIMEOUT:
		fprintf(stderr, "paravane: the guest was stopped: it ran for the whole --timeout of %g s\n",
			(double)run->timeout_ns / 1e9);
		return HV_STATUS_TIMEOUT;
	case HV_END_KILLED:
		fprintf(stderr, "paravane: guest stopped: %s\n", vm->reason);
		hv_crash_report(vm, dumped ? run->dump_path : NULL, stderr);
		return HV_STATUS_GUEST;
	case HV_END_FAILED:
	case HV_END_NOT:
		break;
	}
	fprintf(stderr, "paravane: %s\n", vm->reason);
	return HV_STATUS_FAILED;
}

/* Before the guest runs: a run is not to be lost for a typing error. */
static int open_stats(const struct run_command *run, FILE **ret_file,
		      struct hv_error *err)
{
	*ret_file = NULL;
	if (!run->stats)
		return 0;
	*ret_file = run->stats_path ? fopen(run->stats_path, "we") : stderr;
	if (!*ret_file)
		return hv_fail(err, HV_STATUS_USAGE,
			       "cannot write statistics to %s: %s",
			       run->stats_path, strerror(errno));
	return 0;
}

static int tell_failure(const struct hv_error *err)
{
	fprintf(stderr, "paravane: %s\n", err->text);
	return err->status;
}

static void tell_snapshot(const struct hv_dump_file *file,
			  const struct hv_error *err)
{
	if (err)
		tell_failure(err);
	else
		fprintf(stderr, "paravane: the guest's state is in %s\n",
			file->path);
}

static int start_snapshots(struct hv_vm *vm, const struct hv_dump_file *dump,
			   struct hv_error *err)
{
	int status = hv_snapshots_start(vm, dump, tell_snapshot);

	if (status < 0)
		return hv_fail(err, HV_STATUS_FAILED, "cannot start a thread: %s",
			       strerror(-status));
	return 0;
}

/* Who stopped it may want it; a fault's report has told already. */
static bool is_cut_short(const struct hv_vm *vm)
{
	enum hv_end end = (enum hv_end)atomic_load(&vm->ending);

	return end == HV_END_TIMEOUT || end == HV_END_SIGNAL;
}

/* Its last words, its state and what it took; NULL: not wanted. */
static int end(struct hv_vm *vm, const struct run_command *run,
	       const struct hv_dump_file *dump, FILE *stats)
{
	struct hv_error dump_err = { .text = "" }, err = { .text = "" };
	bool dumped = dump && hv_dump_write(vm, dump, &dump_err) == 0;
	int status = tell_end(vm, run, dumped);

	if (dump && !dumped)
		status = tell_failure(&dump_err);
	else if (dump && is_cut_short(vm))
		tell_snapshot(dump, NULL);
	if (stats && hv_stats_write(vm, stats, &err) < 0)
		status = tell_failure(&err);
	return status;
}

/* What works, but perhaps not as was meant. */
static void warn(const struct hv_vm *vm, const struct hv_machine_options *options)
{
	if (hv_native_warning(vm))
		fprintf(stderr, "paravane: %s\n", hv_native_warning(vm));
	if (options->nets && !vm->native && !(vm->features & PV_FEATURE_NET))
		fprintf(stderr,
			"paravane: %s does not ask for networks (PV_FEATURE_NET) and is not shown those of --net\n",
			options->image_path);
	for (unsigned i = 0; i < options->nets; i++)
		if (hv_net_is_down(&options->net[i]))
			fprintf(stderr,
				"paravane: network tap=%s: the interface is down and carries nothing yet; bring it up with `ip link set %s up`\n",
				options->net[i].what, options->net[i].what);
}

static int build_and_run(struct hv_vm *vm, const struct run_command *run,
			 const struct hv_dump_file *dump)
{
	struct hv_error err = { .text = "" };
	FILE *stats;

	if (open_stats(run, &stats, &err) < 0 ||
	    hv_machine_build(vm, &run->machine, &err) < 0 ||
	    (dump && start_snapshots(vm, dump, &err) < 0))
		return tell_failure(&err);
	warn(vm, &run->machine);
	hv_vm_run(vm, run->timeout_ns);
	hv_snapshots_stop();
	return end(vm, run, dump, stats);
}

static int run_with_dump(struct hv_vm *vm, const struct run_command *run)
{
	struct hv_error err = { .text = "" };
	struct hv_dump_file dump;
	int status;

	/* Until there is something to do for it. */
	signal(SIGUSR2, SIG_IGN);
	if (!run->dump_path)
		return build_and_run(vm, run, NULL);
	if (hv_dump_file_open(&dump, run->dump_path, &err) < 0)
		return tell_failure(&err);
	status = build_and_run(vm, run, &dump);
	hv_dump_file_done(&dump);
	return status;
}

int hv_cmd_run(int argc, char **argv)
{
	const struct argp argp = { option_list, parse, args_text, doc_text,
				   NULL, NULL, NULL };
	struct run_command run = {
		.machine = { .ram_bytes = HV_RAM_DEFAULT_BYTES, .vcpus = 1 },
	};
	static struct hv_vm vm; /* signal handlers look at it to the very end */
	int status;

	vm.stats.process_ns = hv_process_start_ns();
	run.machine.argv = calloc((size_t)argc + 1, sizeof(char *));
	if (!run.machine.argv) {
		fprintf(stderr, "paravane: out of memory\n");
		return HV_STATUS_FAILED;
	}
	argp_parse(&argp, argc, argv, 0, NULL, &run);
	status = run_with_dump(&vm, &run);
	hv_machine_free(&vm);
	free(run.machine.argv);
	return status;
}
