/* SPDX-License-Identifier: MIT
 *
 * What if a frame cannot be written, because of where the stack is, or a handler is
 * where no code is, or a frame to return from is not there? The guest ends, with a
 * report.
 *
 * Clauses: T8, T9, F1, F3.
 */
#include "../guest/cases.h"
#include "kernel.h"

KERNEL_NOTE;

#define ALL UINT32_MAX

static uint8_t stack[4 * PV_PAGE_BYTES] __attribute__((aligned(PV_PAGE_BYTES)));
static const uint64_t text[512] __attribute__((aligned(PV_PAGE_BYTES))) = { 1 };
static volatile unsigned one = 1;

static void skip(struct kernel_regs *regs)
{
	regs->frame.rip += 2;
}

static void ignore(struct kernel_regs *regs)
{
	(void)regs;
	__atomic_exchange_n(&kernel_page(0)->upcalls_pending, 0, __ATOMIC_SEQ_CST);
}

static uint64_t slot(enum pv_op op)
{
	return pvg_boot.ops_addr + op * PV_OP_SLOT_BYTES;
}

/* ---- stacks */

static void trap_at(uint64_t rsp)
{
	kernel_traps(skip, ALL);
	__asm__ volatile("mov %0, %%rsp; ud2; ud2" : : "r"(rsp) : "memory");
}

/* An event, from code whose own stack is no better. */
static void upcall_at(uint64_t rsp)
{
	kernel_page(0)->masked[0] = 0;
	kernel_upcalls(ignore, 0);
	__asm__ volatile("mov %0, %%rsp; xor %%edi, %%edi; mov $16, %%esi; jmp *%1"
			 : : "r"(rsp), "r"(slot(PV_OP_SEND_EVENT))
			 : "memory", "rdi", "rsi");
}

static void upcall_on(uint64_t top)
{
	kernel_page(0)->masked[0] = 0;
	kernel_upcalls(ignore, top);
	CALL2(PV_OP_SEND_EVENT, 0, 16);
}

#define STACKS(X)                                                     \
	X(null, 0)                                                    \
	X(wrapping, 64)                                               \
	X(page_0, 4096)                                               \
	X(not_canonical, UINT64_C(0x9000000000000000))                \
	X(end_of_lower_half, UINT64_C(0x800000000040))                \
	X(upper_half, UINT64_C(0xffff800000001000))                   \
	X(end_of_addresses, UINT64_MAX)                               \
	X(vcpu_page, PV_WINDOW_BASE + 3072)                           \
	X(fault_stack, PV_WINDOW_BASE + WINDOW_STACKS + 4096)         \
	X(operations, PV_WINDOW_BASE + WINDOW_FIXED + 4096)           \
	X(hypervisors_tables, PV_WINDOW_BASE + WINDOW_MAPPED + 4096)  \
	X(read_only, ADDRESS(text) + 2048)                            \
	X(code, ADDRESS(skip) + 256)                                  \
	X(past_ram, pvg_boot.ram_bytes + 256)                         \
	X(far_past_ram, UINT64_C(1) << 46)

/* SET_UPCALL refuses what is no address; where a stack begins is not asked. */
#define DEFINE(name, at)                  \
	static void trap_##name(void)     \
	{                                 \
		trap_at(at);              \
	}                                 \
	static void upcall_##name(void)   \
	{                                 \
		upcall_at(at);            \
	}                                 \
	static void named_##name(void)    \
	{                                 \
		upcall_on(at);            \
	}
STACKS(DEFINE)

/* ---- too deep */

static void trap_for_ever(struct kernel_regs *regs)
{
	(void)regs;
	__asm__ volatile("ud2");
}

static void endless_traps(void)
{
	kernel_traps(trap_for_ever, ALL);
	__asm__ volatile("ud2");
}

static unsigned recurse(unsigned depth)
{
	volatile unsigned room[64] = { depth };

	return one ? recurse(depth + 1) + room[depth % 64] : depth;
}

