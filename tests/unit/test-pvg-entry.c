/* SPDX-License-Identifier: MIT
 *
 * The entry of traps, here in a process: IRETQ works at any ring, so a frame can be
 * made by hand and the return operation be two instructions. What the hypervisor
 * adds is tested in guests.
 */
#include <criterion/criterion.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"

#include "internal.h"

#define RAM_BYTES (1u << 20)

/* Load `before` into all registers, be interrupted, store all into `after`. */
struct registers {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax, rflags;
	uint8_t ymm[16][32];
	uint32_t mxcsr;
	uint16_t fcw;
} PV_ALIGNED(64);

struct registers before, after;
void be_interrupted(void);
extern uint8_t interrupted_again[];

#define EACH_YMM(op)                                                          \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10)    \
	op(11) op(12) op(13) op(14) op(15)
#define LOAD_YMM(n) "vmovdqu before+128+32*" #n "(%rip), %ymm" #n "\n"
#define STORE_YMM(n) "vmovdqu %ymm" #n ", after+128+32*" #n "(%rip)\n"
#define EACH_REGISTER(op)                                                     \
	op(r15, 0) op(r14, 8) op(r13, 16) op(r12, 24) op(r11, 32) op(r10, 40) \
	op(r9, 48) op(r8, 56) op(rbp, 64) op(rdi, 72) op(rsi, 80)             \
	op(rdx, 88) op(rcx, 96) op(rbx, 104) op(rax, 112)
#define LOAD(name, at) "movq before+" #at "(%rip), %" #name "\n"
#define STORE(name, at) "movq %" #name ", after+" #at "(%rip)\n"

__asm__(".text\n"
	"return_from_trap:\n"
	"	addq $24, %rsp\n"
	"	iretq\n"
	".globl be_interrupted\n"
	"be_interrupted:\n"
	"	pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, stack_at(%rip)\n"
	"	ldmxcsr before+640(%rip)\n"
	"	fldcw before+644(%rip)\n"
	EACH_YMM(LOAD_YMM)
	"	leaq -128(%rsp), %rsp\n"
	"	andq $-16, %rsp\n"
	"	movl %ss, %eax; pushq %rax\n"
	"	pushq stack_at(%rip)\n"
	"	pushq before+120(%rip)\n"
	"	movl %cs, %eax; pushq %rax\n"
	"	leaq 1f(%rip), %rax; pushq %rax\n"
	"	pushq $0x1234; pushq $7; pushq $14\n"
	EACH_REGISTER(LOAD)
	"	jmp pvg_trap_entry\n"
	"	ud2\n"
	".globl interrupted_again\n"
	"interrupted_again:\n"
	"	movq $77, after+112(%rip)\n"
	"	jmp 2f\n"
	"1:\n"
	EACH_REGISTER(STORE)
	"	pushfq; popq after+120(%rip)\n"
	EACH_YMM(STORE_YMM)
	"	stmxcsr after+640(%rip)\n"
	"	fnstcw after+644(%rip)\n"
	"2:	fninit\n"
	"	ldmxcsr plain_mxcsr(%rip)\n"
	"	vzeroupper\n"
	"	cmpq %rsp, stack_at(%rip)\n"
	"	je 3f\n"
	"	ud2\n"
	"3:	cld\n"
	"	popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".data\n"
	".balign 8\n"
	"stack_at: .quad 0\n"
	"plain_mxcsr: .long 0x1f80\n"
	".text\n");
extern uint8_t return_from_trap[];

PV_FIELD_AT(struct registers, rflags, 120);
PV_FIELD_AT(struct registers, ymm, 128);
PV_FIELD_AT(struct registers, mxcsr, 640);
PV_FIELD_AT(struct registers, fcw, 644);

static int64_t set_traps(uint64_t entry, uint64_t vectors, uint64_t c,
			 uint64_t d, uint64_t e)
{
	(void)c, (void)d, (void)e;
	cr_assert_eq(entry, (uint64_t)(uintptr_t)pvg_trap_entry);
	cr_assert(vectors >> PVG_VECTOR_PF & 1);
	return 0;
}

static struct pvg_trap seen;
static uint32_t seen_mxcsr;

static void destroy_all(struct pvg_trap *trap)
{
	seen = *trap;
	seen_mxcsr = _mm_getcsr();
	cr_assert_eq((uintptr_t)trap->xstate % 64, 0);
	cr_assert_eq((uintptr_t)__builtin_frame_address(0) % 16, 0);
	__asm__ volatile("vzeroall; fninit; fld1; fld1" : : : "memory", "xmm0",
			 "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			 "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
			 "xmm14", "xmm15", "rax", "rcx", "rdx", "rsi", "rdi",
			 "r8", "r9", "r10", "r11");
	_mm_setcsr(0x1f80);
}

