/* SPDX-License-Identifier: MIT
 *
 * Is every kind of bad access stopped, and does the report name what happened,
 * where, and the function it happened in?
 *
 * Clauses: A2, A3, A4, F1, F2.
 */
#include "cases.h"

static volatile uint64_t sink;
static const uint64_t constant = 42;
static uint8_t writable_code[16] = { 0xc3 };

/* The compiler must not know that these go wrong. */
static volatile uint64_t *at(uint64_t address)
{
	__asm__("" : "+r"(address));
	return (volatile uint64_t *)(uintptr_t)address;
}

static void call(uint64_t address)
{
	void (*target)(void) = (void (*)(void))(uintptr_t)at(address);

	target();
	sink = 0;
}

static void read_null(void)
{
	sink = *at(0);
}

static void write_null(void)
{
	*at(8) = 1;
}

static void write_text(void)
{
	*at((uintptr_t)pvg_text_start) = 0;
}

static void write_rodata(void)
{
	*at((uintptr_t)&constant) = 0;
}

static void execute_data(void)
{
	call((uintptr_t)writable_code);
}

static void execute_rodata(void)
{
	static const uint8_t code[16] = { 0xc3 };

	call((uintptr_t)code);
}

static void execute_stack(void)
{
	uint8_t code[16] = { 0xc3 };

	call((uintptr_t)code);
}

static void execute_heap(void)
{
	uint8_t *code = malloc(16);

	code[0] = 0xc3;
	call((uintptr_t)code);
}

static void jump_to_null(void)
{
	call(0);
}

static void read_past_ram(void)
{
	sink = *at(pvg_boot.ram_bytes);
}

static void read_across_end_of_ram(void)
{
	sink = *at(pvg_boot.ram_bytes - 4);
}

static void read_upper_half(void)
{
	sink = *at(UINT64_C(0xffff800000000000));
}

static void read_noncanonical(void)
{
	sink = *at(UINT64_C(0x8000000000000000));
}

static void jump_to_noncanonical(void)
{
	call(UINT64_C(0x8000000000000000));
}

static void illegal_instruction(void)
{
	__asm__ volatile("ud2");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void divide_by_zero(void)
{
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
}

static void sse_exception(void)
{
	const uint32_t all_unmasked = 0;
	const double zero = 0;

	__asm__ volatile("ldmxcsr %0\n\tdivsd %1, %%xmm0"
			 : : "m"(all_unmasked), "m"(zero) : "xmm0");
}

/* Through a pointer: the compiler warns of what it can see. */
static uint64_t recurse_forever(uint64_t depth);
static uint64_t (*volatile recurse)(uint64_t) = recurse_forever;

static uint64_t recurse_forever(uint64_t depth)
{
	volatile uint8_t frame[256];

	frame[0] = (uint8_t)depth;
	return recurse(depth + 1) + frame[0];
}

static void stack_overflow(void)
{
	sink = recurse(0);
}

static void past_the_top_of_the_stack(void)
{
	const struct pv_memory_range *range = pvg_ranges();
	uint32_t i = 0;

	while (range[i].type != PV_MEMORY_STACK)
		i++;
	sink = *at(range[i].base + range[i].bytes);
}

static const struct test_case cases[] = {
	{ "read-null", read_null, "123",
	  "page fault: read of 0x0,.*page 0.* in read_null\\+" },
	{ "write-null", write_null, "123",
	  "page fault: write to 0x8,.*page 0.* in write_null\\+" },
	{ "write-text", write_text, "123",
	  "page fault: write to .*read-only.* in write_text\\+" },
	{ "write-rodata", write_rodata, "123",
	  "page fault: write to .*read-only.* in write_rodata\\+" },
	{ "execute-data", execute_data, "123",
	  "page fault: execution at .*not executable" },
	{ "execute-data-backtrace", execute_data, "123",
	  "#[0-9]+ +[0-9a-f]+ in execute_data\\+" },
	{ "execute-rodata", execute_rodata, "123",
	  "page fault: execution at .*not executable" },
	{ "execute-stack", execute_stack, "123",
	  "page fault: execution at .*not executable" },
	{ "execute-heap", execute_heap, "123",
	  "page fault: execution at .*not executable" },
	{ "jump-to-null", jump_to_null, "123",
	  "page fault: execution at 0x0,.*page 0" },
	{ "jump-to-null-backtrace", jump_to_null, "123", "in jump_to_null\\+" },
	{ "read-past-ram", read_past_ram, "123",
	  "page fault: read of .*outside RAM.* in read_past_ram\\+" },
	{ "read-across-end-of-ram", read_across_end_of_ram, "123",
	  "page fault: read of .*outside RAM" },
	{ "read-upper-half", read_upper_half, "123",
	  "page fault: read of .*outside RAM|general protection" },
	{ "read-noncanonical", read_noncanonical, "123",
	  "general protection fault.* in read_noncanonical\\+" },
	{ "jump-to-noncanonical", jump_to_noncanonical, "123",
	  "general protection fault" },
	{ "illegal-instruction", illegal_instruction, "123",
	  "undefined instruction: ud2.* in illegal_instruction\\+" },
	{ "breakpoint", breakpoint, "123", "breakpoint.* in breakpoint\\+" },
	{ "divide-by-zero", divide_by_zero, "123",
	  "divide error.* in divide_by_zero\\+" },
	{ "sse-exception", sse_exception, "123",
	  "floating-point error.* in sse_exception\\+" },
	{ "stack-overflow", stack_overflow, "123",
	  "stack overflow.* in recurse_forever" },
	{ "stack-overflow-backtrace", stack_overflow, "123",
	  "\\.\\.\\. [0-9]+ times more" },
	{ "stack-overflow-origin", stack_overflow, "123",
	  "#[0-9]+ .* in stack_overflow\\+" },
	{ "past-the-top-of-the-stack", past_the_top_of_the_stack, "123",
	  "guard page above the boot stack" },
	{ "registers-are-shown", illegal_instruction, "123",
	  "rax [0-9a-f]{16}" },
};

CASES_MAIN(cases)
