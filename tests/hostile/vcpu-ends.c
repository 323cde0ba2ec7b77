/* SPDX-License-Identifier: MIT
 *
 * What if a vCPU is brought up where no code is, or without a stack, or if all wait
 * for what never comes? The guest ends, and the report names the vCPU.
 *
 * Clauses: K1, F1, F8, O14.
 */
#include "../guest/cases.h"
#include "kernel.h"

KERNEL_NOTE;

PAGE_OF(data);
static uint64_t top;

static uint64_t slot(enum pv_op op)
{
	return pvg_boot.ops_addr + op * PV_OP_SLOT_BYTES;
}

static void up(uint64_t entry, uint64_t stack, uint64_t arg)
{
	CALL4(PV_OP_VCPU_UP, 1, entry, stack, arg);
	for (;;)
		CALL1(PV_OP_BLOCK, PV_FOREVER);
}

static void push(uint64_t arg)
{
	__asm__ volatile("push %0" : : "r"(arg));
}

static void any_stack(uint64_t stack)
{
	up(ADDRESS(push), stack, 0);
}

#define ENTRIES(X)                                            \
	X(null, 0)                                            \
	X(no_code, ADDRESS(data))                             \
	X(far, UINT64_C(1) << 40)                             \
	X(last, UINT64_MAX)                                   \
	X(vcpu_page, PV_WINDOW_BASE)                          \
	X(fault_stack, PV_WINDOW_BASE + WINDOW_STACKS + 4096) \
	X(descriptors, PV_WINDOW_BASE + WINDOW_USER + 4096)   \
	X(stub, PV_WINDOW_BASE + WINDOW_USER + 0x1400)        \
	X(system_call, PV_WINDOW_BASE + WINDOW_USER)          \
	X(upcall_return, slot(PV_OP_UPCALL_RETURN))           \
	X(trap_return, slot(PV_OP_TRAP_RETURN))

#define STACKS(X)                                   \
	X(null, 0)                                  \
	X(end, UINT64_C(0x7fffffffffff))            \
	X(far, UINT64_C(1) << 40)                   \
	X(last, UINT64_MAX)                         \
	X(window, PV_WINDOW_BASE + WINDOW_STACKS + 4096)

#define DEFINE_ENTRY(name, at)          \
	static void entry_##name(void)  \
	{                               \
		up(at, 0, 0);           \
	}
#define DEFINE_STACK(name, at)          \
	static void stack_##name(void)  \
	{                               \
		any_stack(at);          \
	}
ENTRIES(DEFINE_ENTRY)
STACKS(DEFINE_STACK)

static void entry_exit(void)
{
	up(slot(PV_OP_EXIT), 0, 17);
}

static void entry_crash(void)
{
	up(slot(PV_OP_CRASH), 0, 0);
}

/* It begins on the page tables of the caller. */
static void root_without_code(void)
{
	uint64_t *root = kernel_root();

	top = ADDRESS(kernel_stacks[1] + KERNEL_STACK_BYTES - 8);
	kernel_load(root);
	up(UINT64_C(1) << 32, top, 0);
}

static void undefined(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

/* Handlers are each vCPU's own, and so are those of former lives. */
static void nothing(struct kernel_regs *regs)
{
	regs->frame.rip += 2;
}

static void others_handlers(void)
{
	kernel_traps(nothing, UINT32_MAX);
	kernel_up(1, undefined, 0);
	for (;;)
		CALL1(PV_OP_BLOCK, PV_FOREVER);
}

static void set_traps_and_go(uint64_t arg)
{
	(void)arg;
	kernel_traps(nothing, UINT32_MAX);
	__asm__ volatile("ud2");
	kernel_down();
}

static void former_handlers(void)
{
	kernel_up(1, set_traps_and_go, 0);
	kernel_wait_down(1);
	others_handlers();
}

static void wait_for_ever(uint64_t arg)
{
	(void)arg;
	memset(kernel_page(kernel_page(0)->number)->masked, 0xff, 64);
	for (;;)
		CALL1(PV_OP_BLOCK, PV_FOREVER);
}

static void all_wait(void)
{
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, wait_for_ever, n);
	wait_for_ever(0);
}

static void spin_for_ever(uint64_t arg)
{
	kernel_page((unsigned)arg)->upcalls_masked = 1;
	for (;;)
		;
}

static void all_spin(void)
{
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, spin_for_ever, n);
	spin_for_ever(0);
}

/* One exits while the others are at everything. */
static void be_busy(uint64_t number)
{
	for (;;) {
		CALL2(PV_OP_SEND_EVENT, 0, 16);
		CALL3(PV_OP_MMU_FLUSH, 15, 0, 0);
		kernel_up((unsigned)number % 3 + 1, be_busy, number % 3 + 1);
		CALL1(PV_OP_SET_TIMER, 0);
	}
}

static void exit_amid(void)
{
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, be_busy, n);
	raw_spin_ns(20000000);
	CALL1(PV_OP_EXIT, 23);
}

static void crash_amid(void)
{
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, be_busy, n);
	raw_spin_ns(20000000);
	CALL2(PV_OP_CRASH, 0, 0);
}

#define ENTRY_CASE(name, at) \
	{ "entry_" #name, entry_##name, "123", "registers of vCPU 1," },
#define STACK_CASE(name, at) \
	{ "stack_" #name, stack_##name, "123", "registers of vCPU 1," },

static const struct test_case cases[] = {
	ENTRIES(ENTRY_CASE)
	STACKS(STACK_CASE)
	{ "entry_exit", entry_exit, "17", "silent" },
	{ "entry_crash", entry_crash, "123", "it crashed itself" },
	{ "root_without_code", root_without_code, "123", "page fault" },
	{ "others_handlers", others_handlers, "123", "undefined instruction" },
	{ "former_handlers", former_handlers, "123", "undefined instruction" },
	{ "all_wait", all_wait, "124", "timeout" },
	{ "all_spin", all_spin, "124", "timeout" },
	{ "exit_amid", exit_amid, "23", "silent" },
	{ "crash_amid", crash_amid, "123", "it crashed itself" },
};

CASES_MAIN(cases)
