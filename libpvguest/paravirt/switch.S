/* SPDX-License-Identifier: MIT
 *
 * From one thread to another: what a function has to keep goes on its stack, the
 * control words of SSE and x87 included; all else a call may destroy. A thread
 * that was preempted has the rest on its stack already, saved at its upcall.
 *
 * The stack, from rsp on, is struct first_frame in thread.c.
 */
	.text
	.globl	pvg_thread_switch
	.type	pvg_thread_switch, @function
	.p2align 6
/* rdi: where to save rsp; rsi: rsp to go on with; rdx: the thread, for FS base */
pvg_thread_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	wrfsbase %rdx
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	pvg_thread_switch, . - pvg_thread_switch

	.section .note.GNU-stack, "", @progbits
