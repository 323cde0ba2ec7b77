/* SPDX-License-Identifier: MIT
 *
 * A kernel without manners, for hostile guests: handlers, page tables, user mode and
 * vCPUs by the contract alone. Of libpvguest it uses what was there before kernels,
 * and that on vCPU 0 only.
 */
#ifndef TESTS_HOSTILE_KERNEL_H
#define TESTS_HOSTILE_KERNEL_H

#include "raw.h"

#define KERNEL_NOTE                                                      \
	PVG_NOTE(PV_FEATURES_KERNEL, PV_FEATURES_V1 | PV_FEATURES_KERNEL, 0, \
		 32 << 20)

#define CALL0(op) raw_op((op), 0, 0, 0, 0, 0, 0)
#define CALL1(op, a) raw_op((op), (uint64_t)(a), 0, 0, 0, 0, 0)
#define CALL2(op, a, b) raw_op((op), (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define CALL3(op, a, b, c) \
	raw_op((op), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define CALL4(op, a, b, c, d)                                             \
	raw_op((op), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
	       0, 0)

#define ADDRESS(object) ((uint64_t)(uintptr_t)(object))
#define NOT_CANONICAL UINT64_C(0x0000800000000000)
#define PAGE_OF(name) \
	static uint8_t name[PV_PAGE_BYTES] __attribute__((aligned(PV_PAGE_BYTES)))

/* ---- handlers: kernel_trap and kernel_upcall, if they are set */

struct kernel_regs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	struct pv_frame frame;
};

typedef void kernel_handler(struct kernel_regs *regs);

extern kernel_handler *volatile kernel_trap, *volatile kernel_upcall;
extern uint64_t kernel_trap_return, kernel_upcall_return;
extern const uint8_t kernel_trap_entry[], kernel_upcall_entry[];

kernel_handler *volatile kernel_trap, *volatile kernel_upcall;
uint64_t kernel_trap_return, kernel_upcall_return;

#define KERNEL_ENTRY(name)                                                  \
	".globl kernel_" name "_entry\n"                                    \
	"kernel_" name "_entry:\n"                                          \
	"push %rax; push %rbx; push %rcx; push %rdx; push %rsi; push %rdi\n" \
	"push %rbp; push %r8; push %r9; push %r10; push %r11; push %r12\n"  \
	"push %r13; push %r14; push %r15\n"                                 \
	"mov %rsp, %rdi\n"                                                  \
	"sub $520, %rsp\n"                                                  \
	"fxsave64 (%rsp)\n"                                                 \
	"call *kernel_" name "(%rip)\n"                                     \
	"fxrstor64 (%rsp)\n"                                                \
	"add $520, %rsp\n"                                                  \
	"pop %r15; pop %r14; pop %r13\n"                                    \
	"pop %r12; pop %r11; pop %r10; pop %r9; pop %r8; pop %rbp\n"        \
	"pop %rdi; pop %rsi; pop %rdx; pop %rcx; pop %rbx; pop %rax\n"      \
	"jmp *kernel_" name "_return(%rip)\n"

__asm__(".pushsection .text\n"
	KERNEL_ENTRY("trap")
	KERNEL_ENTRY("upcall")
	".popsection\n");

static inline void kernel_start(void)
{
	kernel_trap_return = pvg_boot.ops_addr +
			     PV_OP_TRAP_RETURN * PV_OP_SLOT_BYTES;
	kernel_upcall_return = pvg_boot.ops_addr +
			       PV_OP_UPCALL_RETURN * PV_OP_SLOT_BYTES;
}

static inline int64_t kernel_traps(kernel_handler *handler, uint64_t vectors)
{
	kernel_start();
	kernel_trap = handler;
	return CALL2(PV_OP_SET_TRAPS, ADDRESS(kernel_trap_entry), vectors);
}

static inline int64_t kernel_upcalls(kernel_handler *handler, uint64_t stack)
{
	kernel_start();
	kernel_upcall = handler;
	return CALL2(PV_OP_SET_UPCALL, ADDRESS(kernel_upcall_entry), stack);
}

static inline struct pv_vcpu *kernel_page(unsigned vcpu)
{
	return (struct pv_vcpu *)(uintptr_t)(pvg_boot.vcpu_addr +
					     (uint64_t)vcpu *
						     pvg_boot.vcpu_stride_bytes);
}

/* What a handler on vCPU 0 owes its first 64 ports: to have looked. */
static inline void kernel_take_events(void)
{
	__atomic_exchange_n(&kernel_page(0)->upcalls_pending, 0, __ATOMIC_SEQ_CST);
	kernel_page(0)->pending[0] = 0;
}