static uint64_t xcr0(void)
{
	uint32_t low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static void boot(uint64_t xstate_mask)
{
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pvg_hosted_boot(ram, RAM_BYTES);
	pvg_boot.xcr0 = xstate_mask;
	pvg_hosted_set_op(PV_OP_SET_TRAPS, set_traps);
	cr_assert_eq(pvg_traps_start(), 0);
	pvg_trap_return = (uintptr_t)return_from_trap;
	for (size_t i = 0; i < sizeof(before); i++)
		((uint8_t *)&before)[i] = (uint8_t)(i * 37 + 11);
	before.rflags = 0xed7 & ~0x100u; /* carry to overflow, direction too */
	before.rflags |= 0x2;
	before.mxcsr = 0x7f80; /* towards zero */
	before.fcw = 0xf7f;
	cr_assert_eq(pvg_trap_handle(PVG_VECTOR_PF, destroy_all), 0);
}

static void expect_all_kept(void)
{
	cr_assert_eq(memcmp(&before, &after, offsetof(struct registers, ymm)),
		     0);
	cr_assert_eq(before.mxcsr, after.mxcsr);
	cr_assert_eq(before.fcw, after.fcw);
}

Test(pvg_entry, all_registers_come_back_by_xsave)
{
	if (!__builtin_cpu_supports("avx"))
		cr_skip_test();
	boot(xcr0());
	be_interrupted();
	expect_all_kept();
	cr_assert_eq(memcmp(before.ymm, after.ymm, sizeof(before.ymm)), 0);
}

Test(pvg_entry, those_that_fxsave_knows_come_back_without_xsave)
{
	if (!__builtin_cpu_supports("avx"))
		cr_skip_test(); /* it is the test that needs it */
	boot(0);
	be_interrupted();
	expect_all_kept();
	for (int i = 0; i < 16; i++)
		cr_assert_eq(memcmp(before.ymm[i], after.ymm[i], 16), 0);
}

Test(pvg_entry, the_handler_sees_registers_and_frame_and_plain_control_words)
{
	if (!__builtin_cpu_supports("avx"))
		cr_skip_test();
	boot(xcr0());
	be_interrupted();
	cr_assert_eq(memcmp(&seen.r15, &before.r15,
			    offsetof(struct registers, rflags)), 0);
	cr_assert_eq(seen.frame.vector, 14);
	cr_assert_eq(seen.frame.error_code, 7);
	cr_assert_eq(seen.frame.fault_address, 0x1234);
	cr_assert_eq(seen.frame.rflags, before.rflags);
	cr_assert_eq(seen_mxcsr, 0x1f80);
}

static void go_elsewhere(struct pvg_trap *trap)
{
	trap->frame.rip = (uint64_t)(uintptr_t)interrupted_again;
}

Test(pvg_entry, a_handler_can_change_where_it_goes_on)
{
	if (!__builtin_cpu_supports("avx"))
		cr_skip_test();
	boot(xcr0());
	pvg_trap_handle(PVG_VECTOR_PF, go_elsewhere);
	be_interrupted();
	cr_assert_eq(after.rax, 77);
}

Test(pvg_entry, vectors_that_no_program_raises_have_no_handler)
{
	cr_assert_eq(pvg_trap_handle(2, destroy_all), -PV_EINVAL);
	cr_assert_eq(pvg_trap_handle(8, destroy_all), -PV_EINVAL);
	cr_assert_eq(pvg_trap_handle(32, destroy_all), -PV_EINVAL);
}

static unsigned user_calls;

/* As user mode may leave it: MXCSR changed, an x87 exception pending. */
static int64_t user_run(uint64_t gpa, uint64_t b, uint64_t c, uint64_t d,
			uint64_t e)
{
	static const uint32_t mxcsr = 0x3f80;
	static const uint16_t fcw = 0x340;

	(void)gpa, (void)b, (void)c, (void)d, (void)e;
	user_calls++;
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	__asm__ volatile("fninit; fldcw %0; fldz; fld1; fdivp" : : "m"(fcw));
	__asm__ volatile("movq %0, %%xmm7" : : "r"((uint64_t)user_calls) : "xmm7");
	return PV_USER_SYSCALL;
}

Test(pvg_entry, user_mode_has_its_own_extended_state)
{
	struct pv_user user;
	uint8_t *xstate;
	uint16_t fcw;
	uint32_t mxcsr, state_mxcsr;

	boot(xcr0());
	pvg_hosted_set_op(PV_OP_USER_RUN, user_run);
	xstate = aligned_alloc(64, (pvg_xstate_bytes() + 63) & ~(size_t)63);
	pvg_xstate_init(xstate);
	_mm_setcsr(0x5f80);
	cr_assert_eq(pvg_user_run(&user, xstate), PV_USER_SYSCALL);
	mxcsr = _mm_getcsr();
	_mm_setcsr(0x1f80);
	__asm__ volatile("fnstcw %0" : "=m"(fcw));
	cr_assert_eq(mxcsr, 0x5f80);
	cr_assert_eq(fcw, 0x37f);
	memcpy(&state_mxcsr, xstate + 24, 4);
	cr_assert_eq(state_mxcsr, 0x3f80);
	cr_assert_eq(xstate[160 + 7 * 16], 1);
	cr_assert_eq(pvg_user_run(&user, xstate), PV_USER_SYSCALL);
	cr_assert_eq(xstate[160 + 7 * 16], 2);
	cr_assert_eq(pvg_user_run(&user, NULL), PV_USER_SYSCALL);
	cr_assert_eq(user_calls, 3);
}