static void stack_overflow(void)
{
	kernel_traps(skip, ALL);
	one = recurse(0);
}

/* An upcall that finds upcalls unmasked again before it has returned. */
static void send_for_ever(struct kernel_regs *regs)
{
	ignore(regs);
	kernel_page(0)->upcalls_masked = 0;
	CALL2(PV_OP_SEND_EVENT, 0, 16);
}

static void endless_upcalls(void)
{
	kernel_page(0)->masked[0] = 0;
	kernel_upcalls(send_for_ever, 0);
	CALL2(PV_OP_SEND_EVENT, 0, 16);
}

/* ---- handlers */

static void trap_to(uint64_t entry)
{
	CALL2(PV_OP_SET_TRAPS, entry, ALL);
	__asm__ volatile("mov $7, %%edi; ud2" : : : "rdi");
}

static void upcall_to(uint64_t entry)
{
	kernel_page(0)->masked[0] = 0;
	CALL2(PV_OP_SET_UPCALL, entry, 0);
	CALL2(PV_OP_SEND_EVENT, 0, 16);
}

#define HANDLERS(X)                                              \
	X(null, 8)                                               \
	X(data, ADDRESS(stack))                                  \
	X(last, UINT64_MAX)                                      \
	X(end, UINT64_C(0x7fffffffffff))                         \
	X(page, PV_WINDOW_BASE + 1024)                           \
	X(engine, PV_WINDOW_BASE + WINDOW_USER + 0x1400)         \
	X(nop, slot(PV_OP_NOP))                                  \
	X(user, PV_WINDOW_BASE + WINDOW_USER + 64)               \
	X(syscall, PV_WINDOW_BASE + WINDOW_USER)                 \
	X(far, UINT64_C(1) << 40)

#define DEFINE_HANDLER(name, at)             \
	static void trap_to_##name(void)     \
	{                                    \
		trap_to(at);                 \
	}                                    \
	static void upcall_to_##name(void)   \
	{                                    \
		upcall_to(at);               \
	}
HANDLERS(DEFINE_HANDLER)

static void trap_to_exit(void)
{
	trap_to(slot(PV_OP_EXIT));
}

/* ---- frames to return from */

static void go(uint64_t to, uint64_t rsp)
{
	__asm__ volatile("mov %0, %%rsp; jmp *%1"
			 : : "r"(rsp), "r"(to) : "memory");
}

static void trap_return_nowhere(void)
{
	go(slot(PV_OP_TRAP_RETURN), 0);
}

static void trap_return_not_canonical(void)
{
	go(slot(PV_OP_TRAP_RETURN), NOT_CANONICAL);
}

static void trap_return_window(void)
{
	go(slot(PV_OP_TRAP_RETURN), PV_WINDOW_BASE + WINDOW_STACKS);
}

static void upcall_return_nowhere(void)
{
	go(slot(PV_OP_UPCALL_RETURN), 0);
}

static void pending(void)
{
	kernel_page(0)->upcalls_masked = 1;
	kernel_page(0)->upcalls_pending = 1;
}

static void pending_return_nowhere(void)
{
	pending();
	go(slot(PV_OP_UPCALL_RETURN), 0);
}

static void pending_return_not_canonical(void)
{
	pending();
	go(slot(PV_OP_UPCALL_RETURN), NOT_CANONICAL - 48);
}

static void pending_return_window(void)
{
	pending();
	go(slot(PV_OP_UPCALL_RETURN), PV_WINDOW_BASE + 1024);
}

static void pending_return_past_ram(void)
{
	pending();
	go(slot(PV_OP_UPCALL_RETURN), pvg_boot.ram_bytes - 32);
}

static struct pv_frame frame;

static void learn(struct kernel_regs *regs)
{
	frame = regs->frame;
	regs->frame.rip += 2;
}

