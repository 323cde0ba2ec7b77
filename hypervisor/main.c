/* SPDX-License-Identifier: MIT
 *
 * paravane: picks the subcommand.
 */
#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "status.h"
#include "version.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", hv_cmd_run, "run a guest" },
	{ "inspect", hv_cmd_inspect, "show what a guest image asks for" },
	{ "walk", hv_cmd_walk, "show where a guest's address leads, from a dump" },
	{ "doctor", hv_cmd_doctor,
	  "tell what this host offers, and what follows" },
	{ "bench", hv_cmd_bench,
	  "measure this hypervisor against the host beneath it" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *out, int status)
{
	fputs("Usage: paravane COMMAND [OPTION...]\n\n"
	      "A paravirtualizing hypervisor for Linux/KVM.\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name,
			commands[i].summary);
	fputs("\n`paravane COMMAND --help` tells the options of each, `paravane --version` the version.\n",
	      out);
	return status;
}

/* Else the next file to be opened, a disk perhaps, would be stdout. A descriptor
 * that was closed stays useless: stdin cannot be read nor the others written. */
static void occupy_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	static char name[64];

	occupy_standard_descriptors();
	argp_err_exit_status = HV_STATUS_USAGE;
	if (argc < 2) {
		usage(stderr, 0);
		return HV_STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return usage(stdout, 0);
	if (!strcmp(argv[1], "--version")) {
		puts("paravane " HV_VERSION);
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "paravane %s", commands[i].name);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "paravane: there is no command %s: `paravane --help` lists them\n",
		argv[1]);
	return HV_STATUS_USAGE;
}
