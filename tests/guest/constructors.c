/* SPDX-License-Identifier: MIT
 *
 * Do constructors run before main, in the order of their priorities, with a
 * console that works; and destructors after it?
 */
#include "tap.h"

static char order[8];

static void note(char c)
{
	order[strlen(order)] = c;
}

__attribute__((constructor(300))) static void third(void)
{
	note('3');
}

__attribute__((constructor(101))) static void first(void)
{
	note('1');
	pvg_puts("# a constructor may print");
}

__attribute__((constructor(200))) static void second(void)
{
	void *object = malloc(100);

	note(object ? '2' : 'x');
	free(object);
}

__attribute__((constructor)) static void last(void)
{
	note('4');
}

/* The plan comes last, so that a destructor that does not run is missed. */
__attribute__((destructor)) static void plan(void)
{
	tap_ok(true, "destructors run after main");
	pvg_op_exit((uint64_t)tap_done());
}

int main(void)
{
	tap_ok(strcmp(order, "1234") == 0, "constructors run in order");
	return 1;
}
