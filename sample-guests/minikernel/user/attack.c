/* SPDX-License-Identifier: MIT
 *
 * attack: what programs must not do, each thing by a child of its own, and what has
 * to come of it. Fails if anything else did.
 */
#include "lib.h"

/* What the kernel, the hypervisor and nobody have in their address spaces. */
#define NULL_PAGE 0l
#define KERNEL 0x10000l
#define KERNEL_RAM 0x180000l
#define BEHIND_USER ((long)USER_END)
#define HYPERVISOR 0x7f8000000000l
#define UPPER_HALF (-(1l << 47))
#define NOT_CANONICAL (1l << 62)

#define SURVIVES 0
#define WEIRD 77 /* a child that lived on where it should not */

/* Memory. */

static void reads(long address)
{
	(void)*(volatile char *)address;
}

static void writes(long address)
{
	*(volatile char *)address = 1;
}

static void executes(long address)
{
	((void (*)(void))address)();
}

static void writes_text(long unused)
{
	(void)unused;
	writes((long)reads);
}

static void writes_constant(long unused)
{
	static const char constant[] = "constant";

	(void)unused;
	writes((long)constant);
}

static void executes_data(long unused)
{
	static unsigned char ret[] = { 0xc3 };

	(void)unused;
	executes((long)ret);
}

static void executes_stack(long unused)
{
	volatile unsigned char ret[] = { 0xc3 };

	(void)unused;
	executes((long)ret);
}

static void overflows_stack(long unused)
{
	/* Too far for the compiler to see, and never back. */
	__asm__ volatile("1: pushq %0; jmp 1b" : : "r"(unused) : "memory");
}

/* Instructions. */

#define INSTRUCTION(name, text)                                               \
	static void name(long value)                                          \
	{                                                                     \
		__asm__ volatile(text                                         \
				 : "+a"(value)                                \
				 :                                            \
				 : "rcx", "rdx", "rbx", "memory", "cc");      \
	}

INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_sti, "sti")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_read_cr0, "movq %%cr0, %%rax")
INSTRUCTION(do_write_cr3, "movq %%rax, %%cr3")
INSTRUCTION(do_write_cr4, "movq %%rax, %%cr4")
INSTRUCTION(do_write_dr7, "movq %%rax, %%dr7")
INSTRUCTION(do_rdmsr, "movl $0xc0000082, %%ecx; rdmsr")
INSTRUCTION(do_wrmsr, "movl $0xc0000082, %%ecx; xorl %%edx, %%edx; wrmsr")
INSTRUCTION(do_lidt, "lidt -16(%%rsp)")
INSTRUCTION(do_lgdt, "lgdt -16(%%rsp)")
INSTRUCTION(do_ltr, "movl $8, %%eax; ltr %%ax")
INSTRUCTION(do_swapgs, "swapgs")
INSTRUCTION(do_invlpg, "invlpg (%%rsp)")
INSTRUCTION(do_wbinvd, "wbinvd")
INSTRUCTION(do_clts, "clts")
INSTRUCTION(do_xsetbv, "movl $0, %%ecx; xorl %%edx, %%edx; xsetbv")
INSTRUCTION(do_sysret, "movq $0x10000, %%rcx; sysretq")
INSTRUCTION(do_in, "movl %%eax, %%edx; inb %%dx, %%al")
INSTRUCTION(do_out, "movl %%eax, %%edx; outb %%al, %%dx")
INSTRUCTION(do_out_long, "movl %%eax, %%edx; outl %%eax, %%dx")
INSTRUCTION(do_ud2, "ud2")
INSTRUCTION(do_int3, "int3")
INSTRUCTION(do_int80, "int $0x80")
INSTRUCTION(do_int14, "int $14")
INSTRUCTION(do_int32, "int $32")
INSTRUCTION(do_divide, "xorl %%edx, %%edx; xorl %%ecx, %%ecx; divl %%ecx")
INSTRUCTION(do_step, "pushfq; orl $0x100, (%%rsp); popfq; nop; nop")

/* The kernel's own way to the hypervisor may be one of these. */
static void outs_everywhere(long unused)
{
	(void)unused;
	for (long i = 0; i < 256; i++) {
		int status, pid = fork();

		if (pid == 0) {
			(i % 2 ? do_out_long : do_out)(i / 2);
			exit(WEIRD);
		}
		if (wait(pid, &status) != pid || status != DIED_ILLEGAL)
			exit(WEIRD);
	}
}

/* Frames and stacks. */

/* To the kernel's code segment, as the way back from an interrupt. */
static void do_iret(long selector)
{
	__asm__ volatile("pushq $0; pushq %%rsp; pushfq; pushq %0;"
			 "pushq $0x10000; iretq" : : "r"(selector) : "memory");
}

