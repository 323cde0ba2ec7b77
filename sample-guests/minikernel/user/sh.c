/* SPDX-License-Identifier: MIT
 *
 * The shell, which is process 1: sh [SCRIPT]. Without a script it reads the console.
 *
 *	PROGRAM [ARG...] [| PROGRAM [ARG...]]... [&]
 *	! ...		it is right that this fails
 *	wait [PID]	for all in the background, or one, whose status it takes
 *	exit [STATUS]
 *	help		what there is
 *	# ...		a comment
 *
 * $? is the last status, $! the last process in the background. A command that fails
 * is told of and does not end the script; but then the shell's own status is 1. There
 * is no redirection: files are read-only, and pipes lead from one program to another.
 */
#include "lib.h"

#define WORDS 32
#define PIECES 8
#define JOBS 16
#define NOT_FOUND 127
#define BAD_LINE 2

static const char *script = "sh";
static unsigned line_number;
static bool failed;
static int last_status;
static long last_job;

/* In the background, and its status if it has ended. */
static struct {
	int pid, status;
	bool ended;
} jobs[JOBS];

__attribute__((noreturn)) static void bad_line(const char *what)
{
	print_to(2, "%s:%d: %s\n", script, (long)line_number, what);
	exit(BAD_LINE);
}

/* Words, as pointers into the line; $? and $! become numbers. */

