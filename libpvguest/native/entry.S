/* SPDX-License-Identifier: MIT
 *
 * Where the processor enters for an exception, an interrupt or a system call, and
 * the way into user mode. In a paravirtual guest the hypervisor makes the frame, and
 * runs user mode.
 *
 * SDM volume 3: 6.14 (what the processor pushes), 5.8.8 (SYSCALL, SYSRET), SWAPGS in
 * volume 2. Vector registers are left alone: the kernel is compiled without them.
 *
 * In the kernel GS base leads to the vCPU's page, in user mode it is the user's. An
 * entry tells by the CS that was interrupted whether SWAPGS is due.
 */
/* struct pvg_cpu, from GS base */
#define CPU_USER_SP 4096
#define CPU_KERNEL_SP 4104
#define CPU_USER 4112
#define CPU_TSS_RSP0 (4096 + 28 + 4)
/* struct pv_user */
#define USER_RAX 0
#define USER_RBX 8
#define USER_RCX 16
#define USER_RDX 24
#define USER_RSI 32
#define USER_RDI 40
#define USER_RSP 48
#define USER_RBP 56
#define USER_R8 64
#define USER_R9 72
#define USER_R10 80
#define USER_R11 88
#define USER_R12 96
#define USER_R13 104
#define USER_R14 112
#define USER_R15 120
#define USER_RIP 128
#define USER_RFLAGS 136
#define USER_ERROR_CODE 176

#define USER_DS 0x23
#define USER_CS 0x2b
#define SYSCALL_VECTOR 256

#include "../entry-frame.h"

	.text
/* A gate for each vector: what of a struct pv_frame the processor did not push. Of a
 * page fault's address C takes care. */
FUNCTION pvg_gates
	.set	vector, 0
	.rept	256
	.balign	16
	.if	vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	pushq	(%rsp)
	.else
	pushq	$0
	pushq	$0
	.endif
	pushq	$vector
	jmp	pvg_trap_entry
	.set	vector, vector + 1
	.endr
	.size	pvg_gates, . - pvg_gates

/* rsp: a struct pv_frame. */
FUNCTION pvg_upcall_entry
FUNCTION pvg_trap_entry
	testb	$3, 32(%rsp)		/* frame.cs */
	jnz	from_user
	TRAP_PUSH
	cld
	movq	%rbx, %rdi
	call	pvg_native_enter
	TRAP_POP
	addq	$24, %rsp
	iretq
	.size	pvg_trap_entry, . - pvg_trap_entry

/* rax leads to the struct pv_user; rax itself is on the stack. */
.macro USER_SAVE
	movq	%rbx, USER_RBX(%rax)
	movq	%rcx, USER_RCX(%rax)
	movq	%rdx, USER_RDX(%rax)
	movq	%rsi, USER_RSI(%rax)
	movq	%rdi, USER_RDI(%rax)
	movq	%rbp, USER_RBP(%rax)
	movq	%r8, USER_R8(%rax)
	movq	%r9, USER_R9(%rax)
	movq	%r10, USER_R10(%rax)
	movq	%r11, USER_R11(%rax)
	movq	%r12, USER_R12(%rax)
	movq	%r13, USER_R13(%rax)
	movq	%r14, USER_R14(%rax)
	movq	%r15, USER_R15(%rax)
	popq	%rbx
	movq	%rbx, USER_RAX(%rax)
.endm

from_user:
	swapgs
	pushq	%rax
	movq	%gs:CPU_USER, %rax
	USER_SAVE
	movq	24(%rsp), %rcx
	movq	%rcx, USER_RIP(%rax)
	movq	40(%rsp), %rcx
	movq	%rcx, USER_RFLAGS(%rax)
	movq	48(%rsp), %rcx
	movq	%rcx, USER_RSP(%rax)
	movq	8(%rsp), %rcx
	movq	%rcx, USER_ERROR_CODE(%rax)
	movl	(%rsp), %eax		/* the vector */
	jmp	pvg_user_left

/* By SYSCALL: rcx and r11 are the user's rip and flags, rsp is the user's. */
FUNCTION pvg_syscall_entry
	swapgs
	movq	%rsp, %gs:CPU_USER_SP
	movq	%gs:CPU_KERNEL_SP, %rsp
	pushq	%rax
	movq	%gs:CPU_USER, %rax
	movq	%rcx, USER_RIP(%rax)
	movq	%r11, USER_RFLAGS(%rax)
	USER_SAVE
	movq	%gs:CPU_USER_SP, %rcx
	movq	%rcx, USER_RSP(%rax)
	movl	$SYSCALL_VECTOR, %eax
/* rax: what pvg_user_enter answers. */
	.globl	pvg_user_left
	.hidden	pvg_user_left
pvg_user_left:
	movq	%gs:CPU_KERNEL_SP, %rsp
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	pvg_syscall_entry, . - pvg_syscall_entry

/* int pvg_user_enter(struct pv_user *user, bool by_sysret), with interrupts off. What
 * comes from user mode finds this stack, from here on downwards. By SYSRET: rcx and r11
 * are rip and flags, and rip is canonical. */
FUNCTION pvg_user_enter
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %gs:CPU_KERNEL_SP
	movq	%rsp, %gs:CPU_TSS_RSP0
	movq	%rdi, %gs:CPU_USER
	testl	%esi, %esi
	jnz	1f
	pushq	$USER_DS
	pushq	USER_RSP(%rdi)
	pushq	USER_RFLAGS(%rdi)
	pushq	$USER_CS
	pushq	USER_RIP(%rdi)
1:	movq	USER_RAX(%rdi), %rax
	movq	USER_RBX(%rdi), %rbx
	movq	USER_RCX(%rdi), %rcx
	movq	USER_RDX(%rdi), %rdx
	movq	USER_RBP(%rdi), %rbp
	movq	USER_R8(%rdi), %r8
	movq	USER_R9(%rdi), %r9
	movq	USER_R10(%rdi), %r10
	movq	USER_R11(%rdi), %r11
	movq	USER_R12(%rdi), %r12
	movq	USER_R13(%rdi), %r13
	movq	USER_R14(%rdi), %r14
	movq	USER_R15(%rdi), %r15
	jnz	2f			/* MOV leaves the flags alone */
	movq	USER_RSI(%rdi), %rsi
	movq	USER_RDI(%rdi), %rdi
	swapgs
	iretq
2:	movq	USER_RSI(%rdi), %rsi
	movq	USER_RSP(%rdi), %rsp
	movq	USER_RDI(%rdi), %rdi
	swapgs
	.globl	pvg_sysret
	.hidden	pvg_sysret
pvg_sysret:
	sysretq
	.size	pvg_user_enter, . - pvg_user_enter

	.section .note.GNU-stack, "", @progbits
