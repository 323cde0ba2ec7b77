/* SPDX-License-Identifier: MIT
 *
 * bomb MILLISECONDS: processes that do nothing but fork. They are a group; after a
 * while all of it is killed.
 */
#include "lib.h"

__attribute__((noreturn)) static void explode(void)
{
	group();
	for (;;)
		if (fork() < 0)
			yield();
}

int main(int argc, char **argv)
{
	long ms = argc > 1 ? number(argv[1]) : -1;
	int pid, status;

	if (ms < 0)
		fail("usage: bomb MILLISECONDS");
	pid = fork();
	if (pid == 0)
		explode();
	if (pid < 0)
		fail("bomb: it does not even begin");
	sleep_ms((unsigned)ms);
	while (kill(-pid) < 0)
		sleep_ms(1); /* it is not a group yet */
	if (wait(pid, &status) != pid || status != DIED_KILLED)
		fail("bomb: it goes on");
	print("bomb: it is over\n");
	return 0;
}