static void pushes_at(long stack)
{
	__asm__ volatile("movq %0, %%rsp; pushq %%rax" : : "r"(stack) : "memory");
}

/* No call looks at the stack: this one is as good as any, and ends well. */
static void calls_at(long stack)
{
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "movl %1, %%eax; syscall\n\t"
			 "movl %2, %%eax; xorl %%edi, %%edi; syscall"
			 : : "r"(stack), "i"(CALL_GETPID), "i"(CALL_EXIT)
			 : "memory");
}

static void stack_and_fault(long stack)
{
	__asm__ volatile("movq %0, %%rsp; ud2" : : "r"(stack) : "memory");
}

/* FS and GS may lead anywhere; what is there is still not the program's. */
static void reads_by_gs(long base)
{
	__asm__ volatile("wrgsbase %0; movq %%gs:0, %%rax"
			 : : "r"(base) : "rax", "memory");
}

/* Calls. Each child exits 0 if all were refused. */

static void refuses(bool refused)
{
	if (!refused)
		exit(WEIRD);
}

static void bad_numbers(long unused)
{
	const long numbers[] = { CALL_DISK_READ + 1, 1000, -1, 1l << 32, 1l << 62,
				 INT64_MIN };

	(void)unused;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		long answer = numbers[i];

		__asm__ volatile("syscall" : "+a"(answer)
				 : : "rcx", "r11", "memory");
		refuses(answer == -E_CALL);
	}
}

static void bad_pointer(long at)
{
	char *const good[] = { (char[]){ "echo" }, NULL };
	char *const bad[] = { (char[]){ "echo" }, (char *)at, NULL };
	int fd[2];

	refuses(pipe(fd) == 0);
	refuses(write(fd[1], (void *)at, 8) == -E_FAULT);
	refuses(write(1, (void *)at, 8) == -E_FAULT);
	refuses(write(fd[1], "1234567", 8) == 8);
	refuses(read(fd[0], (void *)at, 8) == -E_FAULT);
	refuses(call(CALL_PIPE, at, 0, 0) == -E_FAULT);
	refuses(call(CALL_OPEN, at, 0, 0) == -E_FAULT);
	refuses(call(CALL_EXEC, at, (long)good, 0) == -E_FAULT);
	refuses(at == 0 || exec("echo", bad) == -E_FAULT);
	refuses(call(CALL_EXEC, (long)"echo", at, 0) == -E_FAULT);
	refuses(call(CALL_DISK_READ, 0, at, 0) == -E_FAULT);
	refuses(at == 0 || wait(-1, (int *)at) == -E_FAULT);
}

static void bad_ends(long unused)
{
	char *page = sbrk(4096);
	long end = (long)page + 4096;

	(void)unused;
	refuses(page != NULL);
	refuses(write(1, (void *)(end - 4), 8) == -E_FAULT);
	refuses(write(1, (void *)-4l, 8) == -E_FAULT);
	refuses(call(CALL_READ, 0, (long)bad_ends, 8) == -E_FAULT);
	refuses(disk_read(0, page + 1) == -E_FAULT);
	refuses(disk_read(0, (void *)bad_ends) == -E_FAULT);
	for (int i = 0; i < 4096; i++)
		page[i] = 'x'; /* a name without an end */
	refuses(call(CALL_OPEN, end - 8, 0, 0) == -E_FAULT);
	refuses(call(CALL_OPEN, (long)page, 0, 0) == -E_ARGUMENT);
}

static void bad_values(long unused)
{
	const long wild[] = { -1, FILES_MAX, 1000, 1l << 40, INT64_MIN };
	char *const self[] = { (char[]){ "boot.sh" }, NULL };
	char byte = 0;

	(void)unused;
	for (unsigned i = 0; i < sizeof(wild) / sizeof(*wild); i++) {
		refuses(call(CALL_READ, wild[i], (long)&byte, 1) == -E_FILE);
		refuses(call(CALL_WRITE, wild[i], (long)&byte, 1) == -E_FILE);
		refuses(call(CALL_CLOSE, wild[i], 0, 0) == -E_FILE);
		refuses(call(CALL_DUP, wild[i], 1, 0) == -E_FILE);
		refuses(call(CALL_DUP, 1, wild[i], 0) == -E_FILE);
		refuses(call(CALL_WAIT, wild[i], 0, 0) == -E_CHILD);
		refuses(call(CALL_KILL, 1l << 40 | i, 0, 0) == -E_PROCESS);
	}
	refuses(disk_read(disk_pages(), &byte) == -E_DISK);
	refuses(disk_read(-1, &byte) == -E_DISK);
	refuses(disk_read(INT64_MIN / 4096, &byte) == -E_DISK);
	refuses(call(CALL_KILL, INT64_MIN, 0, 0) == -E_PROCESS);
	refuses(kill(0) == -E_PROCESS);
	refuses(kill(1) == -E_PROCESS); /* the shell */
	refuses(exec("boot.sh", self) == -E_FORMAT);
	refuses(exec("nothing", self) == -E_NAME);
	refuses(call(CALL_SBRK, 1, 0, 0) == -E_ARGUMENT);
	refuses(call(CALL_SBRK, -4096, 0, 0) == -E_MEMORY);
	refuses(call(CALL_SBRK, 1l << 40, 0, 0) == -E_MEMORY);
	refuses(call(CALL_SBRK, INT64_MIN, 0, 0) == -E_MEMORY);
}

