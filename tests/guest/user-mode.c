/* SPDX-License-Identifier: MIT
 *
 * User mode: does it run what it is given with the registers it is given, come back
 * for what it should, and see nothing of the kernel?
 *
 * Clauses: X1 to X8.
 */
#include "backend.h"
#include "tap.h"

#define FEATURES (PV_FEATURE_MMU | PV_FEATURE_USER)
PVG_NOTE(FEATURES, PVG_FEATURES_DEFAULT | FEATURES, 0, 0);

#define CODE (USER_BASE + 0x400000)
#define DATA (USER_BASE + 0x500000)
#define STACK_TOP (USER_BASE + 0x600000)
#define MILLISECOND UINT64_C(1000000)

/* Pieces of user code, on one page. */
extern const uint8_t code_start[], code_end[];
extern const uint8_t code_syscalls[], code_spin[], code_read[], code_write[];
extern const uint8_t code_jump[], code_ud2[], code_hlt[], code_divide[];
extern const uint8_t code_int3[], code_bases[], code_wrbases[], code_vectors[];
extern const uint8_t code_push[], code_sum[], code_out[], code_count[];
__asm__(".section .rodata\n"
	".balign 64\n"
	"code_start:\n"
	"code_syscalls:	syscall; jmp code_syscalls\n"
	"code_spin:	jmp code_spin\n"
	"code_count:	incq %rax; jmp code_count\n"
	"code_read:	movq (%rdi), %rax; syscall\n"
	"code_write:	movq %rax, (%rdi); syscall\n"
	"code_jump:	jmp *%rdi\n"
	"code_ud2:	ud2\n"
	"code_hlt:	hlt\n"
	"code_out:	outb %al, $0x80\n"
	"code_divide:	divl %ecx; syscall\n"
	"code_int3:	int3; syscall\n"
	"code_bases:	movq %fs:0, %rax; movq %gs:8, %rbx; syscall\n"
	"code_wrbases:	wrfsbase %rax; wrgsbase %rbx; syscall\n"
	"code_vectors:	movq %xmm0, %rax; movq %xmm15, %rbx\n"
	"		movq %rdi, %xmm0; movq %rsi, %xmm15\n"
	"		syscall; jmp code_vectors\n"
	"code_push:	pushq %rax; popq %rbx; syscall\n"
	"code_sum:	xorl %eax, %eax\n"
	"1:		addq %rcx, %rax; loop 1b\n"
	"		syscall\n"
	"code_end:\n"
	".text\n");

static struct pvg_space space;
static struct pv_user user;
static uint64_t *data;
static void *xstate;

static void map_user(struct pvg_space *of)
{
	uint8_t *code = pvg_pages_alloc(1);
	void *stack = pvg_pages_alloc(1);

	data = pvg_pages_alloc(1);
	memset(code, 0xcc, PVG_PAGE_BYTES);
	memcpy(code, code_start, (size_t)(code_end - code_start));
	memset(data, 0, PVG_PAGE_BYTES);
	pvg_space_init(of);
	pvg_space_map(of, CODE, pvg_gpa(code), 4096, PVG_EXEC);
	pvg_space_map(of, DATA, pvg_gpa(data), 4096, PVG_WRITE);
	pvg_space_map(of, STACK_TOP - 4096, pvg_gpa(stack), 4096, PVG_WRITE);
}

static uint64_t at(const uint8_t *code)
{
	return CODE + (uint64_t)(code - code_start);
}

static void prepare(const uint8_t *code)
{
	memset(&user, 0, sizeof(user));
	user.root = pvg_space_root(&space);
	user.rip = at(code);
	user.rsp = STACK_TOP;
	pvg_xstate_init(xstate);
}

static int64_t run(const uint8_t *code)
{
	user.rip = at(code);
	return pvg_user_run(&user, xstate);
}

static bool trapped(int64_t reason, unsigned vector, uint64_t error_code,
		    uint64_t address)
{
	bool right = reason == PV_USER_TRAP && user.vector == vector &&
		     user.error_code == error_code &&
		     (vector != 14 || user.fault_address == address);

	if (!right)
		pvg_printf("# reason %ld, vector %u, error %#lx, address %#lx, "
			   "rip %#lx\n", (long)reason, user.vector,
			   (unsigned long)user.error_code,
			   (unsigned long)user.fault_address,
			   (unsigned long)user.rip);
	return right;
}