/* ---- accesses that may fault, with kernel_tried as the handler of traps */

int kernel_try_read(uint64_t gva);
int kernel_try_write(uint64_t gva);
extern const uint8_t kernel_try_begin[], kernel_try_end[], kernel_try_failed[];

__asm__(".pushsection .text\n"
	"kernel_try_begin:\n"
	"kernel_try_read:\n"
	"movb (%rdi), %al; xor %eax, %eax; ret\n"
	"kernel_try_write:\n"
	"movb $0x5a, (%rdi); xor %eax, %eax; ret\n"
	"kernel_try_end:\n"
	"kernel_try_failed:\n"
	"mov $1, %eax; ret\n"
	".popsection\n");

static uint64_t kernel_tried_error;

static inline void kernel_tried(struct kernel_regs *regs)
{
	uint64_t at = regs->frame.rip - ADDRESS(kernel_try_begin);

	if (at >= (uint64_t)(kernel_try_end - kernel_try_begin))
		pvg_panic("trap %u at 0x%lx, address 0x%lx",
			  (unsigned)regs->frame.vector, regs->frame.rip,
			  regs->frame.fault_address);
	kernel_tried_error = regs->frame.error_code;
	regs->frame.rip = ADDRESS(kernel_try_failed);
}

/* The error code of the fault, or -1: there was none. */
static inline int64_t kernel_read(uint64_t gva)
{
	return kernel_try_read(gva) ? (int64_t)kernel_tried_error : -1;
}

static inline int64_t kernel_write(uint64_t gva)
{
	return kernel_try_write(gva) ? (int64_t)kernel_tried_error : -1;
}

/* ---- page tables */

#define PT_P UINT64_C(1)
#define PT_W UINT64_C(2)
#define PT_U UINT64_C(4)
#define PT_A UINT64_C(0x20)
#define PT_D UINT64_C(0x40)
#define PT_LARGE UINT64_C(0x80)
#define PT_NX (UINT64_C(1) << 63)
#define PT_ADDRESS UINT64_C(0x000ffffffffff000)
#define PT_TABLE (PT_P | PT_W | PT_U | PT_A | PT_D)
#define PT_RW (PT_TABLE | PT_NX)
#define PT_RX (PT_P | PT_U | PT_A | PT_D)

#define KERNEL_TABLES 96

static uint64_t kernel_tables[KERNEL_TABLES][512]
	__attribute__((aligned(PV_PAGE_BYTES)));
static unsigned kernel_tables_used;

static inline uint64_t *kernel_table(void)
{
	uint64_t *table = kernel_tables[kernel_tables_used++ % KERNEL_TABLES];

	memset(table, 0, PV_PAGE_BYTES);
	return table;
}

/* The entry of gva at a level: 1 the lowest, 4 in the root. */
static inline uint64_t *kernel_entry(uint64_t *root, uint64_t gva, unsigned level)
{
	uint64_t *table = root;

	for (unsigned l = 4; l > level; l--) {
		uint64_t *entry = &table[gva >> (3 + 9 * l) & 511];

		if (!(*entry & PT_P))
			*entry = ADDRESS(kernel_table()) | PT_TABLE;
		table = (uint64_t *)(uintptr_t)(*entry & PT_ADDRESS);
	}
	return &table[gva >> (3 + 9 * level) & 511];
}

static inline void kernel_map(uint64_t *root, uint64_t gva, uint64_t gpa,
			      uint64_t rights)
{
	*kernel_entry(root, gva, 1) = gpa | rights;
}

/* RAM at its own address, all of it writable and executable. */
static inline uint64_t *kernel_root(void)
{
	uint64_t *root = kernel_table();

	for (uint64_t at = 0; at < pvg_boot.ram_bytes; at += UINT64_C(2) << 20)
		*kernel_entry(root, at, 2) = at | PT_TABLE | PT_LARGE;
	return root;
}

static inline void kernel_load(const uint64_t *root)
{
	if (CALL1(PV_OP_MMU_ROOT, ADDRESS(root)) != 0)
		pvg_panic("no root");
}

/* Where the hypervisor has its window in guest-physical space: by its own words,
 * above RAM, 2 MiB aligned; and the parts of it (hypervisor/window.h). */
static inline uint64_t kernel_window_gpa(void)
{
	const uint64_t huge = UINT64_C(2) << 20;

	return (pvg_boot.ram_bytes + huge - 1) & ~(huge - 1);
}

