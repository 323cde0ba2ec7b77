/* SPDX-License-Identifier: MIT
 *
 * What if the local descriptor table, which after reset is usable and lies at 0,
 * were left so? Then guest RAM would hold descriptors, and a forged call gate
 * would be a way to ring 0. There must be no such table: every selector that
 * names it is a general protection fault.
 *
 * Clauses: F1.
 */
#include "../guest/cases.h"
#include "raw.h"

/* The first RAM there is, and the selector of what lies there: table bit 2,
 * privilege 3. */
#define FORGED 0x1000u
#define SELECTOR (FORGED | 7u)

#define DATA UINT64_C(0x00cff3000000ffff)
#define CODE UINT64_C(0x00affb000000ffff)
#define CODE_CONFORMING_RING_0 UINT64_C(0x00af9f000000ffff)

static void forge(uint64_t low, uint64_t high)
{
	volatile uint64_t *descriptor =
		(volatile uint64_t *)(uintptr_t)FORGED;

	descriptor[0] = low;
	descriptor[1] = high;
}

static void data_segment(void)
{
	forge(DATA, 0);
	__asm__ volatile("mov %0, %%ds" : : "r"((uint16_t)SELECTOR));
}

static void stack_segment(void)
{
	forge(DATA, 0);
	__asm__ volatile("mov %0, %%ss" : : "r"((uint16_t)SELECTOR));
}

static void return_to_code(void)
{
	__asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
			 : : "r"((uint64_t)SELECTOR) : "rax", "memory");
}

static void code_segment(void)
{
	forge(CODE, 0);
	return_to_code();
}

static void conforming_code(void)
{
	forge(CODE_CONFORMING_RING_0, 0);
	return_to_code();
}

static void call_gate(void)
{
	static const struct {
		uint32_t offset;
		uint16_t selector;
	} far_pointer = { 0, SELECTOR };
	uint64_t target = (uintptr_t)&data_segment;

	forge((target & 0xffff) | UINT64_C(8) << 16 | UINT64_C(0xec) << 40 |
		      (target >> 16 & 0xffff) << 48,
	      target >> 32);
	__asm__ volatile("lcall *(%0)" : : "r"(&far_pointer) : "memory");
}

static const struct test_case cases[] = {
	{ "data_segment", data_segment, "123", "general protection" },
	{ "stack_segment", stack_segment, "123", "general protection" },
	{ "code_segment", code_segment, "123", "general protection" },
	{ "conforming_code", conforming_code, "123", "general protection" },
	{ "call_gate", call_gate, "123", "general protection|undefined" },
};

CASES_MAIN(cases)
