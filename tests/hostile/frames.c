/* SPDX-License-Identifier: MIT
 *
 * What if handlers, stacks and frames are set to what is no address, and frames to
 * return from are forged? What a guest does not survive is in frame-ends.c.
 *
 * Clauses: T2 to T9, U3, U8, U9, U11.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

#define VECTORS UINT32_MAX

static uint8_t stack[4 * PV_PAGE_BYTES] __attribute__((aligned(PV_PAGE_BYTES)));
static struct pv_frame good; /* as the hypervisor makes them */

/* ---- what the operations refuse */

static void bad_handlers(void)
{
	const uint64_t bad[] = {
		NOT_CANONICAL, UINT64_C(1) << 63, UINT64_C(0xffff7fffffffffff),
		UINT64_C(0x7fffffffffffffff),
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wrong += CALL2(PV_OP_SET_TRAPS, bad[i], 1) != -PV_EINVAL;
		wrong += CALL2(PV_OP_SET_TRAPS, bad[i], 0) != -PV_EINVAL;
		wrong += CALL2(PV_OP_SET_UPCALL, bad[i], 0) != -PV_EINVAL;
		wrong += CALL2(PV_OP_SET_UPCALL, 4096, bad[i]) != -PV_EINVAL;
	}
	tap_equal(wrong, 0, "handlers and stacks that are no address");
	tap_equal(CALL2(PV_OP_SET_TRAPS, 4096, UINT64_C(1) << 32), -PV_EINVAL,
		  "a vector that there is not");
	tap_equal(CALL2(PV_OP_SET_TRAPS, 4096, UINT64_MAX), -PV_EINVAL, "all");
	tap_equal(CALL2(PV_OP_SET_TRAPS, UINT64_MAX, UINT32_MAX), 0,
		  "the last address there is, as long as nothing traps");
	tap_equal(CALL2(PV_OP_SET_TRAPS, 0, 0), 0, "none");
	tap_equal(CALL2(PV_OP_SET_UPCALL, PV_WINDOW_BASE, UINT64_MAX), 0,
		  "a handler in the vCPU page, as long as nothing comes");
	tap_equal(CALL2(PV_OP_SET_UPCALL, 0, 0), 0, "none");
}

/* ---- frames to return from */

/* Jump to an operation with rsp at the frame, and come back here however it ends:
 * by the frame itself or by the handler of what it raises. */
extern const uint8_t frames_back[], frames_here[];
void frames_return(uint64_t slot, const struct pv_frame *frame);
uint64_t frames_rsp, frames_flags;
__asm__(".pushsection .text\n"
	".globl frames_return, frames_here, frames_back\n"
	"frames_return:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, frames_rsp(%rip)\n"
	"mov %rsi, %rsp\n"
	"jmp *%rdi\n"
	"frames_here:\n"       /* what a good frame leads to */
	"mov frames_rsp(%rip), %rsp\n"
	"pushfq; pop frames_flags(%rip)\n"
	"frames_back:\n"       /* what the handler leads to */
	"mov frames_rsp(%rip), %rsp\n"
	"pushq $2; popfq\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n"
	".popsection\n");

static unsigned traps;
static struct pv_frame trapped;

static void on_trap(struct kernel_regs *regs)
{
	traps++;
	trapped = regs->frame;
	regs->frame.rip = ADDRESS(frames_back);
	regs->frame.rflags &= ~UINT64_C(0x4100); /* NT, TF */
	regs->frame.cs = good.cs;
	regs->frame.ss = good.ss;
}

static void learn(struct kernel_regs *regs)
{
	good = regs->frame;
	regs->frame.rip += 2;
}

static struct pv_frame *frame_at(uint64_t at)
{
	struct pv_frame *frame = (struct pv_frame *)(uintptr_t)at;

	*frame = good;
	frame->rip = ADDRESS(frames_here);
	frame->rsp = ADDRESS(stack + sizeof(stack)) - 512;
	frame->rflags = 2;
	return frame;
}

