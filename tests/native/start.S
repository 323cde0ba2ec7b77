/* SPDX-License-Identifier: MIT
 *
 * A bare-metal kernel's way from PVH's entry to C in 64-bit mode, with the lowest
 * 4 GiB mapped where they are; and other processors' from their INIT and SIPI. No
 * interrupt is ever taken: there is no IDT.
 */
#define CR0_PG_PE 0x80000011
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100

	.section .note.Xen, "a", @note
	.long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad start

	.section .text.start, "ax"
	.code32
	.globl start
start:
	cld
	mov %ebx, start_info
	mov $stack_top, %esp
	lgdt gdt_pointer
	ljmp $8, $long_mode_on

	/* For all processors, with a stack. */
long_mode_on:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $root, %eax
	mov %eax, %cr3
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov $CR0_PG_PE, %eax
	mov %eax, %cr0
	ljmp $24, $start64

	.code64
start64:
	mov %esp, %esp /* its upper half is undefined */
	cmpl $stack_top, %esp
	jne other
	mov start_info, %edi
	call bare_start
	hlt
other:
	call bare_other
1:	hlt
	jmp 1b

	/* Copied to the page that a SIPI names, where a processor is in real mode
	 * with CS at that page. */
	.globl other_code, other_code_end
	.code16
other_code:
	cli
	xor %ax, %ax
	mov %ax, %ds
	lgdtl %cs:(3f - other_code)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $8, $other32
	.balign 4
3:	.word gdt_end - gdt - 1
	.long gdt
other_code_end:

	.code32
other32:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %ss
	mov $4096, %eax
	lock xaddl %eax, next_stack
	lea 4096(%eax), %esp
	jmp long_mode_on

	.section .rodata
	.balign 8
gdt:	.quad 0
	.quad 0x00cf9b000000ffff /* 8: code, 32 bits */
	.quad 0x00cf93000000ffff /* 16: data */
	.quad 0x00af9b000000ffff /* 24: code, 64 bits */
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt

	.data
start_info: .long 0
next_stack: .long other_stacks

	.balign 4096
root:	.quad third + 3
	.skip 4096 - 8
third:	.quad second + 3, second + 4096 + 3, second + 8192 + 3, second + 12288 + 3
	.skip 4096 - 32
second:	.set page, 0
	.rept 2048
	.quad page + 0x83 /* present, writable, 2 MiB */
	.set page, page + 0x200000
	.endr

	.bss
	.balign 4096
	.skip 16384
stack_top:
other_stacks:
	.skip 64 * 4096

	.section .note.GNU-stack, "", @progbits