/* More of them than the kernel has buffers for, killed in the middle of it: what the
 * device still writes then must not be anybody's. */
static void killed_while_reading(long unused)
{
	enum { CHILDREN = 40 };
	static char page[4096];
	int pid[CHILDREN], status;

	(void)unused;
	for (int i = 0; i < CHILDREN; i++) {
		pid[i] = fork();
		while (pid[i] == 0)
			refuses(disk_read(i % disk_pages(), page) == 0);
		refuses(pid[i] > 0);
	}
	sleep_ms(20);
	for (int i = 0; i < CHILDREN; i++)
		refuses(kill(pid[i]) == 0 && wait(pid[i], &status) == pid[i] &&
			status == DIED_KILLED);
	refuses(disk_read(0, page) == 0);
}

static const struct attack {
	const char *name;
	void (*fn)(long argument);
	long argument;
	int status;
	int or_else; /* by host */
} attacks[] = {
	{ "reads page 0", reads, NULL_PAGE, DIED_BAD_ADDRESS, 0 },
	{ "reads the kernel", reads, KERNEL, DIED_BAD_ADDRESS, 0 },
	{ "writes to the kernel", writes, KERNEL, DIED_BAD_ADDRESS, 0 },
	{ "executes the kernel", executes, KERNEL, DIED_BAD_ADDRESS, 0 },
	{ "reads the kernel's RAM", reads, KERNEL_RAM, DIED_BAD_ADDRESS, 0 },
	{ "writes to the kernel's RAM", writes, KERNEL_RAM, DIED_BAD_ADDRESS, 0 },
	{ "reads behind its space", reads, BEHIND_USER, DIED_BAD_ADDRESS, 0 },
	{ "reads the hypervisor's window", reads, HYPERVISOR, DIED_BAD_ADDRESS, 0 },
	{ "writes to the window", writes, HYPERVISOR, DIED_BAD_ADDRESS, 0 },
	{ "executes the window", executes, HYPERVISOR, DIED_BAD_ADDRESS, 0 },
	{ "reads the upper half", reads, UPPER_HALF, DIED_BAD_ADDRESS, 0 },
	{ "writes to the upper half", writes, UPPER_HALF, DIED_BAD_ADDRESS, 0 },
	{ "executes the upper half", executes, UPPER_HALF, DIED_BAD_ADDRESS,
	  DIED_ILLEGAL },
	{ "reads what is not canonical", reads, NOT_CANONICAL, DIED_ILLEGAL, 0 },
	{ "executes what is not canonical", executes, NOT_CANONICAL,
	  DIED_ILLEGAL, DIED_BAD_ADDRESS },
	{ "writes to its text", writes_text, 0, DIED_BAD_ADDRESS, 0 },
	{ "writes to a constant", writes_constant, 0, DIED_BAD_ADDRESS, 0 },
	{ "executes its data", executes_data, 0, DIED_BAD_ADDRESS, 0 },
	{ "executes its stack", executes_stack, 0, DIED_BAD_ADDRESS, 0 },
	{ "overflows its stack", overflows_stack, 0, DIED_BAD_ADDRESS, 0 },
	{ "cli", do_cli, 0, DIED_ILLEGAL, 0 },
	{ "sti", do_sti, 0, DIED_ILLEGAL, 0 },
	{ "hlt", do_hlt, 0, DIED_ILLEGAL, 0 },
	{ "mov from cr0", do_read_cr0, 0, DIED_ILLEGAL, 0 },
	{ "mov to cr3", do_write_cr3, 0, DIED_ILLEGAL, 0 },
	{ "mov to cr4", do_write_cr4, 0, DIED_ILLEGAL, 0 },
	{ "mov to dr7", do_write_dr7, 0, DIED_ILLEGAL, 0 },
	{ "rdmsr", do_rdmsr, 0, DIED_ILLEGAL, 0 },
	{ "wrmsr", do_wrmsr, 0, DIED_ILLEGAL, 0 },
	{ "lidt", do_lidt, 0, DIED_ILLEGAL, 0 },
	{ "lgdt", do_lgdt, 0, DIED_ILLEGAL, 0 },
	{ "ltr", do_ltr, 0, DIED_ILLEGAL, 0 },
	{ "swapgs", do_swapgs, 0, DIED_ILLEGAL, 0 },
	{ "invlpg", do_invlpg, 0, DIED_ILLEGAL, 0 },
	{ "wbinvd", do_wbinvd, 0, DIED_ILLEGAL, 0 },
	{ "clts", do_clts, 0, DIED_ILLEGAL, 0 },
	{ "xsetbv", do_xsetbv, 0, DIED_ILLEGAL, 0 },
	{ "sysret", do_sysret, 0, DIED_ILLEGAL, 0 },
	{ "in", do_in, 0x60, DIED_ILLEGAL, 0 },
	{ "out", do_out, 0x80, DIED_ILLEGAL, 0 },
	{ "out to low ports", outs_everywhere, 0, SURVIVES, 0 },
	{ "ud2", do_ud2, 0, DIED_ILLEGAL, 0 },
	{ "int3", do_int3, 0, DIED_TRAP, 0 },
	{ "int 0x80", do_int80, 0, DIED_ILLEGAL, 0 },
	{ "int 14", do_int14, 0, DIED_ILLEGAL, 0 },
	{ "int 32", do_int32, 0, DIED_ILLEGAL, 0 },
	{ "division by 0", do_divide, 1, DIED_ARITHMETIC, 0 },
	{ "single step", do_step, 0, DIED_TRAP, 0 },
	{ "iret to ring 0", do_iret, 8, DIED_ILLEGAL, 0 },
	{ "iret to the kernel's ring 3", do_iret, 0x23, DIED_BAD_ADDRESS,
	  DIED_ILLEGAL },
	{ "a stack in the kernel", pushes_at, KERNEL, DIED_BAD_ADDRESS, 0 },
	{ "a stack in the window", pushes_at, HYPERVISOR + 8, DIED_BAD_ADDRESS, 0 },
	{ "a stack nowhere", pushes_at, NOT_CANONICAL, DIED_BAD_ADDRESS,
	  DIED_ILLEGAL },
	{ "calls with a stack in the kernel", calls_at, KERNEL, SURVIVES, 0 },
	{ "calls with a stack nowhere", calls_at, NOT_CANONICAL, SURVIVES, 0 },
	{ "a fault with a stack in the kernel", stack_and_fault, KERNEL,
	  DIED_ILLEGAL, 0 },
	{ "a fault with a stack nowhere", stack_and_fault, NOT_CANONICAL,
	  DIED_ILLEGAL, 0 },
	{ "gs leads to the window", reads_by_gs, HYPERVISOR, DIED_BAD_ADDRESS,
	  DIED_ILLEGAL },
	{ "calls that there are not", bad_numbers, 0, SURVIVES, 0 },
	{ "calls with page 0", bad_pointer, NULL_PAGE, SURVIVES, 0 },
	{ "calls with the kernel's pointers", bad_pointer, KERNEL, SURVIVES, 0 },
	{ "calls with its RAM", bad_pointer, KERNEL_RAM, SURVIVES, 0 },
	{ "calls with the window", bad_pointer, HYPERVISOR, SURVIVES, 0 },
	{ "calls with the upper half", bad_pointer, UPPER_HALF, SURVIVES, 0 },
	{ "calls with what is not canonical", bad_pointer, NOT_CANONICAL,
	  SURVIVES, 0 },
	{ "calls across the end of memory", bad_ends, 0, SURVIVES, 0 },
	{ "calls with wild values", bad_values, 0, SURVIVES, 0 },
	{ "is killed while the disk is read", killed_while_reading, 0,
	  SURVIVES, 0 },
};

static bool try(const struct attack *attack)
{
	int status = -1, pid = fork();

	if (pid == 0) {
		attack->fn(attack->argument);
		exit(attack->status == SURVIVES ? 0 : WEIRD);
	}
	if (wait(pid, &status) == pid &&
	    (status == attack->status ||
	     (attack->or_else && status == attack->or_else)))
		return true;
	print("attack: %s: status %d instead of %d\n", attack->name,
	      (long)status, (long)attack->status);
	return false;
}

int main(int argc, char **argv)
{
	long count = sizeof(attacks) / sizeof(attacks[0]), good = 0;

	(void)argv;
	for (long i = 0; i < count; i++) {
		if (argc > 1)
			print("attack: %s\n", attacks[i].name);
		good += try(&attacks[i]);
	}
	print("attack: %d of %d came to what they should\n", good, count);
	return good != count;
}
