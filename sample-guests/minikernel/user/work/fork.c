/* SPDX-License-Identifier: MIT
 *
 * Children, one after the other: each begins as a copy, becomes another program (this
 * one, in another role), and ends. What it computed is its status.
 */
#include "work.h"

int fork_leave(long number)
{
	uint64_t state = (uint64_t)number;

	return (int)(random_next(&state) % 100);
}

uint64_t work_fork(long times)
{
	uint64_t digest = 0;

	work_starts();
	for (long i = 1; i <= times; i++) {
		int pid = fork(), status = -1;

		if (pid == 0)
			work_become("fork-leave", i);
		if (pid < 0 || wait(pid, &status) != pid)
			fail("work: child %d is missing", i);
		digest = digest_add(digest, (uint64_t)status);
	}
	work_stops();
	return digest;
}