#define WINDOW_STACKS 0x40000u
#define WINDOW_FIXED 0x80000u
#define WINDOW_USER 0x91000u
#define WINDOW_MAPPED 0x97000u

/* ---- user mode: a page of code and a page of data with the stack's top */

#define USER_CODE UINT64_C(0x40000000)
#define USER_DATA UINT64_C(0x40001000)

PAGE_OF(kernel_user_code);
PAGE_OF(kernel_user_data);
static uint64_t *kernel_user_root;

static inline void kernel_user_make(void)
{
	kernel_user_root = kernel_table();
	kernel_map(kernel_user_root, USER_CODE, ADDRESS(kernel_user_code), PT_RX);
	kernel_map(kernel_user_root, USER_DATA, ADDRESS(kernel_user_data), PT_RW);
}

/* A program for it, by name_begin and name_end. */
#define USER_PROGRAM(name, text)                          \
	extern const uint8_t name##_begin[], name##_end[]; \
	__asm__(".pushsection .rodata\n"                  \
		".globl " #name "_begin, " #name "_end\n"  \
		#name "_begin:\n" text "\n"               \
		#name "_end:\n"                           \
		".popsection\n");

static inline void kernel_user_set(struct pv_user *user, const uint8_t *begin,
				   const uint8_t *end)
{
	memset(kernel_user_code, 0xcc, sizeof(kernel_user_code));
	memcpy(kernel_user_code, begin, (size_t)(end - begin));
	memset(user, 0, sizeof(*user));
	user->rip = USER_CODE;
	user->rsp = USER_DATA + PV_PAGE_BYTES - 64;
	user->root = ADDRESS(kernel_user_root);
}

static inline int64_t kernel_user_run(struct pv_user *user)
{
	return CALL1(PV_OP_USER_RUN, ADDRESS(user));
}

/* ---- vCPUs */

#define KERNEL_STACK_BYTES 16384

static uint8_t kernel_stacks[PV_VCPUS_MAX][KERNEL_STACK_BYTES]
	__attribute__((aligned(PV_PAGE_BYTES)));

/* How often each was brought up and has gone down: until it has begun it looks as
 * if it were down already. */
static unsigned kernel_ups[PV_VCPUS_MAX], kernel_downs[PV_VCPUS_MAX];

static inline int64_t kernel_up(unsigned vcpu, void (*entry)(uint64_t),
				uint64_t arg)
{
	int64_t answer = CALL4(PV_OP_VCPU_UP, vcpu, ADDRESS(entry),
			       ADDRESS(kernel_stacks[vcpu] +
				       KERNEL_STACK_BYTES - 8), arg);

	__atomic_fetch_add(&kernel_ups[vcpu], answer == 0, __ATOMIC_SEQ_CST);
	return answer;
}

static inline bool kernel_is_down(unsigned vcpu)
{
	return __atomic_load_n(&kernel_page(vcpu)->run.state,
			       __ATOMIC_ACQUIRE) == PV_RUN_DOWN;
}

static inline void kernel_wait_down(unsigned vcpu)
{
	while (__atomic_load_n(&kernel_downs[vcpu], __ATOMIC_SEQ_CST) !=
		       __atomic_load_n(&kernel_ups[vcpu], __ATOMIC_SEQ_CST) ||
	       !kernel_is_down(vcpu))
		CALL0(PV_OP_YIELD);
}

/* By its own page. */
static inline unsigned kernel_number(void)
{
	unsigned number;

	__asm__ volatile("movl %%gs:%c1, %0"
			 : "=r"(number) : "i"(offsetof(struct pv_vcpu, number)));
	return number;
}

/* Answers if it is the last one. */
static inline int64_t kernel_try_down(void)
{
	unsigned *downs = &kernel_downs[kernel_number()];
	int64_t answer;

	__atomic_fetch_add(downs, 1, __ATOMIC_SEQ_CST);
	answer = CALL0(PV_OP_VCPU_DOWN);
	__atomic_fetch_sub(downs, 1, __ATOMIC_SEQ_CST);
	return answer;
}

__attribute__((noreturn)) static inline void kernel_down(void)
{
	CALL2(PV_OP_CRASH, 0, kernel_try_down()); /* rsi of the report tells */
	__builtin_trap();
}

static inline uint64_t kernel_now(void)
{
	return (uint64_t)CALL1(PV_OP_CLOCK, PV_CLOCK_MONOTONIC);
}

#endif
