/* SPDX-License-Identifier: MIT
 *
 * What if a kernel makes itself ring 0 of its own VM? It can: the tables that map the
 * window are in memory that it can name. There it is what every kernel under KVM is,
 * and as powerless.
 *
 * What an instruction does there differs between hosts. It ends the guest, or hangs it
 * until its time is over; it has nothing to do with the hypervisor's own end.
 *
 * Clauses: F7.
 */
#include "../guest/cases.h"
#include "kernel.h"

KERNEL_NOTE;

#define NEAR UINT64_C(0x10000000000)
#define TABLES 8 /* of the window: a few, and first */
#define ENGINE (WINDOW_USER + PV_PAGE_BYTES) /* descriptors and stubs */
#define GATES 0x100
#define FAULT_STACK (PV_WINDOW_BASE + WINDOW_STACKS + PV_PAGE_BYTES)

PAGE_OF(engine);
PAGE_OF(stack);

static void map_window(uint64_t *root, uint64_t at, uint32_t offset, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		kernel_map(root, at + i * PV_PAGE_BYTES,
			   kernel_window_gpa() + offset + i * PV_PAGE_BYTES, PT_RW);
}

/* The engine's page becomes one of the guest's RAM, wherever it is mapped. */
static void replace_engine(void)
{
	const uint64_t old = kernel_window_gpa() + ENGINE;
	volatile uint64_t *entry = (volatile uint64_t *)(uintptr_t)NEAR;

	for (unsigned i = 0; i < TABLES * 512; i++)
		if ((entry[i] & PT_ADDRESS) == old && entry[i] & PT_P)
			entry[i] = ADDRESS(engine) | (entry[i] & ~PT_ADDRESS);
	CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
}

static void set_gate(unsigned vector, uint64_t to)
{
	uint64_t *gate = (uint64_t *)(void *)(engine + GATES + vector * 16);

	gate[0] = (gate[0] & UINT64_C(0x0000ffffffff0000)) | (to & 0xffff) |
		  (to >> 16 & 0xffff) << 48;
	gate[1] = to >> 32;
}

/* Go on at ring 0, in code that does not return. */
static void at_ring_0(const uint8_t *code)
{
	uint64_t *root = kernel_root();

	map_window(root, NEAR, WINDOW_MAPPED, TABLES);
	map_window(root, NEAR + (UINT64_C(1) << 21), ENGINE, 1);
	kernel_load(root);
	memcpy(engine, (void *)(uintptr_t)(NEAR + (UINT64_C(1) << 21)),
	       sizeof(engine));
	set_gate(6, ADDRESS(code));
	replace_engine();
	__asm__ volatile("ud2");
}

/* ---- what it does there; rsp is at the frame that the processor left */

