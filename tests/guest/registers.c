/* SPDX-License-Identifier: MIT
 *
 * Do operations keep the registers a System V function keeps? Also run under
 * --poison, where they really destroy the others; then the same program shows
 * that neither the library nor the compiler relied on those.
 */
#include "tap.h"

struct kept {
	uint64_t rbx, rbp, rsp, r12, r13, r14, r15;
};

/* Call the function at `entry` with known values in the kept registers and
 * answer what is in them afterwards; for rsp, by how much it moved. */
void call_and_look(uintptr_t entry, struct kept *ret_after);
__asm__(".text\n"
	"call_and_look:\n"
	"	pushq %rbx\n"
	"	pushq %rbp\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	pushq %rsi\n"
	"	movq %rsp, 16(%rsi)\n"
	"	movabsq $0x1111111111111111, %rbx\n"
	"	movabsq $0x2222222222222222, %rbp\n"
	"	movabsq $0x3333333333333333, %r12\n"
	"	movabsq $0x4444444444444444, %r13\n"
	"	movabsq $0x5555555555555555, %r14\n"
	"	movabsq $0x6666666666666666, %r15\n"
	"	movq %rdi, %rax\n"
	"	xorl %edi, %edi\n"
	"	xorl %esi, %esi\n"
	"	call *%rax\n"
	"	movq (%rsp), %rsi\n"
	"	movq %rbx, (%rsi)\n"
	"	movq %rbp, 8(%rsi)\n"
	"	subq %rsp, 16(%rsi)\n"
	"	movq %r12, 24(%rsi)\n"
	"	movq %r13, 32(%rsi)\n"
	"	movq %r14, 40(%rsi)\n"
	"	movq %r15, 48(%rsi)\n"
	"	popq %rsi\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbp\n"
	"	popq %rbx\n"
	"	ret\n");

static void check(uint64_t number, const char *name)
{
	struct kept after;

	call_and_look((uintptr_t)pvg_boot.ops_addr +
				  number * PV_OP_SLOT_BYTES,
			  &after);
	tap_ok(after.rbx == 0x1111111111111111 &&
		       after.rbp == 0x2222222222222222 && after.rsp == 0 &&
		       after.r12 == 0x3333333333333333 &&
		       after.r13 == 0x4444444444444444 &&
		       after.r14 == 0x5555555555555555 &&
		       after.r15 == 0x6666666666666666,
	       name);
}

static uint32_t mxcsr(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static uint16_t x87_control(void)
{
	uint16_t value;

	__asm__ volatile("fnstcw %0" : "=m"(value));
	return value;
}

static void control_words(void)
{
	/* Round to zero, flush to zero; single precision. */
	const uint32_t odd_mxcsr = 0xff80, old_mxcsr = mxcsr();
	const uint16_t odd_control = 0x0c7f, old_control = x87_control();
	uint32_t after_mxcsr;
	uint16_t after_control;

	__asm__ volatile("ldmxcsr %0\n\tfldcw %1"
			 : : "m"(odd_mxcsr), "m"(odd_control));
	pvg_op_nop();
	after_mxcsr = mxcsr();
	after_control = x87_control();
	__asm__ volatile("ldmxcsr %0\n\tfldcw %1"
			 : : "m"(old_mxcsr), "m"(old_control));
	tap_equal(after_mxcsr & 0xffc0, odd_mxcsr, "MXCSR's control bits are kept");
	tap_equal(after_control, odd_control, "the x87 control word is kept");
}

/* The direction flag is clear when a function is called and when it returns. */
static void direction_flag(void)
{
	uint64_t flags;

	pvg_op_nop();
	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags) : : "memory");
	tap_equal((int64_t)(flags & 0x400), 0, "the direction flag is clear");
}

int main(void)
{
	check(PV_OP_NOP, "NOP keeps registers");
	check(PV_OP_CONSOLE_WRITE, "CONSOLE_WRITE of nothing keeps registers");
	check(PV_OP_YIELD, "YIELD keeps registers");
	check(PV_OP_CLOCK, "CLOCK keeps registers");
	check(PV_OP_BLOCK, "BLOCK until a moment in the past keeps registers");
	check(PV_OP_RANDOM, "RANDOM keeps registers");
	check(PV_OP_DOORBELL, "DOORBELL keeps registers");
	check(PV_OP_FEATURES, "FEATURES keeps registers");
	check(PV_OP_QUEUE_CLOSE, "a refused operation keeps registers");
	check(99, "an unknown operation keeps registers");
	control_words();
	direction_flag();
	return tap_done();
}
