/* SPDX-License-Identifier: MIT
 *
 * From one thread to another: what a function has to keep goes on its stack. There are
 * no vector registers in a native kernel, hence no control words. A thread that was
 * preempted has the rest on its stack already, saved at its interrupt.
 *
 * The stack, from rsp on, is struct first_frame in thread.c. FS base: SDM volume 2,
 * WRFSBASE, or WRMSR where there is no such instruction.
 */
#define MSR_FS_BASE 0xc0000100

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
	subq	$8, %rsp		/* where the control words are */
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	cmpb	$0, pvg_cpu_has_fsgsbase(%rip)
	je	1f
	wrfsbase %rdx
2:	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
1:	movq	%rdx, %rax
	shrq	$32, %rdx
	movl	$MSR_FS_BASE, %ecx
	wrmsr
	jmp	2b
	.size	pvg_thread_switch, . - pvg_thread_switch

	.section .note.GNU-stack, "", @progbits
