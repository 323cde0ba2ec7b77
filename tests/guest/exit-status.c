/* SPDX-License-Identifier: MIT
 *
 * Which exit status does each way to end have?
 *
 * Clauses: O6, O8.
 */
#include "cases.h"

static void zero(void)
{
	pvg_exit(0);
}

static void seven(void)
{
	pvg_exit(7);
}

static void largest(void)
{
	pvg_op_exit(PV_EXIT_STATUS_MAX);
}

static void too_large(void)
{
	pvg_op_exit(PV_EXIT_STATUS_MAX + 1);
}

static void negative(void)
{
	pvg_exit(-1);
}

static void beyond_32_bits(void)
{
	pvg_op_exit(UINT64_C(1) << 32);
}

static void say_nine(void)
{
	pvg_puts("a handler ran");
	pvg_op_exit(9);
}

static void handler(void)
{
	atexit(say_nine);
	pvg_exit(1);
}

/* In the report the message is whole. */
static void panic(void)
{
	pvg_panic("the %s is %d", "answer", 42);
}

static void assertion(void)
{
	int one = 1;

	pvg_assert(one == 2);
}

static void aborted(void)
{
	abort();
}

static void crash_without_message(void)
{
	pvg_op_crash(NULL, 0);
}

static void double_free(void)
{
	char *object = malloc(24);

	free(object);
	free(object);
}

static const struct test_case cases[] = {
	{ "zero", zero, "0", "silent" },
	{ "seven", seven, "7", "silent" },
	{ "largest", largest, "119", "silent" },
	{ "too-large", too_large, "119", "exit status 120 is" },
	{ "negative", negative, "119", "exit status -1 is" },
	{ "beyond-32-bits", beyond_32_bits, "119",
	  "exit status 4294967296 is" },
	{ "handler", handler, "9", "silent" },
	{ "panic", panic, "123", "the answer is 42" },
#ifndef PVG_NATIVE /* which has addresses only */
	{ "panic-backtrace", panic, "123", " in panic\\+" },
#endif
	{ "assertion", assertion, "123", "assertion failed: one == 2" },
#ifndef PVG_NATIVE
	{ "assertion-backtrace", assertion, "123", " in assertion\\+" },
#endif
#ifdef PVG_NATIVE
	{ "abort", aborted, "123", "panic: aborted" },
	{ "crash-without-message", crash_without_message, "123", "backtrace: 0x" },
#else
	{ "abort", aborted, "123", " in aborted\\+" },
	{ "crash-without-message", crash_without_message, "123",
	  " in crash_without_message\\+" },
#endif
	{ "double-free", double_free, "123", "was freed already" },
};

CASES_MAIN(cases)
