/* SPDX-License-Identifier: MIT
 *
 * A question and an answer of 8 bytes each, by two pipes, and the next question is
 * made of the answer: nobody can do anything but wait for the other.
 */
#include "work.h"

__attribute__((noreturn)) static void answer(int from, int to)
{
	uint64_t word;

	while (read_all(from, &word, sizeof(word)) == sizeof(word)) {
		random_next(&word);
		if (write_all(to, &word, sizeof(word)) != sizeof(word))
			break;
	}
	exit(0);
}

uint64_t work_pipe(long times)
{
	uint64_t digest = 0, word = RANDOM_SEED;
	int question[2], answers[2], pid, status = -1;

	if (pipe(question) < 0 || pipe(answers) < 0)
		fail("work: there is no pipe");
	pid = fork();
	if (pid < 0)
		fail("work: there is no room for a process");
	if (pid == 0) {
		close(question[1]);
		close(answers[0]);
		answer(question[0], answers[1]);
	}
	close(question[0]);
	close(answers[1]);
	work_starts();
	for (long i = 0; i < times; i++) {
		if (write_all(question[1], &word, sizeof(word)) !=
			    sizeof(word) ||
		    read_all(answers[0], &word, sizeof(word)) != sizeof(word))
			fail("work: nobody answers");
		digest = digest_add(digest, word);
		word += (uint64_t)i;
		word |= word == 0; /* there is nothing random about 0 */
	}
	work_stops();
	close(question[1]);
	if (wait(pid, &status) != pid || status != 0)
		fail("work: who answers ended with status %d", (long)status);
	return digest;
}