static void system_calls(void)
{
	bool right = true;

	prepare(code_syscalls);
	tap_equal(run(code_syscalls), PV_USER_SYSCALL, "a system call returns");
	tap_equal(user.reason, PV_USER_SYSCALL, "as the reason says");
	tap_equal((int64_t)user.rip, (int64_t)at(code_syscalls) + 2,
		  "behind the instruction");
	tap_equal((int64_t)user.rcx, (int64_t)user.rip, "which is in rcx too");
	tap_equal((int64_t)(user.r11 & 0xcd5), (int64_t)(user.rflags & 0xcd5),
		  "and the flags in r11");
	for (int i = 0; i < 1000; i++)
		right &= pvg_user_run(&user, xstate) == PV_USER_SYSCALL;
	tap_ok(right, "a thousand go on behind each other");
	prepare(code_sum);
	user.rcx = 1000;
	run(code_sum);
	tap_equal((int64_t)user.rax, 500500, "user code computes");
	prepare(code_push);
	user.rax = 42;
	run(code_push);
	tap_equal((int64_t)user.rbx, 42, "and has a stack");
}

static void registers(void)
{
	struct pv_user before;
	uint64_t *word = &user.rax;

	prepare(code_syscalls);
	for (int i = 0; i < 16; i++)
		word[i] = UINT64_C(0x0101010101010101) * (uint64_t)(i + 3);
	user.rflags = 0x8d5; /* carry, parity, adjust, zero, sign, overflow */
	before = user;
	run(code_syscalls);
	before.rcx = user.rcx;
	before.r11 = user.r11;
	tap_ok(memcmp(&before, &user, offsetof(struct pv_user, rip)) == 0,
	       "all other registers come back as they went");
	tap_equal((int64_t)(user.rflags & 0x8d5), 0x8d5, "and the flags");
	user.rflags = UINT64_MAX;
	user.rflags &= ~UINT64_C(0x40100); /* not alignment check, nor trap */
	tap_equal(run(code_syscalls), PV_USER_SYSCALL,
		  "flags that are not user mode's do not count");
	tap_equal((int64_t)(user.rflags & 0x3000), 0, "such as the I/O level");
}

static void traps(void)
{
	prepare(code_ud2);
	tap_ok(trapped(run(code_ud2), 6, 0, 0), "UD2 is an invalid opcode");
	tap_equal((int64_t)user.rip, (int64_t)at(code_ud2), "at itself");
	tap_ok(trapped(run(code_hlt), 13, 0, 0), "HLT is refused");
	tap_ok(trapped(run(code_out), 13, 0, 0), "so is an I/O port");
	user.rcx = 0;
	tap_ok(trapped(run(code_divide), 0, 0, 0), "a division by zero");
	user.rcx = 6;
	user.rax = 42;
	user.rdx = 0;
	tap_equal(pvg_user_run(&user, xstate), PV_USER_SYSCALL,
		  "which is done again with another divisor");
	tap_equal((int64_t)user.rax, 7, "to the right result");
	tap_ok(trapped(run(code_int3), 3, 0, 0), "INT3 is a breakpoint");
	tap_equal((int64_t)user.rip, (int64_t)at(code_int3) + 1, "behind itself");
	user.rflags = 0x100;
	tap_ok(trapped(run(code_count), 1, 0, 0), "the trap flag steps");
	tap_equal((int64_t)user.rip, (int64_t)at(code_count) + 3,
		  "by one instruction");
	user.rflags = 0;
}

static void page_faults(void)
{
	uint64_t present = PVG_PF_USER | PVG_PF_PRESENT;

	prepare(code_read);
	user.rdi = DATA + 4096;
	tap_ok(trapped(run(code_read), 14, PVG_PF_USER, DATA + 4096),
	       "a read of nothing");
	tap_equal((int64_t)user.rip, (int64_t)at(code_read), "at itself");
	tap_ok(trapped(run(code_write), 14, PVG_PF_USER | PVG_PF_WRITE,
		       DATA + 4096), "a write to nothing");
	user.rdi = CODE + 8;
	tap_ok(trapped(run(code_write), 14, present | PVG_PF_WRITE, CODE + 8),
	       "a write to code");
	user.rdi = DATA + 8;
	tap_ok(trapped(run(code_jump), 14, present | PVG_PF_EXEC, DATA + 8),
	       "a jump to data");
	user.rdi = 0;
	tap_ok(trapped(run(code_read), 14, PVG_PF_USER, 0), "NULL");
	user.rdi = UINT64_C(1) << 63;
	tap_ok(trapped(run(code_read), 13, 0, 0), "what is not canonical");

	/* On demand: mapped by the kernel, and done again. */
	user.rdi = DATA + 8192;
	user.rax = 1234;
	tap_ok(trapped(run(code_write), 14, PVG_PF_USER | PVG_PF_WRITE,
		       DATA + 8192), "a page that is not there yet");
	pvg_space_map(&space, DATA + 8192, pvg_gpa(data), 4096, PVG_WRITE);
	tap_equal(pvg_user_run(&user, xstate), PV_USER_SYSCALL,
		  "comes on demand");
	tap_equal((int64_t)data[0], 1234, "and has what was written");
	pvg_space_unmap(&space, DATA + 8192, 4096);
	pvg_flush(1, NULL, 0);
	tap_ok(trapped(run(code_read), 14, PVG_PF_USER, DATA + 8192),
	       "it can be taken away again");
}

