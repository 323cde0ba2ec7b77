/* SPDX-License-Identifier: MIT
 *
 * For assembler, of both backends: a struct pvg_trap (<pvguest/trap.h>) made of the
 * registers, below the struct pv_frame that rsp leads to, and taken apart again.
 */
.macro FUNCTION name:req
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.balign	16
\name:
.endm

/* Then rbx leads to it. Below it is a frame record, so that backtraces go on; rbp
 * leads there. */
.macro TRAP_PUSH
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	$0			/* xstate */
	movq	%rsp, %rbx
	pushq	128+24(%rbx)		/* frame.rip */
	pushq	%rbp
	movq	%rsp, %rbp
.endm

/* From where rbx leads; then rsp leads to the struct pv_frame. */
.macro TRAP_POP
	leaq	8(%rbx), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
.endm
