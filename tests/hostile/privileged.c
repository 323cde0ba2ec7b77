/* SPDX-License-Identifier: MIT
 *
 * What if a guest executes privileged instructions after all? Each ends it with
 * a report, or does it no good: some are harmless on some hosts (a UMIP-less
 * processor shows table addresses, software KVM answers vmcall itself).
 *
 * Clauses: E8, E9, F1.
 */
#include "../guest/cases.h"
#include "raw.h"

static uint8_t memory[64] __attribute__((aligned(64)));

#define INSTRUCTION(name, text)                                           \
	static void name(void)                                            \
	{                                                                 \
		__asm__ volatile(text : : "D"(memory), "a"(0), "c"(0),    \
				 "d"(0) : "rbx", "r11", "memory", "cc"); \
	}

INSTRUCTION(clear_interrupts, "cli")
INSTRUCTION(set_interrupts, "sti")
INSTRUCTION(halt, "hlt")
INSTRUCTION(read_cr0, "mov %%cr0, %%rax")
INSTRUCTION(write_cr0, "mov %%rax, %%cr0")
INSTRUCTION(read_cr2, "mov %%cr2, %%rax")
INSTRUCTION(read_cr3, "mov %%cr3, %%rax")
INSTRUCTION(write_cr3, "mov %%rax, %%cr3")
INSTRUCTION(write_cr4, "mov %%rax, %%cr4")
INSTRUCTION(write_cr8, "mov %%rax, %%cr8")
INSTRUCTION(read_dr7, "mov %%dr7, %%rax")
INSTRUCTION(write_dr7, "mov %%rax, %%dr7")
INSTRUCTION(clear_task_switched, "clts")
INSTRUCTION(load_status_word, "lmsw %%ax")
INSTRUCTION(store_status_word, "smsw %%rax")
INSTRUCTION(load_gdt, "lgdt (%%rdi)")
INSTRUCTION(load_idt, "lidt (%%rdi)")
INSTRUCTION(load_ldt, "lldt %%ax")
INSTRUCTION(load_task, "ltr %%ax")
INSTRUCTION(store_gdt, "sgdt (%%rdi)")
INSTRUCTION(store_idt, "sidt (%%rdi)")
INSTRUCTION(store_ldt, "sldt %%rax")
INSTRUCTION(store_task, "str %%rax")
INSTRUCTION(read_msr, "rdmsr")
INSTRUCTION(write_msr, "wrmsr")
INSTRUCTION(write_efer, "mov $0xc0000080, %%ecx; wrmsr")
INSTRUCTION(read_counter, "rdpmc")
INSTRUCTION(flush_page, "invlpg (%%rdi)")
INSTRUCTION(flush_pcid, "invpcid (%%rdi), %%rax")
INSTRUCTION(invalidate_caches, "invd")
INSTRUCTION(write_back_caches, "wbinvd")
INSTRUCTION(swap_gs, "swapgs")
INSTRUCTION(set_extended_state, "xsetbv")
INSTRUCTION(clear_access_check, "clac")
INSTRUCTION(set_access_check, "stac")
INSTRUCTION(system_call, "syscall")
INSTRUCTION(system_enter, "sysenter")
INSTRUCTION(system_return, "sysretq")
INSTRUCTION(system_exit, "sysexitq")
INSTRUCTION(call_hypervisor_intel, "vmcall")
INSTRUCTION(call_hypervisor_amd, "vmmcall")
INSTRUCTION(wait_for_store, "monitor; mwait")
INSTRUCTION(identify, "cpuid")
INSTRUCTION(interrupt_0, "int $0")
INSTRUCTION(interrupt_1, ".byte 0xf1")
INSTRUCTION(interrupt_2, "int $2")
INSTRUCTION(interrupt_4, "int $4")
INSTRUCTION(interrupt_8, "int $8")
INSTRUCTION(interrupt_13, "int $13")
INSTRUCTION(interrupt_14, "int $14")
INSTRUCTION(interrupt_32, "int $32")
INSTRUCTION(interrupt_128, "int $0x80")
INSTRUCTION(interrupt_255, "int $255")
INSTRUCTION(read_port, "mov $0x60, %%edx; inb %%dx, %%al")
INSTRUCTION(write_port, "mov $0x80, %%edx; outb %%al, %%dx")
INSTRUCTION(write_serial_port, "mov $0x3f8, %%edx; outb %%al, %%dx")
INSTRUCTION(write_config_port, "mov $0xcf8, %%edx; outl %%eax, %%dx")
INSTRUCTION(write_debug_exit_port, "mov $0x501, %%edx; outl %%eax, %%dx")
INSTRUCTION(write_last_port, "mov $0xffff, %%edx; outl %%eax, %%dx")
INSTRUCTION(write_port_0, "outb %%al, $0")
INSTRUCTION(read_string_from_port, "mov $4, %%ecx; mov $0x60, %%edx; rep insb")
INSTRUCTION(load_kernel_data, "mov $0x10, %%eax; mov %%ax, %%ds")
INSTRUCTION(load_kernel_stack, "mov $0x10, %%eax; mov %%ax, %%ss")
INSTRUCTION(load_bad_selector, "mov $0xfff8, %%eax; mov %%ax, %%es")
INSTRUCTION(far_return_to_kernel, "pushq $8; pushq $0; lretq")
INSTRUCTION(interrupt_return_to_kernel,
	    "pushq $0x10; pushq %%rdi; pushfq; pushq $8; pushq $0; iretq")
INSTRUCTION(single_step, "pushfq; orq $0x100, (%%rsp); popfq; nop; nop")
INSTRUCTION(raise_io_privilege,
	    "pushfq; orq $0x3000, (%%rsp); popfq; outb %%al, $0x80")