/* Whether the page is there, for the kernel, is no matter. */
static bool is_kept_out(int64_t reason, uint64_t access, uint64_t address)
{
	user.error_code &= ~(uint64_t)PVG_PF_PRESENT;
	return trapped(reason, 14, PVG_PF_USER | access, address);
}

/* Every place where a kernel has something. */
static void kernel_memory(void)
{
	const uint64_t places[] = {
		pvg_gpa(pvg_text_start), pvg_gpa(pvg_data_start),
		pvg_gpa(&user), pvg_gpa(xstate), pvg_gpa(data),
		pvg_space_root(&space), pvg_gpa(__builtin_frame_address(0)),
		pvg_boot.vcpu_addr, pvg_boot.args_addr,
#ifdef PVG_NATIVE
		PV_WINDOW_BASE + 0xfee00000, /* the local APIC */
#else
		pvg_boot.ops_addr,
#endif
		pvg_boot.ranges_addr, PV_WINDOW_BASE,
		pvg_boot.ram_bytes - 4096,
	};
	bool right = true;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		prepare(code_read);
		user.rdi = places[i] & ~UINT64_C(7);
		right &= is_kept_out(run(code_read), 0, user.rdi);
		right &= is_kept_out(run(code_write), PVG_PF_WRITE, user.rdi);
		right &= is_kept_out(run(code_jump), PVG_PF_EXEC, user.rdi);
	}
	tap_ok(right, "nothing of the kernel's can be read, written or run");
	prepare(code_read);
	user.rdi = pvg_boot.vcpu_addr;
	run(code_read);
	tap_equal((int64_t)user.rax, 0, "and no register tells of it");
}

static void segment_bases(void)
{
	prepare(code_bases);
	data[0] = 111;
	data[3] = 333;
	user.fs_base = DATA;
	user.gs_base = DATA + 16;
	tap_equal(run(code_bases), PV_USER_SYSCALL, "FS and GS lead where said");
	tap_equal((int64_t)user.rax, 111, "FS");
	tap_equal((int64_t)user.rbx, 333, "GS");
	tap_ok(pvg_vcpu() == pvg_vcpu_page(0), "the kernel's GS is its own");
	user.rax = 0x1234000;
	user.rbx = 0x5678000;
	if (run(code_wrbases) == PV_USER_TRAP && user.vector == 6) {
		tap_skip("what user mode makes of them comes back",
			 "this processor has no WRFSBASE");
		return;
	}
	tap_ok(user.fs_base == 0x1234000 && user.gs_base == 0x5678000,
	       "what user mode makes of them comes back");
	tap_ok(pvg_vcpu() == pvg_vcpu_page(0), "and changes nothing here");
}

static void vectors(void)
{
	void *other = pvg_pages_alloc(pvg_pages_for(pvg_xstate_bytes()));
	struct pv_user other_user;
#if KERNEL_HAS_VECTORS
	volatile double third = 1.0 / 3;
#endif
	bool right = true;

	prepare(code_vectors);
	pvg_xstate_init(other);
	user.rdi = 1000;
	user.rsi = 2000;
	other_user = user;
	other_user.rdi = 3000;
	other_user.rsi = 4000;
#if KERNEL_HAS_VECTORS
	__asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm15"
			 : : "r"(UINT64_C(0x5ec4e7)) : "xmm0", "xmm15");
#endif
	run(code_vectors);
	tap_ok(user.rax == 0 && user.rbx == 0, "user mode begins with zeroes");
	for (uint64_t i = 1; i <= 50; i++) {
		pvg_user_run(&other_user, other);
#if KERNEL_HAS_VECTORS
		third = third * 3 / 3;
#endif
		user.rdi = 1000 + i;
		pvg_user_run(&user, xstate);
		right &= user.rax == 1000 + i - 1 && user.rbx == 2000;
		right &= other_user.rbx == (i > 1 ? 4000u : 0);
	}
	tap_ok(right, "vector registers are each user's own");
#if KERNEL_HAS_VECTORS
	tap_ok(third > 0.3333333 && third < 0.3333334, "and the kernel's its own");
#endif
	pvg_pages_free(other, pvg_pages_for(pvg_xstate_bytes()));
}

static unsigned ticks;
static bool ticking;

/* The first one may come before user mode is there, on a slow machine: there is another
 * then. */
static void tick(unsigned port, void *arg)
{
	(void)port, (void)arg;
	ticks++;
	if (ticking)
		pvg_timer_set(pvg_clock_ns() + 20 * MILLISECOND);
}

