/* SPDX-License-Identifier: MIT
 *
 * What if an exception comes while the guest's stack pointer is ridiculous? The
 * processor must not need the guest's stack to report it: on a kernel's own
 * stack this would be a triple fault.
 *
 * Clauses: F1.
 */
#include "../guest/cases.h"
#include "raw.h"

#define WITH_STACK(name, value, then)                                 \
	static void name(void)                                        \
	{                                                             \
		__asm__ volatile("mov %0, %%rsp\n\t" then             \
				 : : "r"(UINT64_C(value)) : "memory"); \
	}

WITH_STACK(null_undefined, 0, "ud2")
WITH_STACK(null_push, 0, "push %%rax")
WITH_STACK(null_call, 0, "call *%%rsp")
WITH_STACK(noncanonical_undefined, 0x8000000000000000, "ud2")
WITH_STACK(noncanonical_push, 0x8000000000000000, "push %%rax")
WITH_STACK(noncanonical_page_fault, 0x8000000000000000, "movl $0, 0")
WITH_STACK(upper_half_push, 0xffff800000001000, "push %%rax")
WITH_STACK(upper_half_breakpoint, 0xffff800000001000, "int3")
WITH_STACK(window_push, 0x7f8000013000, "push %%rax")
WITH_STACK(window_undefined, 0x7f8000013000, "ud2")
WITH_STACK(end_of_lower_half, 0x7ffffffffff8, "push %%rax; push %%rax; ud2")
WITH_STACK(wrapping, 4, "push %%rax")
WITH_STACK(misaligned, 0x7f8000000801, "push %%rax; ud2")

/* Lead somewhere and nowhere from there. */
static void return_to_noncanonical(void)
{
	__asm__ volatile("mov $0x8000000000000000, %rax; push %rax; ret");
}

static void jump_to_window_end(void)
{
	__asm__ volatile("mov $0x7fffffffffff, %rax; jmp *%rax");
}

static void run_off_the_lower_half(void)
{
	__asm__ volatile("mov $0x7ffffffff000, %rax; jmp *%rax");
}

static void operation_without_stack(void)
{
	uint64_t nop = pvg_boot.ops_addr;

	/* The call itself faults. */
	__asm__ volatile("xor %%esp, %%esp; call *%0" : : "r"(nop) : "memory");
}

/* Not called but jumped to: it has no return address where it looks. */
static void operation_returns_nowhere(void)
{
	uint64_t nop = pvg_boot.ops_addr;

	__asm__ volatile("mov $0x8000000000000000, %%rsp; jmp *%0"
			 : : "r"(nop) : "memory");
}

#define CASE(name, regex) { #name, name, "123", "guest stopped: " regex }
/* Of a stack where nothing is. Never a double or a triple one. */
#define ACCESS_FAULT "(page|stack|general protection) fault"

static const struct test_case cases[] = {
	CASE(null_undefined, "undefined instruction"),
	CASE(null_push, ACCESS_FAULT),
	CASE(null_call, ACCESS_FAULT),
	CASE(noncanonical_undefined, "undefined instruction"),
	CASE(noncanonical_push, ACCESS_FAULT),
	CASE(noncanonical_page_fault, "page fault"),
	CASE(upper_half_push, ACCESS_FAULT),
	CASE(upper_half_breakpoint, "breakpoint"),
	CASE(window_push, ACCESS_FAULT),
	CASE(window_undefined, "undefined instruction"),
	CASE(end_of_lower_half, ACCESS_FAULT),
	CASE(wrapping, ACCESS_FAULT),
	CASE(misaligned, "undefined instruction"),
	CASE(return_to_noncanonical, "(general protection|page) fault"),
	CASE(jump_to_window_end, ACCESS_FAULT),
	CASE(run_off_the_lower_half, ACCESS_FAULT),
	CASE(operation_without_stack, ACCESS_FAULT),
	CASE(operation_returns_nowhere, ACCESS_FAULT),
};

CASES_MAIN(cases)