#define CODE(name, text)                                  \
	extern const uint8_t code_##name[];               \
	__asm__(".pushsection .text\n"                    \
		".globl code_" #name "\n"                 \
		"code_" #name ":\n" text "\n"             \
		"1: hlt; jmp 1b\n"                        \
		".popsection\n");                         \
	static void name(void)                            \
	{                                                 \
		at_ring_0(code_##name);                   \
	}

/* At a stub, with a frame of its own making at the top of the fault stack. */
#define FORGE(vector, error, rip, cs, flags, rsp)            \
	"mov $0x7f8000041000, %rsp;"                         \
	"push $0x2b; mov $" rsp ", %rax; push %rax;"         \
	"mov $" flags ", %rax; push %rax; push $" cs ";"     \
	"mov $" rip ", %rax; push %rax;" error               \
	"mov $0x7f8000092400 + 8 * " vector ", %rax; jmp *%rax"

#define CODES(X)                                                          \
	X(halt, "hlt")                                                    \
	X(halt_with_interrupts, "sti; hlt")                               \
	X(spin, "2: jmp 2b")                                              \
	X(nop_operation, "xor %eax, %eax; out %eax, $0x50")               \
	X(exit_operation, "xor %edi, %edi; mov $1, %eax; out %eax, $0x50")  \
	X(no_such_operation, "mov $-1, %eax; out %eax, $0x50")            \
	X(byte_operation, "out %al, $0x50")                               \
	X(doorbell, "mov $-1, %eax; out %eax, $0x54")                     \
	X(syscall_port, "out %al, $0x55")                                 \
	X(return_port, "out %al, $0x56")                                  \
	X(fault_port, "out %al, $0x60")                                   \
	X(fault_port_no_stack, "xor %esp, %esp; out %al, $0x60")          \
	X(fault_port_odd_stack, "mov $0x7f8000040ff9, %rsp; out %al, $0x60") \
	X(fault_port_low_stack, "mov $0x7f8000040000, %rsp; out %al, $0x60") \
	X(fault_port_high_stack, "mov $0x7f8000040ff0, %rsp; out %al, $0x60") \
	X(forged_vector, FORGE("31", "", "8", "0x33", "2", "8"))         \
	X(forged_keys, FORGE("6", "", "0x7f80000803af", "0x33", "2", "8")) \
	X(past_the_stubs, FORGE("32", "push $-1;", "8", "0x33", "2", "8"))       \
	X(forged_rip, FORGE("14", "push $-1;", "0x8000000000000000", "0x33", "-1", \
			    "0x8000000000000000"))                        \
	X(forged_flags, FORGE("14", "push $0;", "16", "8", "0x7fffffffffffffff", "64")) \
	X(string_out, "mov $0x50, %edx; mov $64, %ecx; mov %rsp, %rsi; rep outsl") \
	X(string_in, "mov $0x50, %edx; mov $64, %ecx; lea -512(%rsp), %rdi; rep insl") \
	X(other_port, "mov $0xcf9, %edx; mov $6, %eax; out %al, %dx")     \
	X(other_port_in, "mov $0x60, %edx; in %dx, %eax")                 \
	X(no_paging, "mov %cr0, %rax; btr $31, %rax; mov %rax, %cr0")     \
	X(no_protection, "xor %eax, %eax; mov %rax, %cr0")                \
	X(no_root, "xor %eax, %eax; mov %rax, %cr3; mov (%rax), %rax")    \
	X(far_root, "mov $0x7ffffffff000, %rax; mov %rax, %cr3; mov (%rax), %rax") \
	X(no_features, "xor %eax, %eax; mov %rax, %cr4")                  \
	X(all_features, "mov $-1, %rax; mov %rax, %cr4")                  \
	X(no_long_mode, "mov $0xc0000080, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr") \
	X(msr, "mov $0x1b, %ecx; mov $-1, %eax; mov $-1, %edx; wrmsr")    \
	X(read_msr, "mov $0x12345678, %ecx; rdmsr")                       \
	X(no_gates, "push $0; push $0; lidt (%rsp); ud2")                 \
	X(no_descriptors, "push $0; push $0; lgdt (%rsp); mov $8, %eax; mov %ax, %ds") \
	X(local_descriptors, "mov $8, %eax; lldt %ax")                    \
	X(task, "mov $8, %eax; ltr %ax")                                  \
	X(interrupt, "int $0x80")                                         \
	X(swap_gs, "swapgs; mov %gs:0, %rax")                             \
	X(caches, "wbinvd; invd")                                         \
	X(breakpoints, "mov %rsp, %rax; mov %rax, %dr0; mov $0x403, %eax; mov %rax, %dr7; push %rax") \
	X(extended, "xor %ecx, %ecx; mov $-1, %eax; mov $-1, %edx; xsetbv") \
	X(system_return, "mov $8, %ecx; sysretq")                         \
	X(management, "rsm")                                              \
	X(virtual, "vmxoff")                                              \
	X(apic, "mov $0xfee00000, %eax; movl $0, (%rax)")                 \
	X(step, "pushfq; orq $0x100, (%rsp); popfq; nop")                 \
	X(virtual_8086, "push $0; push $0x1000; push $0x23002; push $0; push $0x100; iretq") \
	X(ring_1, "push $0x29; push %rsp; push $2; push $0x31; push $0x100; iretq") \
	X(compatibility, "push $8; push $0x100; lretl")

CODES(CODE)

/* ---- with others */

static void send_for_ever(uint64_t arg)
{
	(void)arg;
	for (;;) {
		CALL2(PV_OP_SEND_EVENT, 0, 16);
		CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
	}
}

static void exit_upcall(struct kernel_regs *regs)
{
	(void)regs;
	CALL1(PV_OP_EXIT, 0);
}

/* An upcall of one that is at ring 0. */
static void upcall_there(void)
{
	kernel_page(0)->masked[0] = 0;
	kernel_page(0)->upcalls_masked = 1;
	kernel_upcalls(exit_upcall, ADDRESS(stack + sizeof(stack)));
	kernel_up(1, send_for_ever, 0);
	kernel_page(0)->upcalls_masked = 0;
	kernel_page(0)->masked[0] = UINT64_MAX;
	spin();
}

static void flushed_there(void)
{
	kernel_page(0)->masked[0] = UINT64_MAX;
	kernel_up(1, send_for_ever, 0);
	spin();
}

static void *at_fault_stack(uint64_t *root)
{
	map_window(root, NEAR, WINDOW_STACKS, 2);
	return (void *)(uintptr_t)NEAR;
}

/* No ring 0 is needed to write where the other's exceptions leave their frames. */
static void scribble(uint64_t arg)
{
	volatile uint64_t *words = (volatile uint64_t *)(uintptr_t)arg;

	for (uint64_t i = 0;; i++)
		words[512 - 1 - i % 8] = i * UINT64_C(0x9e3779b97f4a7c15) >> i % 64;
}

static void skip(struct kernel_regs *regs)
{
	(void)regs;
}

static void scribbled_fault_stack(void)
{
	uint64_t *root = kernel_root();
	void *words = at_fault_stack(root);

	kernel_load(root);
	kernel_traps(skip, UINT32_MAX);
	kernel_up(1, scribble, ADDRESS(words));
	for (unsigned i = 0; i < 20000; i++)
		__asm__ volatile("int3");
}

#define ANY "0|123|124"
#define CASE(name, text) { #name, name, ANY, "stopped" },

static const struct test_case cases[] = {
	CODES(CASE)
	CASE(upcall_there, )
	CASE(flushed_there, )
	CASE(scribbled_fault_stack, )
};

CASES_MAIN(cases)