static uint64_t stack_middle(void)
{
	return ADDRESS(stack + 2 * PV_PAGE_BYTES);
}

/* Whether going back by it raised an exception. */
static bool raises(const struct pv_frame *frame, enum pv_op op)
{
	unsigned before = traps;

	frames_return(pvg_boot.ops_addr + op * PV_OP_SLOT_BYTES, frame);
	return traps != before;
}

static const enum pv_op returns[] = { PV_OP_TRAP_RETURN, PV_OP_UPCALL_RETURN };
#define RETURNS (sizeof(returns) / sizeof(returns[0]))

static void good_frames(void)
{
	unsigned wrong = 0;

	for (unsigned offset = 0; offset < 128; offset++)
		for (size_t i = 0; i < RETURNS; i++) {
			uint64_t at = stack_middle() - 64 + offset;
			uint8_t copy[sizeof(struct pv_frame)];
			struct pv_frame *frame = frame_at(ADDRESS(stack));

			memcpy(copy, frame, sizeof(copy));
			memcpy((void *)(uintptr_t)at, copy, sizeof(copy));
			wrong += raises((void *)(uintptr_t)at, returns[i]);
		}
	tap_equal(wrong, 0, "frames at any address, across a page's end too");
}

static void bad_rip(void)
{
	const uint64_t bad[] = {
		NOT_CANONICAL, UINT64_C(1) << 63, 0, 8, UINT64_MAX,
		UINT64_C(0x7fffffffffff), PV_WINDOW_BASE,
		PV_WINDOW_BASE + WINDOW_STACKS,
		PV_WINDOW_BASE + WINDOW_USER + PV_PAGE_BYTES,
		PV_WINDOW_BASE + WINDOW_MAPPED, ADDRESS(stack),
		PV_WINDOW_BASE + WINDOW_USER + 0x1400, /* a stub */
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t j = 0; j < RETURNS; j++) {
			struct pv_frame *frame = frame_at(stack_middle());

			frame->rip = bad[i];
			wrong += !raises(frame, returns[j]);
		}
	tap_equal(wrong, 0, "a rip that leads nowhere");
}

/* Only in ring 3's own selectors may IRETQ go on there. */
static void bad_selectors(void)
{
	const uint64_t bad[] = { 0, 3, 8, 0x10, 0x13, 0x23, 0x38, 0x3b, 0x43,
				 0xfff8, 0xffff };
	unsigned wrong = 0, wrong_stack = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t j = 0; j < RETURNS; j++) {
			struct pv_frame *frame = frame_at(stack_middle());

			frame->cs = bad[i];
			wrong += bad[i] != good.cs && !raises(frame, returns[j]);
			frame = frame_at(stack_middle());
			frame->ss = bad[i];
			wrong_stack += bad[i] != good.ss &&
				       !raises(frame, returns[j]);
		}
	tap_equal(wrong, 0, "code selectors of others");
	tap_equal(wrong_stack, 0, "stack selectors of others");
}

/* IOPL, VM, VIF, VIP and what does not exist are not to be had. NT, RF, AC, ID and
 * TF harm nobody else, and IF is what it was. */
#define HARMLESS UINT64_C(0x254fd7)

static void any_flags(void)
{
	unsigned wrong = 0;

	for (unsigned bit = 0; bit < 64; bit++)
		for (size_t j = 0; j < RETURNS; j++) {
			struct pv_frame *frame = frame_at(stack_middle());

			frame->rflags = UINT64_C(1) << bit;
			frames_flags = 0;
			if (!raises(frame, returns[j]))
				wrong += (frames_flags & ~HARMLESS) != 0;
		}
	tap_equal(wrong, 0, "each flag, and none that is not its own");
	wrong = 0;
	for (size_t j = 0; j < RETURNS; j++) {
		struct pv_frame *frame = frame_at(stack_middle());

		frame->rflags = UINT64_MAX;
		raises(frame, returns[j]);
	}
	tap_equal(CALL0(PV_OP_NOP), 0, "all of them");
}

