/* SPDX-License-Identifier: MIT
 *
 * See child.h. Signal handlers kill the child, and those that it made, which would
 * keep its pipes open: each is a process group. The code below only ever waits for it.
 * So a timeout costs one setitimer per child and nothing in between, which matters
 * where spawn to exit is what is measured.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../clock.h"

static unsigned timeout_seconds = 30;

static volatile pid_t child;
static volatile sig_atomic_t ended_by, timed_out;

static void on_signal(int number)
{
	if (number == SIGALRM)
		timed_out = 1;
	else
		ended_by = number;
	if (child > 0)
		kill(-child, SIGKILL);
}

static sigset_t handled_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGALRM);
	return set;
}

void hv_child_init(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	action.sa_mask = handled_signals();
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

void hv_child_timeout(unsigned seconds)
{
	timeout_seconds = seconds;
}

int hv_child_signal(void)
{
	return ended_by;
}

static void set_timeout(unsigned seconds)
{
	struct itimerval timer = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* What the child's streams lead to, and where this process reads them. */
struct streams {
	int null;
	int out_read, out_write; /* -1 if nobody wants to know */
	int err_read, err_write;
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_write_ends(struct streams *streams)
{
	close_one(&streams->out_write);
	close_one(&streams->err_write);
}

static void streams_done(struct streams *streams)
{
	close_write_ends(streams);
	close_one(&streams->out_read);
	close_one(&streams->err_read);
	close_one(&streams->null);
}

static bool pipe_open(int *ret_read, int *ret_write)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC) < 0)
		return false;
	*ret_read = end[0];
	*ret_write = end[1];
	return true;
}

static int streams_open(struct streams *streams, bool wanted,
			struct hv_error *err)
{
	*streams = (struct streams){ -1, -1, -1, -1, -1 };
	streams->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (streams->null >= 0 &&
	    (!wanted || (pipe_open(&streams->out_read, &streams->out_write) &&
			 pipe_open(&streams->err_read, &streams->err_write))))
		return 0;
	hv_fail(err, HV_STATUS_FAILED, "cannot make a pipe to a child: %s",
		strerror(errno));
	streams_done(streams);
	return -1;
}

static int child_out(const struct streams *streams)
{
	return streams->out_write >= 0 ? streams->out_write : streams->null;
}

static int child_err(const struct streams *streams)
{
	return streams->err_write >= 0 ? streams->err_write : streams->null;
}

/* posix_spawn is a vfork on Linux: its cost does not grow with our memory. */
static int spawn(pid_t *ret_pid, char *const argv[],
		 const struct streams *streams)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, streams->null, 0);
	posix_spawn_file_actions_adddup2(&actions, child_out(streams), 1);
	posix_spawn_file_actions_adddup2(&actions, child_err(streams), 2);
	rc = posix_spawn(ret_pid, argv[0], &actions, &attributes, argv,
			 environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -rc;
}

/* What a guest says ends on terminals and in reports. */
static void make_printable(char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' &&
		    text[i] != '\r')
			text[i] = '?';
}

/* Keep the beginning, read the rest too: a writer must not stay blocked. */
static void read_text(int fd, char *text, size_t bytes)
{
	char dropped[512];
	size_t have = 0;

	for (;;) {
		bool room = have < bytes - 1;
		ssize_t got = room ? read(fd, text + have, bytes - 1 - have) :
				     read(fd, dropped, sizeof(dropped));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (room)
			have += (size_t)got;
	}
	make_printable(text, have);
	text[have] = '\0';
}

/* Standard error comes second: a child that fills that pipe before it ends
 * its standard output would hang until its timeout. Ours never do. */
static void read_streams(struct streams *streams, struct hv_output *output)
{
	close_write_ends(streams);
	read_text(streams->out_read, output->out, sizeof(output->out));
	read_text(streams->err_read, output->err, sizeof(output->err));
}