static void events(void)
{
	unsigned before;

	pvg_port_handle(PV_PORT_TIMER, tick, NULL);
	pvg_upcalls_start();
	prepare(code_count);
	ticking = true;
	pvg_timer_set(pvg_clock_ns() + 20 * MILLISECOND);
	tap_equal(run(code_count), PV_USER_EVENT,
		  "an event ends user mode that makes no system call");
	tap_ok(ticks > 0, "and its handler has run by then");
	tap_ok(user.rax > 0, "user mode had run, too");
	tap_ok(user.rip >= at(code_count) && user.rip < at(code_count) + 8,
	       "and is where it was");
	tap_equal(pvg_user_run(&user, xstate), PV_USER_EVENT,
		  "it goes on from there, until the next");
	pvg_mask();
	ticking = false;
	pvg_timer_set(0);
	before = ticks;
	tap_equal(pvg_user_run(&user, xstate), PV_USER_EVENT,
		  "one that is held back ends it at once");
	tap_equal(ticks, before, "its handler has to wait");
	pvg_unmask();
	tap_equal(ticks, before + 1, "for the unmasking");
	tap_equal(run(code_syscalls), PV_USER_SYSCALL, "then user mode runs again");
}

static void two_spaces(void)
{
	uint64_t *first = data;
	struct pvg_space other;
	bool right = true;

	map_user(&other);
	first[1] = 1;
	data[1] = 2;
	prepare(code_read);
	user.rdi = DATA + 8;
	for (int i = 0; i < 50; i++) {
		user.root = pvg_space_root(&space);
		run(code_read);
		right &= user.rax == 1;
		user.root = pvg_space_root(&other);
		run(code_read);
		right &= user.rax == 2;
	}
	tap_ok(right, "each space has its own memory");
	pvg_space_done(&other);
	data = first;
}

static void copies(void)
{
	uint64_t word = 77;

	tap_ok(pvg_user_copy_out(&space, DATA + 40, &word, sizeof(word)),
	       "the kernel writes to user memory");
	prepare(code_read);
	user.rdi = DATA + 40;
	run(code_read);
	tap_equal((int64_t)user.rax, 77, "which user mode reads");
	user.rax = 88;
	run(code_write);
	tap_ok(pvg_user_copy_in(&space, &word, DATA + 40, sizeof(word)) &&
		       word == 88, "and the other way round");
	tap_ok(!pvg_user_copy_in(&space, &word, pvg_gpa(&word), sizeof(word)),
	       "but not where user mode could not");
}

static void under_own_tables(void)
{
	struct pvg_space kernel;

	if (!pvg_has(PV_FEATURE_MMU))
		return;
	pvg_space_init(&kernel);
	pvg_space_map_ram(&kernel);
	pvg_root_load(pvg_space_root(&kernel));
	prepare(code_syscalls);
	tap_equal(run(code_syscalls), PV_USER_SYSCALL,
		  "a kernel with tables of its own has user mode, too");
	pvg_root_load(PV_ROOT_INITIAL);
	pvg_space_done(&kernel);
}

static struct pv_user *record_at(pv_gpa_t gpa)
{
	return (struct pv_user *)(uintptr_t)gpa;
}

static void wrong_calls(void)
{
	prepare(code_syscalls);
	user.rip = UINT64_C(1) << 63;
	tap_equal(pvg_user_run(&user, NULL), -PV_EINVAL, "rip is canonical");
	prepare(code_syscalls);
	user.gs_base = UINT64_C(1) << 63;
	tap_equal(pvg_user_run(&user, NULL), -PV_EINVAL, "so are the bases");
	prepare(code_syscalls);
	user.root = pvg_boot.ram_bytes;
	tap_equal(pvg_user_run(&user, NULL), -PV_EFAULT, "the root is in RAM");
	user.root = pvg_gpa(data) + 8;
	tap_equal(pvg_user_run(&user, NULL), -PV_EINVAL, "and page-aligned");
	tap_equal(pvg_op_user_run(record_at(pvg_boot.ram_bytes)), -PV_EFAULT,
		  "the record is in RAM");
	tap_equal(pvg_op_user_run(record_at(pvg_gpa(&user) + 4)), -PV_EINVAL,
		  "and aligned");
	prepare(code_syscalls);
	tap_equal(run(code_syscalls), PV_USER_SYSCALL, "and all right still runs");
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_USER | PV_FEATURE_UPCALLS |
			 PV_FEATURE_TIMER))
		return tap_done();
	xstate = pvg_pages_alloc(pvg_pages_for(pvg_xstate_bytes()));
	map_user(&space);
	system_calls();
	registers();
	traps();
	page_faults();
	kernel_memory();
	segment_bases();
	vectors();
	events();
	two_spaces();
	copies();
	under_own_tables();
	wrong_calls();
	return tap_done();
}
