/* SPDX-License-Identifier: MIT
 *
 * With the library's traps started: is what nobody handles reported as well as
 * without, and does a backtrace go through handlers?
 *
 * Clauses: T1, T8, U10, F1.
 */
#include "cases.h"

static void undefined_instruction(void)
{
	pvg_traps_start();
	__asm__ volatile("ud2");
}

static uint64_t *volatile near_nothing = (uint64_t *)8;

static void page_fault(void)
{
	pvg_traps_start();
	*near_nothing = 1;
}

static void breakpoint(void)
{
	pvg_traps_start();
	__asm__ volatile("int3");
}

static void ignore(struct pvg_trap *trap)
{
	trap->frame.rip += 2;
}

static void handler_taken_away(void)
{
	pvg_traps_start();
	pvg_trap_handle(PVG_VECTOR_UD, ignore);
	__asm__ volatile("ud2");
	pvg_trap_handle(PVG_VECTOR_UD, NULL);
	__asm__ volatile("ud2");
}

static void give_up(struct pvg_trap *trap)
{
	pvg_panic("gave up at %#lx", (unsigned long)trap->frame.rip);
}

static void panic_in_handler(void)
{
	pvg_trap_handle(PVG_VECTOR_UD, give_up);
	pvg_traps_start();
	__asm__ volatile("ud2");
}

static void give_up_too(unsigned port, void *arg)
{
	(void)port, (void)arg;
	pvg_panic("gave up in an upcall");
}

static void panic_in_upcall(void)
{
	pvg_port_handle(PV_PORT_TIMER, give_up_too, NULL);
	pvg_upcalls_start();
	pvg_timer_set(pvg_clock_ns() + 1000000);
	for (;;)
		__asm__ volatile("");
}

static void *volatile nowhere = NULL;

/* The frame cannot be written there. */
static void bad_stack(void)
{
	pvg_trap_handle(PVG_VECTOR_UD, ignore);
	pvg_traps_start();
	__asm__ volatile("movq %0, %%rsp; ud2" : : "r"(nowhere));
}

static const struct test_case cases[] = {
	{ "undefined-instruction", undefined_instruction, "123",
	  "undefined instruction: ud2.* in undefined_instruction\\+" },
	{ "page-fault", page_fault, "123",
	  "page fault: write to 0x8,.*page 0.* in page_fault\\+" },
	{ "breakpoint", breakpoint, "123", "trap 3 before 0x" },
	{ "breakpoint-backtrace", breakpoint, "123", "in breakpoint\\+" },
	{ "handler-taken-away", handler_taken_away, "123",
	  "undefined instruction: ud2.* in handler_taken_away\\+" },
	{ "panic-in-handler", panic_in_handler, "123", "gave up at" },
	{ "panic-in-handler-backtrace", panic_in_handler, "123",
	  "in panic_in_handler\\+" },
	{ "panic-in-upcall", panic_in_upcall, "123", "in panic_in_upcall\\+" },
	{ "bad-stack", bad_stack, "123", "stack" },
};

CASES_MAIN(cases)
