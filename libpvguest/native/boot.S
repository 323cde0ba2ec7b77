/* SPDX-License-Identifier: MIT
 *
 * The first instructions: from 32-bit protected mode, where a PVH loader enters, or
 * from real mode, where another vCPU begins after INIT and SIPI, to 64-bit mode and
 * C. In a paravirtual guest the hypervisor has done all of this.
 *
 * PVH: Xen's docs/misc/pvh.pandoc. INIT and SIPI: SDM volume 3, 9.4 and 11.6. The way
 * to 64-bit mode: SDM volume 3, 10.8.5 (CR4.PAE, CR3, EFER.LME, CR0.PG, a far jump).
 */
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)
#define CR0_PE (1 << 0)
#define CR0_WP (1 << 16)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)

	/* XEN_ELFNOTE_PHYS32_ENTRY */
	.section .note.Xen, "a", @note
	.balign	4
	.long	4, 8, 18
	.asciz	"Xen"
	.quad	pvg_pvh_entry

	.text
	.code32
	.globl	pvg_pvh_entry
	.type	pvg_pvh_entry, @function
/* ebx: the start info. */
pvg_pvh_entry:
	cli
	cld
	movl	%ebx, %esi
	xorl	%ebp, %ebp	/* which vCPU: the first */

/* Paging off, flat segments; ebp, esi kept. */
to_64_bit:
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$root, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_NXE), %eax
	wrmsr
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax	/* caches on */
	orl	$(CR0_PE | CR0_WP | CR0_PG), %eax
	movl	%eax, %cr0
	lgdt	gdt_register
	ljmp	$0x08, $in_64_bit

	.code64
in_64_bit:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	testl	%ebp, %ebp
	jnz	another
	leaq	stack_end(%rip), %rsp
	movl	%esi, %edi
	xorl	%ebp, %ebp
	call	pvg_native_boot
another:
	movq	pvg_trampoline_cpu(%rip), %rdi
	leaq	8192(%rdi), %rsp	/* the end of its stack for double faults */
	xorl	%ebp, %ebp
	call	pvg_native_begin
	.size	pvg_pvh_entry, . - pvg_pvh_entry

/* What another vCPU does first: copied to a page below 1 MiB, which is its segment. */
	.globl	pvg_trampoline_start, pvg_trampoline_end
	.balign	16
	.code16
pvg_trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	near_gdt_register - pvg_trampoline_start
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$0x18, $in_32_bit
	.balign	8
near_gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt
pvg_trampoline_end:

	.code32
in_32_bit:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$1, %ebp
	jmp	to_64_bit

	.section .rodata.boot, "a"
	.balign	16
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
	.quad	0x00cf9b000000ffff	/* 0x18: 32-bit code */
gdt_end:
	.balign	8
gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt
	.long	0

/* The lowest 4 GiB at their own addresses, by pages of 2 MiB: present, writable. Only
 * until the vCPU has its own page tables. */
	.section .data.boot, "aw"
	.balign	4096
root:
	.quad	pointers + 3
	.fill	511, 8, 0
pointers:
	.quad	directory + 3, directory + 0x1003, directory + 0x2003
	.quad	directory + 0x3003
	.fill	508, 8, 0
directory:
	.set	page, 0
	.rept	2048
	.quad	page + 0x83
	.set	page, page + 0x200000
	.endr

	.section .bss.boot, "aw", @nobits
	.balign	16
	.skip	16384
stack_end:

	.section .note.GNU-stack, "", @progbits
