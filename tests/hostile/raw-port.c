/* SPDX-License-Identifier: MIT
 *
 * What if a guest uses the instruction inside an operation without the slot
 * around it: any number, any width, as a string, as input? It finds the
 * instruction and its port by looking, as an attacker would.
 *
 * Clauses: O4.
 */
#include "../guest/cases.h"
#include "raw.h"

static volatile uint32_t sink;

/* An `out` in the operations page: e7 imm8 or ef behind a mov to edx. NOP's
 * slot begins with mov $0, %eax (b8 or 31 c0). */
static uintptr_t find_out(void)
{
	volatile uint8_t *page = raw_address(pvg_boot.ops_addr);

	for (uintptr_t i = 0; i < PV_OP_SLOT_BYTES; i++)
		if (page[i] == 0xe7 || page[i] == 0xef)
			return (uintptr_t)&page[i];
	return 0;
}

static bool immediate(uintptr_t out)
{
	return *raw_address(out) == 0xe7;
}

/* Without a fixed port there is nothing to attack: the status 2, which no case
 * expects, tells that this file does not fit the engine. */
static unsigned port(void)
{
	uintptr_t out = find_out();

	if (!out || !immediate(out))
		pvg_op_exit(2);
	return *raw_address(out + 1);
}

/* The rest of a slot behind its first instruction: out, ret. */
static int64_t out_with(uint64_t number)
{
	__asm__ volatile("call *%1"
			 : "+a"(number) : "r"(find_out())
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
			   "memory", "cc");
	return (int64_t)number;
}

/* Numbers that have no slot. Ends with 0 if all were unknown. */
static void numbers_without_slot(void)
{
	static const uint32_t numbers[] = {
		128, 129, 255, 256, 4096, 65535, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff,
	};

	if (!find_out())
		pvg_op_exit(2);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (out_with(numbers[i]) != -PV_ENOSYS)
			pvg_op_exit(1);
}

#define OUT(name, instruction)                                           \
	static void name(void)                                           \
	{                                                                \
		__asm__ volatile(instruction                             \
				 : : "d"(port()), "a"(0), "c"(4),        \
				   "S"(&sink), "D"(&sink) : "memory");   \
	}

OUT(own_out, "outl %%eax, %%dx")
OUT(byte_out, "outb %%al, %%dx")
OUT(word_out, "outw %%ax, %%dx")
OUT(string_out, "rep outsl")
OUT(long_string_out, "mov $0xffffffff, %%ecx; rep outsb")
OUT(long_in, "inl %%dx, %%eax")
OUT(byte_in, "inb %%dx, %%al")
OUT(string_in, "rep insl")
OUT(straddling_before, "dec %%edx; outl %%eax, %%dx")
OUT(next_port, "inc %%edx; outl %%eax, %%dx")
OUT(second_next_port, "add $2, %%edx; outl %%eax, %%dx")
OUT(fourth_next_port, "add $4, %%edx; outl %%eax, %%dx")
OUT(fourth_before_port, "sub $4, %%edx; outl %%eax, %%dx")

#define STOPPED(name, function)    \
	{ name, function, "123",   \
	  "guest stopped: (it used I/O port|general protection)" }

/* What happens to do as a slot does is an operation; KVM decides whether a
 * string of it is. The fourth port from the operations' is the doorbells'. */
static const struct test_case cases[] = {
	{ "numbers-without-slot", numbers_without_slot, "0", "silent" },
	{ "own-out", own_out, "0", "silent" },
	STOPPED("byte-out", byte_out),
	STOPPED("word-out", word_out),
	{ "string-out", string_out, "0|123", "guest stopped: it used I/O port" },
	STOPPED("long-string-out", long_string_out),
	STOPPED("long-in", long_in),
	STOPPED("byte-in", byte_in),
	STOPPED("string-in", string_in),
	STOPPED("straddling-before", straddling_before),
	STOPPED("next-port", next_port),
	STOPPED("second-next-port", second_next_port),
	{ "fourth-next-port", fourth_next_port, "0", "silent" },
	STOPPED("fourth-before-port", fourth_before_port),
};

CASES_MAIN(cases)
