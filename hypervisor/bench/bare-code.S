/* SPDX-License-Identifier: MIT
 *
 * The guests of the floors, each the shortest program that has what is measured.
 * They are data here; read bare-code.h first.
 */
#include "bare-code.h"

	.section .rodata
	.balign	64
	.globl	hv_bare_code, hv_bare_code_end
	.globl	hv_bare_call, hv_bare_faults, hv_bare_system_calls
	.globl	hv_bare_spin, hv_bare_call_and_spin, hv_bare_send
	.globl	hv_bare_send_and_block, hv_bare_block_and_send
	.globl	hv_bare_skip_ud2, hv_bare_fault, hv_bare_syscall
	.globl	hv_bare_stamp, hv_bare_stamp_second
hv_bare_code:

/* An exit, again and again. */
hv_bare_call:
	xorl	%eax, %eax
	outl	%eax, $HV_BARE_PORT_CALL
	jmp	hv_bare_call

hv_bare_faults:
	movl	$HV_BARE_FAULTS, %ecx
1:	ud2
	decl	%ecx
	jnz	1b
	outl	%eax, $HV_BARE_PORT_CALL
	jmp	hv_bare_faults

/* What a handler does that has a frame as the processor pushes it. */
hv_bare_skip_ud2:
	addq	$2, (%rsp)
	iretq

/* At ring 0: tell the monitor. */
hv_bare_fault:
	outb	%al, $HV_BARE_PORT_FAULT
	hlt

hv_bare_system_calls:
	syscall
	jmp	hv_bare_system_calls

hv_bare_syscall:
	outb	%al, $HV_BARE_PORT_SYSCALL
	hlt

hv_bare_spin:
	pause
	jmp	hv_bare_spin

hv_bare_call_and_spin:
	outl	%eax, $HV_BARE_PORT_CALL
1:	pause
	cmpq	$0, HV_BARE_ARRIVED
	je	1b
	jmp	hv_bare_call_and_spin

hv_bare_send:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, HV_BARE_STARTED
	outl	%eax, $HV_BARE_PORT_CALL
1:	pause
	cmpq	$0, HV_BARE_ARRIVED
	je	1b
	outl	%eax, $HV_BARE_PORT_REPORT
	jmp	hv_bare_send

hv_bare_send_and_block:
	outl	%eax, $HV_BARE_PORT_CALL
1:	outl	%eax, $HV_BARE_PORT_BLOCK
	cmpq	$0, HV_BARE_ARRIVED
	je	1b
	movq	$0, HV_BARE_ARRIVED
	jmp	hv_bare_send_and_block

hv_bare_block_and_send:
	outl	%eax, $HV_BARE_PORT_BLOCK
	cmpq	$0, HV_BARE_ARRIVED + 8
	je	hv_bare_block_and_send
	movq	$0, HV_BARE_ARRIVED + 8
	outl	%eax, $HV_BARE_PORT_CALL
	jmp	hv_bare_block_and_send

/* Upcalls. The code they interrupt keeps nothing in these registers. */
hv_bare_stamp:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, HV_BARE_ARRIVED
	iretq

hv_bare_stamp_second:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, HV_BARE_ARRIVED + 8
	iretq
hv_bare_code_end:

	.section .note.GNU-stack, "", @progbits
