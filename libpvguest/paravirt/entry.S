/* SPDX-License-Identifier: MIT
 *
 * Where the hypervisor enters the program for an exception or for events, and the
 * way into user mode. Read first <pvabi/trap.h>; internal.h has the C side.
 *
 * At an entry rsp leads to a struct pv_frame and everything else belongs to the
 * interrupted code. What is built below the frame:
 *
 *	struct pvg_trap		the registers, up to and with the frame; rbx
 *	rip, rbp		a frame record, so that backtraces go on; rbp
 *	extended state		64-byte aligned; rsp
 */
#include "../entry-frame.h"

	.text

/* In: eax:edx is clobbered. The extended state to or from \area. */
.macro STATE_SAVE area:req
	cmpq	$0, pvg_xstate_mask(%rip)
	je	1f
	/* XSAVE writes only the first word of its header, and XRSTOR insists on
	 * zeroes in the rest. */
	xorl	%eax, %eax
	movq	%rax, 512(\area)
	movq	%rax, 520(\area)
	movq	%rax, 528(\area)
	movq	%rax, 536(\area)
	movq	%rax, 544(\area)
	movq	%rax, 552(\area)
	movq	%rax, 560(\area)
	movq	%rax, 568(\area)
	movl	pvg_xstate_mask(%rip), %eax
	movl	pvg_xstate_mask+4(%rip), %edx
	xsave64	(\area)
	jmp	2f
1:	fxsave64 (\area)
2:
.endm

.macro STATE_RESTORE area:req
	cmpq	$0, pvg_xstate_mask(%rip)
	je	1f
	movl	pvg_xstate_mask(%rip), %eax
	movl	pvg_xstate_mask+4(%rip), %edx
	xrstor64 (\area)
	jmp	2f
1:	fxrstor64 (\area)
2:
.endm

.macro ENTRY handler:req, return:req
	TRAP_PUSH
	subq	pvg_xstate_size(%rip), %rsp
	andq	$-64, %rsp
	movq	%rsp, (%rbx)
	STATE_SAVE %rsp
	/* As a C function expects them, whatever the interrupted code was at. */
	fninit
	ldmxcsr	pvg_mxcsr(%rip)
	movq	%rbx, %rdi
	call	\handler
	STATE_RESTORE %rsp
	TRAP_POP
	jmp	*\return(%rip)
.endm

/* Upcalls are masked on the way in, and unmasked by the operation at the end. */
FUNCTION pvg_upcall_entry
	ENTRY pvg_upcalls_deliver, pvg_upcall_return
	.size	pvg_upcall_entry, . - pvg_upcall_entry

FUNCTION pvg_trap_entry
	ENTRY pvg_trap_deliver, pvg_trap_return
	.size	pvg_trap_entry, . - pvg_trap_entry

/* int pvg_user_enter(struct pv_user *, void *xstate, uintptr_t operation)
 *
 * No C between the vector registers' coming and the operation, nor between that and
 * their going: a compiler uses them for what it likes. */
FUNCTION pvg_user_enter
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rbx
	subq	$24, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rdx, %rcx
	movq	%rsi, %rbx
	testq	%rbx, %rbx
	jz	3f
	STATE_RESTORE %rbx
3:	call	*%rcx
	testq	%rbx, %rbx
	jz	4f
	movq	%rax, %rcx
	STATE_SAVE %rbx
	movq	%rcx, %rax
	/* FLDCW alone would raise what user mode left pending. */
4:	fninit
	fldcw	4(%rsp)
	ldmxcsr	(%rsp)
	addq	$24, %rsp
	popq	%rbx
	popq	%rbp
	ret
	.size	pvg_user_enter, . - pvg_user_enter

	.section .note.GNU-stack, "", @progbits
