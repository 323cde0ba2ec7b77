/* SPDX-License-Identifier: MIT
 *
 * What if a user program tries whatever the processor has: privileged instructions,
 * ports, the kernel's and the hypervisor's addresses, flags, segments, wild system
 * calls? It ends, or it does itself no good; the kernel goes on as if nothing had
 * been.
 *
 * Clauses: X3 to X6, X8 to X10.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

static struct pv_user user;

#define PROGRAM(name, text) USER_PROGRAM(name, text "\nud2")

/* Each is to end with a trap before its ud2, unless it is harmless. */
#define PROGRAMS(X)                                                            \
	X(clear_interrupts, "cli")                                             \
	X(set_interrupts, "sti")                                               \
	X(halt, "hlt")                                                         \
	X(read_cr0, "mov %cr0, %rax")                                          \
	X(write_cr0, "mov %rax, %cr0")                                         \
	X(read_cr2, "mov %cr2, %rax")                                          \
	X(read_cr3, "mov %cr3, %rax")                                          \
	X(write_cr3, "mov %rax, %cr3")                                         \
	X(write_cr4, "mov %rax, %cr4")                                         \
	X(write_cr8, "mov %rax, %cr8")                                         \
	X(write_dr7, "mov %rax, %dr7")                                         \
	X(clear_task_switched, "clts")                                         \
	X(load_status_word, "lmsw %ax")                                        \
	X(load_gdt, "lgdt (%rsp)")                                             \
	X(load_idt, "lidt (%rsp)")                                             \
	X(load_ldt, "lldt %ax")                                                \
	X(load_task, "mov $0x10, %eax; ltr %ax")                               \
	X(read_msr, "mov $0xc0000080, %ecx; rdmsr")                            \
	X(write_msr, "mov $0xc0000080, %ecx; wrmsr")                           \
	X(flush_page, "invlpg (%rsp)")                                         \
	X(invalidate_caches, "invd")                                           \
	X(write_back_caches, "wbinvd")                                         \
	X(swap_gs, "swapgs")                                                   \
	X(set_extended_state, "xor %ecx, %ecx; xsetbv")                        \
	X(system_return, "sysretq")                                            \
	X(system_enter, "sysenter")                                            \
	X(interrupt_0, "int $0")                                               \
	X(interrupt_2, "int $2")                                               \
	X(interrupt_8, "int $8")                                               \
	X(interrupt_14, "int $14")                                             \
	X(interrupt_128, "int $0x80")                                          \
	X(interrupt_255, "int $255")                                           \
	X(breakpoint, "int3")                                                  \
	X(debug_interrupt, ".byte 0xf1")                                       \
	X(divide, "xor %ecx, %ecx; div %ecx")                                  \
	X(operation_port, "mov $1, %eax; out %eax, $0x50")                     \
	X(exit_operation, "mov $1, %eax; xor %edi, %edi; out %eax, $0x50")     \
	X(port_51, "out %al, $0x51")                                           \
	X(doorbell_port, "out %eax, $0x54")                                    \
	X(wide_syscall_port, "out %eax, $0x55")                                \
	X(word_syscall_port, "out %ax, $0x55")                                 \
	X(syscall_port, "out %al, $0x55")                                      \
	X(syscall_port_in, "in $0x55, %al")                                    \
	X(syscall_port_string_out, "mov $0x55, %edx; mov %rsp, %rsi; outsb")   \
	X(syscall_port_strings_out,                                            \
	  "mov $0x55, %edx; mov %rsp, %rsi; mov $-1, %rcx; rep outsb")         \
	X(syscall_port_string_in,                                              \
	  "mov $0x55, %edx; mov %rsp, %rdi; insb")                             \
	X(syscall_port_strings_in,                                             \
	  "mov $0x55, %edx; lea -256(%rsp), %rdi; mov $64, %ecx; rep insb")    \
	X(syscall_port_endless_in,                                             \
	  "mov $0x55, %edx; lea -256(%rsp), %rdi; mov $-1, %rcx; rep insb")    \
	X(syscall_port_in_nowhere, "mov $0x55, %edx; xor %edi, %edi; insb")    \
	X(return_port, "out %al, $0x56")                                       \
	X(port_57, "out %al, $0x57")                                           \
	X(fault_port, "out %al, $0x60")                                        \
	X(serial_port, "mov $0x3f8, %edx; out %al, %dx")                       \
	X(last_port, "mov $0xffff, %edx; out %eax, %dx")                       \
	X(read_port, "mov $0x60, %edx; in %dx, %al")                           \
	X(io_privilege, "pushfq; orq $0x3000, (%rsp); popfq; out %al, $0x50")  \
	X(kernel_data, "mov $0x10, %eax; mov %ax, %ds")                        \
	X(kernel_stack, "mov $0x10, %eax; mov %ax, %ss")                       \
	X(null_stack, "xor %eax, %eax; mov %ax, %ss")                          \
	X(far_selector, "mov $0xfff8, %eax; mov %ax, %es")                     \
	X(far_return, "pushq $8; lea 1f(%rip), %rax; push %rax; lretq; 1:")    \
	X(interrupt_return,                                                    \
	  "mov %rsp, %rdx; pushq $0x10; push %rdx; pushfq; pushq $8;"          \
	  "lea 1f(%rip), %rax; push %rax; iretq; 1:")                          \
	X(nested_task, "pushfq; orq $0x4000, (%rsp); popfq; iretq")            \
	X(single_step, "pushfq; orq $0x100, (%rsp); popfq; nop; nop")          \
	X(single_step_syscall,                                                 \
	  "pushfq; orq $0x100, (%rsp); popfq; syscall")                        \
	X(stack_shadow_port,                                                   \
	  "mov %ss, %eax; pushfq; orq $0x100, (%rsp); popfq; mov %ax, %ss; out %al, $0x55") \
	X(stack_shadow_step,                                                   \
	  "mov %ss, %eax; pushfq; orq $0x100, (%rsp); popfq; mov %ax, %ss; syscall") \
	X(kernel_address, "mov $0x200000, %eax; mov (%rax), %rax")             \
	X(page_0, "xor %eax, %eax; mov (%rax), %rax")                          \
	X(vcpu_page, "mov $0x7f8000000000, %rax; movl $0, (%rax)")             \
	X(fault_stack, "mov $0x7f8000040ff8, %rax; mov (%rax), %rax")          \
	X(operations_page, "mov $0x7f8000080000, %rax; call *%rax")            \
	X(boot_info, "mov $0x7f8000081000, %rax; mov (%rax), %rax")            \
	X(user_page_write, "mov $0x7f8000091000, %rax; movl $0, (%rax)")       \
	X(user_page_halt, "mov $0x7f8000091002, %rax; jmp *%rax")              \
	X(user_page_end, "mov $0x7f8000091fff, %rax; jmp *%rax")               \
	X(descriptors, "mov $0x7f8000092000, %rax; mov (%rax), %rax")          \
	X(stubs, "mov $0x7f8000092400, %rax; jmp *%rax")                       \
	X(task_state, "mov $0x7f8000093000, %rax; movl $0, (%rax)")            \
	X(page_tables, "mov $0x7f8000097000, %rax; mov (%rax), %rax")          \
	X(upper_half, "mov $-8, %rax; mov (%rax), %rax")                       \
	X(not_canonical, "mov $1, %eax; shl $47, %rax; mov (%rax), %rax")      \
	X(jump_not_canonical, "mov $1, %eax; shl $47, %rax; jmp *%rax")        \
	X(no_stack, "mov $1, %esp; push %rax")                                 \
	X(fs_base, "mov $1, %eax; shl $47, %rax; wrfsbase %rax")               \
	X(gs_base, "mov $1, %eax; shl $47, %rax; wrgsbase %rax")               \
	X(protection_keys,                                                     \
	  "mov $-1, %eax; xor %ecx, %ecx; xor %edx, %edx; wrpkru; syscall")    \
	X(hypercall_intel, "vmcall")                                           \
	X(hypercall_amd, "vmmcall")                                            \
	X(virtual_machine, "vmxon (%rsp)")                                     \
	X(secure_machine, "vmrun")                                             \
	X(long_instruction,                                                    \
	  ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90") \
	X(lock_invalid, ".byte 0xf0, 0x90")                                    \
	X(far_syscall_stack, "mov $1, %rsp; syscall")                          \
	X(kernel_syscall_stack, "mov $0x200000, %esp; syscall")                \
	X(window_syscall_stack, "mov $0x7f8000040800, %rsp; syscall")          \
	X(not_canonical_syscall_stack,                                         \
	  "mov $1, %esp; shl $47, %rsp; syscall")

#define DEFINE(name, text) PROGRAM(name, text)
PROGRAMS(DEFINE)

#define LIST(name, text) { #name, name##_begin, name##_end },
static const struct {
	const char *name;
	const uint8_t *begin, *end;
} programs[] = { PROGRAMS(LIST) };

static uint64_t fs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static uint64_t gs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

static uint64_t flags(void)
{
	uint64_t value;

	__asm__ volatile("pushfq; pop %0" : "=r"(value));
	return value & 0x47700; /* AC NT IOPL DF IF TF */
}

static void try(const char *name, const uint8_t *begin, const uint8_t *end)
{
	uint64_t fs = fs_base(), gs = gs_base(), before = flags();
	char text[80] = "the kernel outlives ";
	int64_t reason;

	memset(kernel_user_data, 0, sizeof(kernel_user_data));
	kernel_user_set(&user, begin, end);
	reason = kernel_user_run(&user);
	strncpy(text + strlen(text), name, sizeof(text) - 1 - strlen(text));
	if (!tap_ok((reason == PV_USER_TRAP || reason == PV_USER_SYSCALL) &&
			    fs_base() == fs && gs_base() == gs &&
			    flags() == before,
		    text))
		pvg_printf("# reason %ld vector %u rip 0x%lx\n", reason,
			   user.vector, user.rip);
}

/* The flags and the address of a SYSCALL that is none. */
USER_PROGRAM(forged, "mov $0x7f8000091000, %rax; jmp *%rax")

static void forge(uint64_t rcx, uint64_t r11, const char *name)
{
	const uint64_t users = 0x240dd7; /* what a program may have in its flags */
	bool canonical = rcx + (UINT64_C(1) << 47) < UINT64_C(1) << 48;
	int64_t reason;

	kernel_user_set(&user, forged_begin, forged_end);
	user.rcx = rcx;
	user.r11 = r11;
	reason = kernel_user_run(&user);
	/* Where SYSCALL arrives at ring 0 its stub is none for a program. */
	tap_ok(reason == PV_USER_TRAP ||
		       (canonical && reason == PV_USER_SYSCALL), name);
	if (canonical)
		tap_ok(reason == PV_USER_TRAP ? user.vector == 13
		       : user.rip == rcx && !(user.rflags & ~users),
		       "with an address of its own and flags of a user");
	/* Going on there is its own affair. */
	reason = kernel_user_run(&user);
	tap_ok(reason == PV_USER_TRAP || reason == PV_USER_SYSCALL,
	       "and goes on, or not");
}

USER_PROGRAM(nothing, "nop; syscall; ud2")

static void flags_in(void)
{
	kernel_user_set(&user, nothing_begin, nothing_end);
	user.rflags = ~UINT64_C(0x100);
	tap_equal(kernel_user_run(&user), PV_USER_SYSCALL,
		  "any flags but TF do no harm");
	user.rflags = UINT64_MAX;
	tap_equal(kernel_user_run(&user), PV_USER_TRAP, "all of them trap");
	tap_ok(user.vector == 1 || user.vector == 6, "for a step, or at its end");
	kernel_user_set(&user, nothing_begin, nothing_end);
	user.rflags = 0x100;
	tap_equal(kernel_user_run(&user), PV_USER_TRAP, "TF traps");
	tap_equal(user.vector, 1, "after a step");
	tap_equal((int64_t)(user.rip - USER_CODE), 1, "of one instruction");
	user.rflags = 0;
	tap_equal(kernel_user_run(&user), PV_USER_SYSCALL, "and it goes on");
}

/* Events come as fast as they can while user mode faults: an exception that was
 * about to be delivered must not be delivered to the kernel. */
USER_PROGRAM(faulting, "1: mov (%rdi), %rax; jmp 1b")

static unsigned upcalls;

static void on_upcall(struct kernel_regs *regs)
{
	(void)regs;
	kernel_take_events();
	upcalls++;
}

static volatile bool stop;

static void sender(uint64_t arg)
{
	(void)arg;
	while (!stop)
		CALL2(PV_OP_SEND_EVENT, 0, 16);
	kernel_down();
}

static void events_while_faulting(void)
{
	uint64_t end;
	unsigned runs = 0, wrong = 0;

	if (pvg_boot.vcpus < 2)
		return;
	kernel_upcalls(on_upcall, 0);
	kernel_page(0)->masked[0] = 0;
	kernel_up(1, sender, 0);
	end = kernel_now() + 1000000000;
	while (kernel_now() < end) {
		int64_t reason;

		kernel_user_set(&user, faulting_begin, faulting_end);
		user.rdi = 0x200000 + runs % 7 * 4096;
		reason = kernel_user_run(&user);
		wrong += reason != PV_USER_TRAP && reason != PV_USER_EVENT;
		wrong += reason == PV_USER_TRAP &&
			 (user.vector != 14 || user.fault_address != user.rdi);
		wrong += user.rip != USER_CODE;
		runs++;
	}
	stop = true;
	kernel_wait_down(1);
	CALL2(PV_OP_SET_UPCALL, 0, 0);
	pvg_printf("# %u runs, %u upcalls\n", runs, upcalls);
	tap_equal(wrong, 0, "a fault is reported once, an event apart from it");
}

int main(void)
{
	kernel_user_make();
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		try(programs[i].name, programs[i].begin, programs[i].end);
	forge(USER_CODE, UINT64_MAX, "a forged system call");
	forge(UINT64_C(0xffff800000000000), 0, "one from the upper half");
	forge(0, 0x202, "one from page 0");
	forge(PV_WINDOW_BASE, 0x3000, "one from the window");
	forge(NOT_CANONICAL, 2, "one from nowhere");
	flags_in();
	events_while_faulting();
	return tap_done();
}