static void bad_stack_pointer(void)
{
	const uint64_t places[] = {
		0, 8, UINT64_MAX - 7, NOT_CANONICAL, UINT64_C(1) << 63,
		PV_WINDOW_BASE + WINDOW_STACKS, UINT64_C(0x7fffffffffe0),
		PV_WINDOW_BASE + WINDOW_MAPPED,
	};
	unsigned wrong = 0;

	/* In the frame: nothing, as long as it is not used. */
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t j = 0; j < RETURNS; j++) {
			struct pv_frame *frame = frame_at(stack_middle());

			frame->rsp = places[i];
			wrong += raises(frame, returns[j]);
		}
	/* On some hosts IRETQ raises an exception for one that is no address;
	 * its frame would go there, and so end the guest. */
	tap_equal(wrong, 0, "an rsp that leads nowhere, not used");
}

/* ---- the same with something pending: then the hypervisor reads the frame */

static unsigned upcalls;

static void on_upcall(struct kernel_regs *regs)
{
	(void)regs;
	kernel_take_events();
	upcalls++;
}

static bool raises_pending(const struct pv_frame *frame)
{
	kernel_page(0)->upcalls_masked = 1;
	kernel_page(0)->upcalls_pending = 1;
	return raises(frame, PV_OP_UPCALL_RETURN);
}

static void with_more_pending(void)
{
	unsigned wrong = 0;

	kernel_upcalls(on_upcall, 0);
	for (unsigned offset = 0; offset < 128; offset++) {
		uint64_t at = stack_middle() - 64 + offset;
		uint8_t copy[sizeof(struct pv_frame)];

		memcpy(copy, frame_at(ADDRESS(stack)), sizeof(copy));
		memcpy((void *)(uintptr_t)at, copy, sizeof(copy));
		wrong += raises_pending((void *)(uintptr_t)at);
	}
	tap_equal(wrong, 0, "with more pending: frames at any address");
	tap_equal((int64_t)upcalls, 128, "each followed by an upcall");
	for (unsigned bit = 0; bit < 64; bit++) {
		struct pv_frame *frame = frame_at(stack_middle());

		frame->rflags = UINT64_C(1) << bit;
		frames_flags = 0;
		if (!raises_pending(frame))
			wrong += (frames_flags & ~HARMLESS) != 0;
	}
	tap_equal(wrong, 0, "with any flags");
	kernel_page(0)->upcalls_pending = 0;
	kernel_page(0)->upcalls_masked = 0;
	CALL2(PV_OP_SET_UPCALL, 0, 0);
}

/* ---- stacks that a frame is written to */

static void trap_at(uint64_t rsp)
{
	/* An operation's answer is in rax; nothing of the stack is used. */
	__asm__ volatile("mov %%rsp, frames_rsp(%%rip)\n\t"
			 "mov %0, %%rsp\n\t"
			 "ud2\n\t"
			 "mov frames_rsp(%%rip), %%rsp"
			 : : "r"(rsp) : "memory");
}

static unsigned skips;
static uint64_t skipped_rsp, skipped_at;

static void skip(struct kernel_regs *regs)
{
	skips++;
	skipped_rsp = regs->frame.rsp;
	skipped_at = ADDRESS(&regs->frame);
	regs->frame.rip += 2;
}

static void any_alignment(void)
{
	unsigned wrong = 0;

	kernel_traps(skip, VECTORS);
	for (unsigned offset = 0; offset < 256; offset++) {
		uint64_t rsp = stack_middle() + 128 + 64 + offset - 128;

		trap_at(rsp);
		wrong += skipped_rsp != rsp || skipped_at % 16 ||
			 skipped_at > rsp - 128 - 64;
	}
	tap_equal(wrong, 0, "stacks of any alignment, across a page's end too");
	tap_equal((int64_t)skips, 256, "each trap once");
	kernel_traps(on_trap, VECTORS);
}

