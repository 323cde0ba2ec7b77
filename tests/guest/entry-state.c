/* SPDX-License-Identifier: MIT
 *
 * Does the entry point find the registers boot.h promises? Linked with the
 * entry point below, which saves them all and goes on to the library's.
 *
 * Clauses: E1, E2, E3, E4, E5.
 */
#include "tap.h"

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14,
       R15, RFLAGS, AT_RSP, SAVED };

uint64_t saved[SAVED];
uint32_t saved_mxcsr;
uint16_t saved_control;

/* Moves leave the flags alone; what the stack pointer points at is not
 * overwritten before it is read. */
__asm__(".globl entry_probe\n"
	".text\n"
	"entry_probe:\n"
	"	movq %rax, saved(%rip)\n"
	"	movq %rbx, saved+8(%rip)\n"
	"	movq %rcx, saved+16(%rip)\n"
	"	movq %rdx, saved+24(%rip)\n"
	"	movq %rsi, saved+32(%rip)\n"
	"	movq %rdi, saved+40(%rip)\n"
	"	movq %rbp, saved+48(%rip)\n"
	"	movq %rsp, saved+56(%rip)\n"
	"	movq %r8, saved+64(%rip)\n"
	"	movq %r9, saved+72(%rip)\n"
	"	movq %r10, saved+80(%rip)\n"
	"	movq %r11, saved+88(%rip)\n"
	"	movq %r12, saved+96(%rip)\n"
	"	movq %r13, saved+104(%rip)\n"
	"	movq %r14, saved+112(%rip)\n"
	"	movq %r15, saved+120(%rip)\n"
	"	movq (%rsp), %rax\n"
	"	movq %rax, saved+136(%rip)\n"
	"	pushfq\n"
	"	popq saved+128(%rip)\n"
	"	stmxcsr saved_mxcsr(%rip)\n"
	"	fnstcw saved_control(%rip)\n"
	"	movq saved(%rip), %rax\n"
	"	jmp _start\n");

int main(void)
{
	const uint64_t status_flags = 0x8d5, interrupt_and_iopl = 0x3200;
	uint64_t others = 0;

	for (int i = 0; i <= R15; i++)
		if (i != RDI && i != RSP)
			others |= saved[i];
	tap_equal((int64_t)others, 0, "general registers but rdi and rsp are 0");
	tap_equal(*(uint32_t *)saved[RDI], PV_BOOT_MAGIC,
		  "rdi points at the boot info");
	tap_equal((int64_t)((saved[RSP] + 8) % 16), 0,
		  "the stack is aligned as after a call");
	tap_equal((int64_t)saved[AT_RSP], 0, "the return address is 0");
	/* The interrupt flag is the hypervisor's, and visible. */
	tap_equal((int64_t)(saved[RFLAGS] & ~interrupt_and_iopl), 2,
		  "no flag is set");
	tap_equal((int64_t)(saved[RFLAGS] & status_flags), 0,
		  "status flags are clear");
	tap_equal(saved_mxcsr, 0x1f80, "MXCSR has its default");
	tap_equal(saved_control, 0x37f, "the x87 control word has its default");
	return tap_done();
}
