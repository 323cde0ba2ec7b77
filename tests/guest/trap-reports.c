/* SPDX-License-Identifier: MIT
 *
 * With the library's traps started: is what nobody handles reported as well as
 * without, and does a backtrace go through handlers? And what is wrong with ports,
 * spinlocks and handlers that wait: is it said?
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

static volatile bool spinning;
static uint64_t timer_ns = 1000000;

/* Not where the host was so slow that the timer fires at the call which sets it: who
 * makes a call is not in the backtrace. */
static void give_up_too(unsigned port, void *arg)
{
	(void)port, (void)arg;
	if (spinning)
		pvg_panic("gave up in an upcall");
	timer_ns *= 2;
	pvg_timer_set(pvg_clock_ns() + timer_ns);
}

static void panic_in_upcall(void)
{
	pvg_port_handle(PV_PORT_TIMER, give_up_too, NULL);
	pvg_upcalls_start();
	pvg_timer_set(pvg_clock_ns() + timer_ns);
	spinning = true;
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

static void count(unsigned port, void *arg)
{
	(void)port, (void)arg;
}

static void handle_no_port(void)
{
	pvg_port_handle(700, count, NULL);
}

static void handle_an_error(void)
{
	pvg_port_handle((unsigned)-PV_ENOMEM, count, NULL);
}

static void unmask_no_port(void)
{
	pvg_port_unmask(512);
}

static void mask_no_port(void)
{
	pvg_port_mask(512);
}

static void spin_twice(void)
{
	static struct pvg_spinlock lock;

	pvg_upcalls_start();
	pvg_spin_lock(&lock);
	pvg_spin_lock(&lock);
}

static void sleep_a_while(unsigned port, void *arg)
{
	(void)port, (void)arg;
	pvg_sleep_ns(1000000000);
}

static void sleep_in_handler(void)
{
	pvg_port_handle(PV_PORT_TIMER, sleep_a_while, NULL);
	pvg_upcalls_start();
	pvg_timer_set(0);
	pvg_sleep_ns(1000000000);
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
	{ "handle-no-port", handle_no_port, "123", "port 700: there are 512" },
	{ "handle-an-error", handle_an_error, "123",
	  "port 42949672[0-9]*: there are 512" },
	{ "unmask-no-port", unmask_no_port, "123", "port 512: there are 512" },
	{ "mask-no-port", mask_no_port, "123", "port 512: there are 512" },
	{ "spin-twice", spin_twice, "123",
	  "vCPU 0 locks a spinlock that it has locked" },
	{ "sleep-in-handler", sleep_in_handler, "123",
	  "a handler of an upcall waits" },
};

CASES_MAIN(cases)