static char *expand(char *word)
{
	static char numbers[WORDS][24];
	static unsigned next;
	char *digits;
	long n;

	if (strcmp(word, "$?") == 0)
		n = last_status;
	else if (strcmp(word, "$!") == 0)
		n = last_job;
	else
		return word;
	digits = &numbers[next++ % WORDS][23];
	*digits = '\0';
	do {
		*--digits = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return digits;
}

static unsigned split(char *line, char **words)
{
	unsigned count = 0;

	for (;;) {
		while (*line == ' ' || *line == '\t' || *line == '\r')
			*line++ = '\0';
		if (!*line || *line == '#')
			break;
		if (count == WORDS)
			bad_line("too many words");
		words[count++] = line;
		while (*line && *line != ' ' && *line != '\t' && *line != '\r')
			line++;
	}
	*line = '\0';
	for (unsigned i = 0; i < count; i++)
		words[i] = expand(words[i]);
	return count;
}

/* Waiting. Whatever ends is reaped: orphans come to process 1. */

static void note_end(int pid, int status)
{
	for (int i = 0; i < JOBS; i++)
		if (jobs[i].pid == pid) {
			jobs[i].status = status;
			jobs[i].ended = true;
		}
}

static void job_add(int pid)
{
	last_job = pid;
	for (int i = 0; i < JOBS; i++)
		if (jobs[i].pid == 0) {
			jobs[i].pid = pid;
			jobs[i].ended = false;
			return;
		}
	bad_line("too many in the background: wait");
}

static int wait_for_job(int i)
{
	int pid, status;

	while (!jobs[i].ended && (pid = wait(-1, &status)) > 0)
		note_end(pid, status);
	jobs[i].pid = 0;
	return jobs[i].status;
}

static int do_wait(unsigned words, char **word)
{
	long pid = words > 1 ? number(word[1]) : 0;
	int status = 0;
	bool any = words == 1;

	for (int i = 0; i < JOBS; i++)
		if (jobs[i].pid && (words == 1 || jobs[i].pid == pid)) {
			status = wait_for_job(i);
			any = true;
		}
	if (!any)
		bad_line("no such process in the background");
	return words > 1 ? status : 0;
}

/* Running. */

__attribute__((noreturn)) static void become(char **word, int in, int out)
{
	dup(in, 0);
	dup(out, 1);
	for (int fd = 3; fd < FILES_MAX; fd++)
		close(fd);
	if (exec(word[0], word) == -E_NAME)
		print_to(2, "%s:%d: there is no %s\n", script,
			 (long)line_number, word[0]);
	else
		print_to(2, "%s:%d: %s cannot be run\n", script,
			 (long)line_number, word[0]);
	exit(NOT_FOUND);
}

/* The last one's number; all of them read what the one before writes. */
static int start(char **word, unsigned words, int *ret_pids)
{
	unsigned first = 0;
	int pid = -1, in = 0, count = 0;

	for (unsigned i = 0; i <= words; i++) {
		int ends[2] = { 0, 1 };
		bool last = i == words;

		if (!last && strcmp(word[i], "|") != 0)
			continue;
		if (i == first)
			bad_line("a command is missing");
		if (count == PIECES)
			bad_line("too many pipes");
		if (!last && pipe(ends) < 0)
			bad_line("there is no pipe");
		word[i] = NULL;
		pid = fork();
		if (pid == 0)
			become(&word[first], in, ends[1]);
		if (pid < 0)
			bad_line("there is no room for a process");
		ret_pids[count++] = pid;
		if (in > 0)
			close(in);
		if (!last)
			close(ends[1]);
		in = ends[0];
		first = i + 1;
	}
	return count;
}

static int wait_for(int *pids, int count)
{
	int left = count, last = 0, pid, status;

	while (left > 0 && (pid = wait(-1, &status)) > 0) {
		note_end(pid, status);
		for (int i = 0; i < count; i++)
			left -= pids[i] == pid;
		if (pid == pids[count - 1])
			last = status;
	}
	return last;
}

static int run(char **word, unsigned words)
{
	bool background = strcmp(word[words - 1], "&") == 0;
	int pids[PIECES], count;

	if (background)
		words--;
	for (unsigned i = 0; i < words; i++)
		if (strcmp(word[i], "&") == 0)
			bad_line("& is not at the end");
	if (words == 0)
		bad_line("a command is missing");
	count = start(word, words, pids);
	if (!background)
		return wait_for(pids, count);
	job_add(pids[count - 1]);
	return 0;
}

static const char help[] =
	"PROGRAM [ARG...] [| PROGRAM [ARG...]]... [&]   run it, in the background with &\n"
	"! ...           it is right that this fails\n"
	"wait [PID]      for all in the background, or for one\n"
	"exit [STATUS]   end, and the kernel with it\n"
	"help            this\n"
	"$? is the last status, $! the last process in the background. There is no\n"
	"redirection (< and >) and no quoting: use pipes, such as `seq 10 | sum 55`.\n"
	"Programs:\n"
	"  echo WORD...   cat [FILE]...   seq LAST   sum [RIGHT]   sleep MILLISECONDS\n"
	"  kill PID...   sh [SCRIPT]   forks COUNT [AT-ONCE]   bomb MILLISECONDS\n"
	"  cow   demand   hog   spin   attack   work NAME TIMES\n";

static void command(char **word, unsigned words)
{
	bool wrong = strcmp(word[0], "!") == 0;

	if (wrong) {
		word++;
		words--;
	}
	if (words == 0)
		bad_line("a command is missing");
	if (strcmp(word[0], "wait") == 0)
		last_status = do_wait(words, word);
	else if (strcmp(word[0], "exit") == 0)
		exit(words > 1 ? (int)number(word[1]) : failed);
	else if (strcmp(word[0], "help") == 0)
		last_status = write_all(1, help, sizeof(help) - 1) <
			      sizeof(help) - 1;
	else
		last_status = run(word, words);
	if ((last_status != 0) == wrong)
		return;
	failed = true;
	if (last_status == NOT_FOUND)
		return; /* which has been told */
	print_to(2, "%s:%d: %s ended with status %d\n", script,
		 (long)line_number, word[0], (long)last_status);
}

int main(int argc, char **argv)
{
	char *words[WORDS + 1];
	static char line[512];
	int fd = 0;

	if (argc > 1) {
		script = argv[1];
		fd = open(script);
	}
	if (fd < 0)
		fail("sh: there is no %s", script);
	for (;;) {
		unsigned count;

		if (argc == 1)
			print("$ ");
		if (!read_line(fd, line, sizeof(line)))
			break;
		line_number++;
		count = split(line, words);
		if (count > 0)
			command(words, count);
	}
	return failed;
}
