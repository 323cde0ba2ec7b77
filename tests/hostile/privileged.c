/* SPDX-License-Identifier: MIT
 *
 * What if a guest executes privileged instructions after all? Each ends it with
 * a report, or does it no good: some are harmless on some hosts (a UMIP-less
 * processor shows table addresses, software KVM answers vmcall itself).
 */
#include "../guest/cases.h"
#include "raw.h"

#define STOPPED "123"
#define STOPPED_OR_HARMLESS "0|123"

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

#define CASE(name, status, regex) { #name, name, status, regex }
#define PRIVILEGED(name) CASE(name, STOPPED, "general protection|undefined")
#define ANY "paravane"

static const struct test_case cases[] = {
	CASE(clear_interrupts, STOPPED, "general protection fault: cli"),
	CASE(set_interrupts, STOPPED, "general protection fault: sti"),
	CASE(halt, STOPPED, "general protection fault: hlt"),
	PRIVILEGED(read_cr0),
	PRIVILEGED(write_cr0),
	PRIVILEGED(read_cr2),
	PRIVILEGED(read_cr3),
	CASE(write_cr3, STOPPED, "control register"),
	PRIVILEGED(write_cr4),
	PRIVILEGED(write_cr8),
	PRIVILEGED(read_dr7),
	PRIVILEGED(write_dr7),
	PRIVILEGED(clear_task_switched),
	PRIVILEGED(load_status_word),
	CASE(store_status_word, STOPPED_OR_HARMLESS, ANY),
	CASE(load_gdt, STOPPED, "general protection fault: lgdt"),
	CASE(load_idt, STOPPED, "general protection fault: lidt"),
	PRIVILEGED(load_ldt),
	PRIVILEGED(load_task),
	CASE(store_gdt, STOPPED_OR_HARMLESS, ANY),
	CASE(store_idt, STOPPED_OR_HARMLESS, ANY),
	CASE(store_ldt, STOPPED_OR_HARMLESS, ANY),
	CASE(store_task, STOPPED_OR_HARMLESS, ANY),
	CASE(read_msr, STOPPED, "general protection fault: rdmsr"),
	CASE(write_msr, STOPPED, "general protection fault: wrmsr"),
	PRIVILEGED(write_efer),
	PRIVILEGED(read_counter),
	PRIVILEGED(flush_page),
	PRIVILEGED(flush_pcid),
	PRIVILEGED(invalidate_caches),
	PRIVILEGED(write_back_caches),
	PRIVILEGED(swap_gs),
	PRIVILEGED(set_extended_state),
	CASE(clear_access_check, STOPPED_OR_HARMLESS, ANY),
	CASE(set_access_check, STOPPED_OR_HARMLESS, ANY),
	CASE(system_call, STOPPED, ANY),
	CASE(system_enter, STOPPED, ANY),
	CASE(system_return, STOPPED, ANY),
	CASE(system_exit, STOPPED, ANY),
	CASE(call_hypervisor_intel, STOPPED_OR_HARMLESS, ANY),
	CASE(call_hypervisor_amd, STOPPED_OR_HARMLESS, ANY),
	CASE(wait_for_store, STOPPED, ANY),
	CASE(identify, STOPPED_OR_HARMLESS, ANY),
	CASE(interrupt_0, STOPPED, ANY),
	CASE(interrupt_1, STOPPED, ANY),
	CASE(interrupt_2, STOPPED, ANY),
	CASE(interrupt_4, STOPPED, ANY),
	CASE(interrupt_8, STOPPED, ANY),
	CASE(interrupt_13, STOPPED, ANY),
	CASE(interrupt_14, STOPPED, ANY),
	CASE(interrupt_32, STOPPED, ANY),
	CASE(interrupt_128, STOPPED, ANY),
	CASE(interrupt_255, STOPPED, ANY),
	CASE(read_port, STOPPED, ANY),
	CASE(write_port, STOPPED, ANY),
	CASE(write_serial_port, STOPPED, ANY),
	CASE(write_config_port, STOPPED, ANY),
	CASE(write_debug_exit_port, STOPPED, ANY),
	CASE(write_last_port, STOPPED, ANY),
	CASE(write_port_0, STOPPED, ANY),
	CASE(read_string_from_port, STOPPED, ANY),
	CASE(load_kernel_data, STOPPED, ANY),
	CASE(load_kernel_stack, STOPPED, ANY),
	CASE(load_bad_selector, STOPPED, ANY),
	CASE(far_return_to_kernel, STOPPED, ANY),
	CASE(interrupt_return_to_kernel, STOPPED, ANY),
	CASE(single_step, STOPPED_OR_HARMLESS, ANY),
	CASE(raise_io_privilege, STOPPED, ANY),
	CASE(nested_task, STOPPED, ANY),
	CASE(alignment_check, STOPPED_OR_HARMLESS, ANY),
	CASE(long_instruction, STOPPED, ANY),
	CASE(lock_invalid, STOPPED, ANY),
	CASE(virtual_machine_on, STOPPED, ANY),
	CASE(resume_system_management, STOPPED, ANY),
	CASE(user_wait, STOPPED_OR_HARMLESS, ANY),
	CASE(enter_enclave, STOPPED, ANY),
	CASE(protection_key, STOPPED_OR_HARMLESS, ANY),
};

CASES_MAIN(cases)