static void good_frame(void)
{
	kernel_traps(learn, ALL);
	__asm__ volatile("ud2");
	CALL2(PV_OP_SET_TRAPS, 0, 0);
	pending();
}

static void pending_return_bad_rip(void)
{
	good_frame();
	frame.rip = NOT_CANONICAL;
	go(slot(PV_OP_UPCALL_RETURN), ADDRESS(&frame));
}

static void pending_return_bad_code(void)
{
	good_frame();
	frame.cs = 8;
	go(slot(PV_OP_UPCALL_RETURN), ADDRESS(&frame));
}

static void pending_return_bad_stack(void)
{
	good_frame();
	frame.ss = 0;
	go(slot(PV_OP_UPCALL_RETURN), ADDRESS(&frame));
}

static void pending_return_bad_rsp(void)
{
	good_frame();
	frame.rsp = NOT_CANONICAL;
	kernel_page(0)->masked[0] = 0;
	kernel_upcalls(ignore, 0);
	go(slot(PV_OP_UPCALL_RETURN), ADDRESS(&frame));
}

/* In the middle of it, and at its end. */
static void into_upcall_return(void)
{
	go(slot(PV_OP_UPCALL_RETURN) + 16, 8);
}

static void out_of_upcall_return(void)
{
	pending();
	go(slot(PV_OP_UPCALL_RETURN) + 29, 8);
}

static void upcall_return_without_page(void)
{
	good_frame();
	__asm__ volatile("wrgsbase %0" : : "r"(UINT64_C(0)));
	go(slot(PV_OP_UPCALL_RETURN), ADDRESS(&frame));
}

/* ---- several at once */

static void die(uint64_t arg)
{
	if (arg % 2)
		trap_at(arg);
	upcall_to(arg);
	__asm__ volatile("ud2");
}

static void all_die(void)
{
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, die, n);
	die(5);
}

#define STOPPED "guest stopped: .*"
#define CASE(name, regex) { #name, name, "123", STOPPED regex },
#define NO_STACK "could not be delivered.*its stack cannot take"

#define TRAP_CASE(name, at) CASE(trap_##name, NO_STACK)
#define UPCALL_CASE(name, at) CASE(upcall_##name, NO_STACK)
/* null: on the one in use. What is no address is refused. */
#define NAMED_CASE(name, at) \
	{ "named_" #name, named_##name, "0|123", STOPPED NO_STACK },
#define TRAP_TO_CASE(name, at) CASE(trap_to_##name, "")
#define UPCALL_TO_CASE(name, at) CASE(upcall_to_##name, "")

static const struct test_case cases[] = {
	STACKS(TRAP_CASE)
	STACKS(UPCALL_CASE)
	STACKS(NAMED_CASE)
	CASE(endless_traps, NO_STACK)
	CASE(stack_overflow, NO_STACK)
	CASE(endless_upcalls, "(" NO_STACK "|stack overflow)")
	HANDLERS(TRAP_TO_CASE)
	HANDLERS(UPCALL_TO_CASE)
	{ "trap_to_exit", trap_to_exit, "7", "silent" },
	CASE(trap_return_nowhere, "fault")
	CASE(trap_return_not_canonical, "fault")
	CASE(trap_return_window, "fault")
	CASE(upcall_return_nowhere, "fault")
	CASE(pending_return_nowhere, "leads nowhere")
	CASE(pending_return_not_canonical, "leads nowhere")
	CASE(pending_return_window, "leads nowhere")
	CASE(pending_return_past_ram, "leads nowhere")
	CASE(pending_return_bad_rip, "leads nowhere")
	CASE(pending_return_bad_code, "leads nowhere")
	CASE(pending_return_bad_stack, "leads nowhere")
	CASE(pending_return_bad_rsp, NO_STACK)
	CASE(into_upcall_return, "fault")
	CASE(out_of_upcall_return, "leads nowhere")
	CASE(upcall_return_without_page, "page fault")
	CASE(all_die, "")
};

CASES_MAIN(cases)