static int reap(void)
{
	int status;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	child = 0;
	return status;
}

/* Whether one of our signals, rather than the child, ended it. */
static int check_signals(struct hv_error *err)
{
	if (ended_by)
		return hv_fail(err, HV_STATUS_SIGNAL + ended_by,
			       "interrupted by signal %d", (int)ended_by);
	if (timed_out)
		return hv_fail(
			err, HV_STATUS_FAILED,
			"the run was stopped: it took more than %u seconds",
			timeout_seconds);
	return 0;
}

/* Between the child's start and the moment the handler knows it, no signal may
 * come. */
static void signals_hold(sigset_t *ret_before)
{
	sigset_t set = handled_signals();

	sigprocmask(SIG_BLOCK, &set, ret_before);
}

static void signals_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

static int run_to_end(char *const argv[], struct streams *streams,
		      struct hv_output *output, int *ret_status,
		      struct hv_error *err)
{
	sigset_t before;
	pid_t pid = 0;
	int rc;

	signals_hold(&before);
	rc = spawn(&pid, argv, streams);
	child = pid;
	signals_release(&before);
	if (rc < 0) {
		child = 0;
		return hv_fail(err, HV_STATUS_FAILED, "cannot run %s: %s",
			       argv[0], strerror(-rc));
	}
	if (output)
		read_streams(streams, output);
	*ret_status = reap();
	return 0;
}

int hv_child_run(char *const argv[], struct hv_output *ret_output,
		 int *ret_status, uint64_t *ret_ns, struct hv_error *err)
{
	struct streams streams;
	uint64_t start_ns;
	int rc;

	timed_out = 0;
	if (check_signals(err) < 0 ||
	    streams_open(&streams, ret_output != NULL, err) < 0)
		return -1;
	set_timeout(timeout_seconds);
	start_ns = hv_host_ns();
	rc = run_to_end(argv, &streams, ret_output, ret_status, err);
	*ret_ns = hv_host_ns() - start_ns;
	set_timeout(0);
	streams_done(&streams);
	return rc < 0 ? rc : check_signals(err);
}

/* The forked child's whole life. */
__attribute__((noreturn)) static void call(int (*function)(void *), void *arg,
					   const struct streams *streams)
{
	sigset_t none;
	int rc;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(streams->out_write, 1);
	dup2(streams->err_write, 2);
	rc = function(arg);
	fflush(stdout);
	_exit(rc ? 1 : 0);
}

static int call_to_end(int (*function)(void *), void *arg,
		       struct streams *streams, struct hv_output *output,
		       struct hv_error *err)
{
	sigset_t before;
	pid_t pid;
	int status;

	fflush(stdout);
	signals_hold(&before);
	pid = fork();
	if (pid == 0)
		call(function, arg, streams);
	if (pid > 0)
		setpgid(pid, pid); /* whoever of the two is first */
	child = pid;
	signals_release(&before);
	if (pid < 0)
		return hv_fail(err, HV_STATUS_FAILED, "cannot fork: %s",
			       strerror(errno));
	read_streams(streams, output);
	status = reap();
	if (check_signals(err) < 0)
		return -1;
	if (status && output->err[0])
		return hv_fail(err, HV_STATUS_FAILED, "%.*s",
			       (int)strcspn(output->err, "\n"), output->err);
	if (status)
		return hv_fail(err, HV_STATUS_FAILED,
			       "the native side failed with wait status %#x",
			       (unsigned)status);
	return 0;
}

int hv_child_call(int (*function)(void *arg), void *arg,
		  struct hv_output *ret_output, struct hv_error *err)
{
	struct streams streams;
	int rc;

	timed_out = 0;
	if (check_signals(err) < 0 ||
	    streams_open(&streams, true, err) < 0)
		return -1;
	set_timeout(timeout_seconds);
	rc = call_to_end(function, arg, &streams, ret_output, err);
	set_timeout(0);
	streams_done(&streams);
	return rc;
}
