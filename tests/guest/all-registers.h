/* SPDX-License-Identifier: MIT
 *
 * Do all registers, and the red zone, survive what interrupts a program? Fill them,
 * spin without touching any until registers_done is set by what interrupts, and
 * look. A native kernel has the general ones only, and no red zone.
 */
#ifndef TESTS_GUEST_ALL_REGISTERS_H
#define TESTS_GUEST_ALL_REGISTERS_H

#include "backend.h"

struct all_registers {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax, reserved;
	uint8_t vector[16][32];
	uint64_t red_zone[16];
	uint32_t mxcsr;
	uint16_t fcw;
} PV_ALIGNED(64);
PV_FIELD_AT(struct all_registers, vector, 128);
PV_FIELD_AT(struct all_registers, red_zone, 640);
PV_FIELD_AT(struct all_registers, mxcsr, 768);

struct all_registers registers_before, registers_after;
uint32_t registers_done;
void registers_hold_avx(void);
void registers_hold_sse(void);

#define EACH_GENERAL(op)                                                      \
	op(r15, 0) op(r14, 8) op(r13, 16) op(r12, 24) op(r11, 32) op(r10, 40) \
	op(r9, 48) op(r8, 56) op(rbp, 64) op(rdi, 72) op(rsi, 80)             \
	op(rdx, 88) op(rcx, 96) op(rbx, 104) op(rax, 112)
#if KERNEL_HAS_VECTORS
#define EACH_VECTOR(op)                                                       \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10)    \
	op(11) op(12) op(13) op(14) op(15)
#define EACH_RED(op)                                                          \
	op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11)   \
	op(12) op(13) op(14) op(15) op(16)
#define LOAD_CONTROL                                     \
	"	ldmxcsr registers_before+768(%rip)\n"     \
	"	fldcw registers_before+772(%rip)\n"
#define STORE_CONTROL                                    \
	"	stmxcsr registers_after+768(%rip)\n"      \
	"	fnstcw registers_after+772(%rip)\n"       \
	"	fninit\n"                                 \
	"	ldmxcsr registers_plain_mxcsr(%rip)\n"
#else
#define EACH_VECTOR(op)
#define EACH_RED(op)
#define LOAD_CONTROL
#define STORE_CONTROL
#endif
#define LOAD(name, at) "movq registers_before+" #at "(%rip), %" #name "\n"
#define STORE(name, at) "movq %" #name ", registers_after+" #at "(%rip)\n"
#define LOAD_YMM(n) \
	"vmovdqu registers_before+128+32*" #n "(%rip), %ymm" #n "\n"
#define STORE_YMM(n) \
	"vmovdqu %ymm" #n ", registers_after+128+32*" #n "(%rip)\n"
#define LOAD_XMM(n) "movdqu registers_before+128+32*" #n "(%rip), %xmm" #n "\n"
#define STORE_XMM(n) "movdqu %xmm" #n ", registers_after+128+32*" #n "(%rip)\n"
#define FILL_RED(n)                                                \
	"movq registers_before+640+8*(" #n "-1)(%rip), %rax\n" \
	"movq %rax, -8*" #n "(%rsp)\n"
#define STORE_RED(n)                       \
	"movq -8*" #n "(%rsp), %rax\n" \
	"movq %rax, registers_after+640+8*(" #n "-1)(%rip)\n"

/* The flags are looked at where an interruption may come between two
 * instructions. */
#define HOLD(name, load, store)                                         \
	__asm__(".text\n" name ":\n"                                    \
		"	pushq %rbp; pushq %rbx; pushq %r12; pushq %r13\n" \
		"	pushq %r14; pushq %r15\n"                       \
		"	movq %rsp, registers_stack(%rip)\n"             \
		LOAD_CONTROL EACH_VECTOR(load) EACH_RED(FILL_RED) EACH_GENERAL(LOAD) \
		"1:	stc; jnc 2f; clc; jc 2f; std; cld\n"            \
		"	cmpl $0, registers_done(%rip)\n"                \
		"	je 1b\n"                                        \
		"	cmpq %rsp, registers_stack(%rip)\n"             \
		"	je 3f\n"                                        \
		"2:	ud2\n"                                          \
		"3:\n" EACH_GENERAL(STORE) EACH_VECTOR(store)           \
		EACH_RED(STORE_RED)                                     \
		STORE_CONTROL                                           \
		"	popq %r15; popq %r14; popq %r13; popq %r12\n"   \
		"	popq %rbx; popq %rbp\n"                         \
		"	ret\n")
HOLD("registers_hold_avx", LOAD_YMM, STORE_YMM);
HOLD("registers_hold_sse", LOAD_XMM, STORE_XMM);
__asm__(".data\n"
	".balign 8\n"
	"registers_stack: .quad 0\n"
	"registers_plain_mxcsr: .long 0x1f80\n"
	".text\n");

/* Whatever set registers_done, it did so in between. */
static inline bool registers_survive(void)
{
	bool avx = KERNEL_HAS_VECTORS && pvg_boot.xcr0 & 4;

	for (size_t i = 0; i < sizeof(registers_before); i++)
		((uint8_t *)&registers_before)[i] = (uint8_t)(i * 37 + 11);
	registers_before.mxcsr = 0x7f80; /* towards zero */
	registers_before.fcw = 0xf7f;
	memset(&registers_after, 0, sizeof(registers_after));
	if (avx)
		registers_hold_avx();
	else
		registers_hold_sse();
	registers_after.reserved = registers_before.reserved;
	for (int i = 0; i < 16 && !avx; i++)
		memcpy(registers_after.vector[i] + 16,
		       registers_before.vector[i] + 16, 16);
	if (avx)
		__asm__ volatile("vzeroupper");
	if (!KERNEL_HAS_VECTORS)
		memcpy(registers_after.vector, registers_before.vector,
		       offsetof(struct all_registers, fcw) + 2 -
			       offsetof(struct all_registers, vector));
	return memcmp(&registers_before, &registers_after,
		      offsetof(struct all_registers, fcw) + 2) == 0;
}

/* What a handler may do to them. */
static inline void registers_destroy(void)
{
#if KERNEL_HAS_VECTORS
	__asm__ volatile("fninit; fld1; fld1");
#endif
	__asm__ volatile("" : : : "memory", "rax", "rcx", "rdx", "rsi", "rdi",
			 "r8", "r9", "r10", "r11");
#if KERNEL_HAS_VECTORS
	if (pvg_boot.xcr0 & 4)
		__asm__ volatile("vzeroall");
	else
		__asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm15, %%xmm15"
				 : : : "xmm0", "xmm15");
#endif
}

#endif