INSTRUCTION(nested_task, "pushfq; orq $0x4000, (%%rsp); popfq; iretq")
INSTRUCTION(alignment_check,
	    "pushfq; orq $0x40000, (%%rsp); popfq; mov 1(%%rdi), %%eax")
INSTRUCTION(long_instruction,
	    ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90")
INSTRUCTION(lock_invalid, ".byte 0xf0, 0x90")
INSTRUCTION(virtual_machine_on, "vmxon (%%rdi)")
INSTRUCTION(resume_system_management, "rsm")
INSTRUCTION(user_wait, ".byte 0x66, 0x0f, 0xae, 0xf0") /* tpause eax */
INSTRUCTION(enter_enclave, ".byte 0x0f, 0x01, 0xd7")

static void protection_key(void)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xef"
			 : : "a"(0xffffffff), "c"(0), "d"(0) : "memory");
}

#define CASE(name, status, regex) \
	{ #name, name, status, "guest stopped: " regex }
#define STOPPED(name, regex) CASE(name, "123", regex)
/* Which exception it is depends on the processor and its features. */
#define REFUSED "(general protection|undefined)"
#define PRIVILEGED(name) STOPPED(name, REFUSED)
#define PRIVILEGED_OR_HARMLESS(name) CASE(name, "0|123", REFUSED)
/* A KVM further out may write what it takes for the right one over the wrong one. */
#define HYPERCALL(name)                                                        \
	CASE(name, "0|123", "(general protection|undefined|page fault: write to 0x[0-9a-f]+, a read-only part of the image)")
#define PROTECTED(name, what) STOPPED(name, "general protection fault" what)

static const struct test_case cases[] = {
	PROTECTED(clear_interrupts, ": cli"),
	PROTECTED(set_interrupts, ": sti"),
	PROTECTED(halt, ": hlt"),
	PRIVILEGED(read_cr0),
	PRIVILEGED(write_cr0),
	PRIVILEGED(read_cr2),
	PRIVILEGED(read_cr3),
	STOPPED(write_cr3, ".*control register"),
	PRIVILEGED(write_cr4),
	PRIVILEGED(write_cr8),
	PRIVILEGED(read_dr7),
	PRIVILEGED(write_dr7),
	PRIVILEGED(clear_task_switched),
	PRIVILEGED(load_status_word),
	PRIVILEGED_OR_HARMLESS(store_status_word),
	PROTECTED(load_gdt, ": lgdt"),
	PROTECTED(load_idt, ": lidt"),
	PRIVILEGED(load_ldt),
	PRIVILEGED(load_task),
	PRIVILEGED_OR_HARMLESS(store_gdt),
	PRIVILEGED_OR_HARMLESS(store_idt),
	PRIVILEGED_OR_HARMLESS(store_ldt),
	PRIVILEGED_OR_HARMLESS(store_task),
	PROTECTED(read_msr, ": rdmsr"),
	PROTECTED(write_msr, ": wrmsr"),
	PRIVILEGED(write_efer),
	PRIVILEGED(read_counter),
	PRIVILEGED(flush_page),
	PRIVILEGED(flush_pcid),
	PRIVILEGED(invalidate_caches),
	PRIVILEGED(write_back_caches),
	PRIVILEGED(swap_gs),
	PRIVILEGED(set_extended_state),
	PRIVILEGED_OR_HARMLESS(clear_access_check),
	PRIVILEGED_OR_HARMLESS(set_access_check),
	STOPPED(system_call, "undefined instruction: syscall"),
	PRIVILEGED(system_enter),
	PRIVILEGED(system_return),
	PRIVILEGED(system_exit),
	HYPERCALL(call_hypervisor_intel),
	HYPERCALL(call_hypervisor_amd),
	PRIVILEGED(wait_for_store),
	PRIVILEGED(interrupt_0),
	STOPPED(interrupt_1, "debug exception"),
	PRIVILEGED(interrupt_2),
	STOPPED(interrupt_4, "(overflow|general protection)"),
	PRIVILEGED(interrupt_8),
	PRIVILEGED(interrupt_13),
	PRIVILEGED(interrupt_14),
	PRIVILEGED(interrupt_32),
	PRIVILEGED(interrupt_128),
	PRIVILEGED(interrupt_255),
	PROTECTED(read_port, ": in is"),
	PROTECTED(write_port, ": out is"),
	PROTECTED(write_serial_port, ": out is"),
	PROTECTED(write_config_port, ": out is"),
	PROTECTED(write_debug_exit_port, ": out is"),
	PROTECTED(write_last_port, ": out is"),
	PROTECTED(write_port_0, ": out is"),
	PROTECTED(read_string_from_port, ""),
	PROTECTED(load_kernel_data, ""),
	PROTECTED(load_kernel_stack, ""),
	PROTECTED(load_bad_selector, ""),
	PROTECTED(far_return_to_kernel, ""),
	PROTECTED(interrupt_return_to_kernel, ""),
	STOPPED(single_step, "debug exception"),
	PROTECTED(raise_io_privilege, ": out is"),
	PROTECTED(nested_task, ""),
	CASE(alignment_check, "0|123", "misaligned access"),
	PROTECTED(long_instruction, ""),
	STOPPED(lock_invalid, "undefined instruction"),
	STOPPED(virtual_machine_on, "undefined instruction"),
	STOPPED(resume_system_management, "undefined instruction"),
	PRIVILEGED_OR_HARMLESS(user_wait),
	PRIVILEGED(enter_enclave),
	CASE(protection_key, "0|123", "(undefined|page fault: .*PKRU)"),
	/* The one that a guest may execute (E9). */
	{ "identify", identify, "0", "silent" },
};

CASES_MAIN(cases)