/* A handler that traps, that traps, ... */
static unsigned depth, deepest;

static void trap_again(struct kernel_regs *regs)
{
	regs->frame.rip += 2;
	if (++depth < 30)
		__asm__ volatile("ud2");
	deepest = depth > deepest ? depth : deepest;
	depth--;
}

static void trap_in_trap(void)
{
	kernel_traps(trap_again, VECTORS);
	__asm__ volatile("ud2");
	tap_equal((int64_t)deepest, 30, "a trap in a trap in a trap");
	tap_equal(depth, 0, "and back out of all");
	kernel_traps(skip, VECTORS);
}

static void trap_in_upcall(struct kernel_regs *regs)
{
	on_upcall(regs);
	__asm__ volatile("ud2");
	if (upcalls % 4) {
		CALL2(PV_OP_SEND_EVENT, 0, 16);
		__asm__ volatile("ud2");
	}
}

/* ... and on a stack of its own, where each upcall begins at the same place. */
static void traps_in_upcalls(void)
{
	unsigned before = skips;

	upcalls = 0;
	kernel_upcalls(trap_in_upcall, 0);
	CALL2(PV_OP_SEND_EVENT, 0, 16);
	tap_equal((int64_t)upcalls, 4, "traps in upcalls that bring upcalls");
	tap_equal((int64_t)(skips - before), 7, "each comes");
	upcalls = 0;
	kernel_upcalls(trap_in_upcall, ADDRESS(stack + sizeof(stack)) - 3);
	CALL2(PV_OP_SEND_EVENT, 0, 16);
	tap_equal((int64_t)upcalls, 4, "on a stack of its own that is not aligned");
	CALL2(PV_OP_SET_UPCALL, 0, 0);
}

/* ---- frames that another vCPU changes while they are returned from */

static struct pv_frame *volatile shared;
static volatile bool stop, rewriting;

static void rewrite(uint64_t arg)
{
	const uint64_t good_rip = ADDRESS(frames_here);

	(void)arg;
	for (unsigned i = 0; !stop; i++) {
		volatile struct pv_frame *frame = shared;

		rewriting = true;
		frame->rip = i % 3 ? good_rip : NOT_CANONICAL;
		frame->cs = i % 5 ? good.cs : 8;
		frame->ss = i % 7 ? good.ss : 0x10;
		frame->rflags = i % 2 ? 2 : UINT64_C(0x200cd7);
	}
	kernel_down();
}

static void rewritten(void)
{
	unsigned raised = 0, runs = 0;

	if (pvg_boot.vcpus < 2)
		return;
	kernel_traps(on_trap, VECTORS);
	shared = frame_at(stack_middle() - 32);
	kernel_up(1, rewrite, 0);
	while (!rewriting)
		CALL0(PV_OP_YIELD);
	for (; runs < 3000; runs++) {
		shared->rsp = ADDRESS(stack + sizeof(stack)) - 512;
		raised += raises(shared, returns[runs % 2]);
	}
	stop = true;
	kernel_wait_down(1);
	pvg_printf("# %u of 3000 raised an exception\n", raised);
	tap_equal(CALL0(PV_OP_NOP), 0, "frames that another vCPU rewrites");
}

int main(void)
{
	kernel_page(0)->masked[0] = 0;
	bad_handlers();
	kernel_traps(learn, VECTORS);
	__asm__ volatile("ud2");
	kernel_traps(on_trap, VECTORS);
	good_frames();
	bad_rip();
	bad_selectors();
	any_flags();
	bad_stack_pointer();
	with_more_pending();
	any_alignment();
	trap_in_trap();
	traps_in_upcalls();
	rewritten();
	return tap_done();
}
