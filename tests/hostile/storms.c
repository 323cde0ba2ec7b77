/* SPDX-License-Identifier: MIT
 *
 * What if events, timers and batches come in masses, with numbers from the edges, or
 * change while they are read?
 *
 * Clauses: U1 to U9, S1, S2, S5, O14 to O16, L1 to L4.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

#define MILLISECOND UINT64_C(1000000)
#define PORT 16
#define PORT_BIT (UINT64_C(1) << PORT)
#define TIMER_BIT (UINT64_C(1) << PV_PORT_TIMER)

static struct pv_vcpu *page;
static unsigned upcalls, events, ticks;
static uint64_t ticked_ns;

static uint64_t take(uint64_t bit)
{
	return __atomic_fetch_and(&page->pending[0], ~bit, __ATOMIC_SEQ_CST) &
	       bit;
}

static void on_upcall(struct kernel_regs *regs)
{
	(void)regs;
	upcalls++;
	while (__atomic_exchange_n(&page->upcalls_pending, 0, __ATOMIC_SEQ_CST)) {
		events += take(PORT_BIT) != 0;
		if (take(TIMER_BIT)) {
			ticks++;
			ticked_ns = kernel_now();
		}
	}
}

/* ---- events */

static struct pv_call batches[PV_VCPUS_MAX][PV_CALLS_MAX];

static void make_batch(struct pv_call *batch, uint32_t op, uint64_t a, uint64_t b)
{
	for (unsigned i = 0; i < PV_CALLS_MAX; i++)
		batch[i] = (struct pv_call){ .op = op, .arg = { a, b } };
}

#define BATCHES 4000u /* of 64 events each */

static void raise_for_ever(uint64_t number)
{
	make_batch(batches[number], PV_OP_SEND_EVENT, 0, PORT);
	for (unsigned i = 0; i < BATCHES; i++)
		CALL2(PV_OP_MULTICALL, ADDRESS(batches[number]), PV_CALLS_MAX);
	if (number)
		kernel_down();
}

static void a_million_events(void)
{
	unsigned seen, before;

	kernel_upcalls(on_upcall, 0);
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, raise_for_ever, n);
	raise_for_ever(0);
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_wait_down(n);
	pvg_printf("# %u events in %u upcalls\n",
		   BATCHES * PV_CALLS_MAX * pvg_boot.vcpus, upcalls);
	seen = upcalls;
	tap_ok(seen >= BATCHES, "a storm of events is told of at each look");
	tap_ok(!page->pending[0] && !page->upcalls_pending, "and all of it taken");
	before = events;
	CALL2(PV_OP_SEND_EVENT, 0, PORT);
	tap_equal((int64_t)(events - before), 1, "one more comes as the first");
}

/* The handler comes and goes under the storm; what came meanwhile is not lost. The
 * console's lock, the library's, would take what is pending: nothing is printed while
 * something is. */
static void handler_comes_and_goes(void)
{
	bool up = pvg_boot.vcpus > 1 && kernel_up(1, raise_for_ever, 1) == 0;
	const uint64_t stacks[] = {
		0, ADDRESS(kernel_stacks[0]) + KERNEL_STACK_BYTES,
	};
	uint64_t pending;

	for (unsigned i = 0; i < 2000; i++) {
		kernel_upcalls(on_upcall, stacks[i % 2]);
		CALL2(PV_OP_SET_UPCALL, 0, 0);
	}
	if (up)
		kernel_wait_down(1);
	CALL2(PV_OP_SEND_EVENT, 0, PORT);
	pending = page->pending[0] & PORT_BIT;
	kernel_upcalls(on_upcall, 0);
	tap_ok(pending, "without a handler it is pending");
	tap_ok(!(page->pending[0] & PORT_BIT), "and is taken when one is set");
}

/* An exception that is about to be delivered when an event comes is delivered, once:
 * also that of an instruction which is behind it already. */
static unsigned breakpoints;
static volatile bool quiet;

static void on_breakpoint(struct kernel_regs *regs)
{
	breakpoints += regs->frame.vector == 3;
}

static void send_until_quiet(uint64_t number)
{
	while (!quiet)
		CALL2(PV_OP_SEND_EVENT, 0, PORT + number);
	kernel_down();
}

USER_PROGRAM(breaks, "1: int3; inc %rax; jmp 1b")

/* How many of them, counted by the program itself behind each, were not told of. */
static uint64_t breakpoints_of_user_mode(void)
{
	static struct pv_user user;
	uint64_t told = 0;

	kernel_user_make();
	kernel_user_set(&user, breaks_begin, breaks_end);
	for (unsigned i = 0; i < 5000; i++)
		told += kernel_user_run(&user) == PV_USER_TRAP;
	return user.rax + (user.rip == USER_CODE + 1) - told;
}

static void breakpoints_under_events(void)
{
	unsigned wrong = 0;

	kernel_upcalls(on_upcall, 0);
	kernel_traps(on_breakpoint, 1 << 3);
	if (pvg_boot.vcpus > 1)
		kernel_up(1, send_until_quiet, 1);
	for (unsigned i = 1; i <= 20000; i++) {
		__asm__ volatile("int3");
		if (breakpoints != i) {
			wrong++;
			breakpoints = i;
		}
	}
	tap_equal(wrong, 0, "breakpoints under a storm of events");
	tap_equal((int64_t)breakpoints_of_user_mode(), 0, "also of user mode");
	quiet = true;
	if (pvg_boot.vcpus > 1)
		kernel_wait_down(1);
	CALL2(PV_OP_SET_TRAPS, 0, 0);
	__atomic_store_n(&page->pending[0], 0, __ATOMIC_SEQ_CST);
	page->upcalls_pending = 0;
}

/* A handler that never takes what is there: an upcall at each return, for as long as
 * it likes. */
static unsigned tired;

static void take_nothing(struct kernel_regs *regs)
{
	(void)regs;
	if (++tired == 5000)
		page->upcalls_pending = 0;
}

static void never_taken(void)
{
	kernel_upcalls(take_nothing, 0);
	CALL2(PV_OP_SEND_EVENT, 0, PORT);
	tap_equal((int64_t)tired, 5000, "what is not taken comes again");
	take(PORT_BIT);
	kernel_upcalls(on_upcall, 0);
}

/* ---- timers */

static int64_t timer(uint64_t deadline_ns)
{
	return CALL1(PV_OP_SET_TIMER, deadline_ns);
}

static void timer_edges(void)
{
	const uint64_t past[] = { 0, 1, kernel_now() };
	const uint64_t never[] = {
		UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63,
		(UINT64_C(1) << 63) - 1, kernel_now() + (UINT64_C(1) << 62),
		UINT64_MAX - kernel_now(),
	};
	unsigned wrong = 0, before;

	for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
		before = ticks;
		wrong += timer(past[i]) != 0;
		wrong += ticks != before + 1;
	}
	tap_equal(wrong, 0, "a deadline that has passed fires at once");
	before = ticks;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		wrong += timer(never[i]) != 0;
		raw_spin_ns(2 * MILLISECOND);
	}
	wrong += ticks != before;
	tap_equal(wrong, 0, "one that is far away does not");
	timer(UINT64_MAX - 1);
	tap_equal(CALL1(PV_OP_BLOCK, kernel_now() + 3 * MILLISECOND),
		  -PV_ETIMEDOUT, "nor does it keep BLOCK from its own");
}

/* In a loop that never exits, and that nothing interrupts. */
static void polled(void)
{
	unsigned before = ticks;

	__atomic_store_n(&page->upcalls_masked, 1, __ATOMIC_SEQ_CST);
	timer(kernel_now() + 3 * MILLISECOND);
	while (!(__atomic_load_n(&page->pending[0], __ATOMIC_SEQ_CST) & TIMER_BIT))
		__builtin_ia32_pause();
	tap_equal((int64_t)(ticks - before), 0, "masked, a timer is only pending");
	__atomic_store_n(&page->upcalls_masked, 0, __ATOMIC_SEQ_CST);
	CALL0(PV_OP_NOP);
	tap_equal((int64_t)(ticks - before), 1, "until it is not");
}

/* The last of a batch holds. */
static void set_in_batches(void)
{
	struct pv_call *batch = batches[0];
	unsigned wrong = 0;

	make_batch(batch, PV_OP_SET_TIMER, PV_FOREVER, 0);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t now = kernel_now(), deadline = now + MILLISECOND + i * 1000;
		unsigned before = ticks;

		for (unsigned j = 0; j < PV_CALLS_MAX - 1; j++)
			batch[j].arg[0] = j % 3 ? now + UINT64_C(3600000) *
							  MILLISECOND * j
						: PV_FOREVER;
		batch[PV_CALLS_MAX - 1].arg[0] = deadline;
		CALL2(PV_OP_MULTICALL, ADDRESS(batch), PV_CALLS_MAX);
		while (ticks == before)
			CALL1(PV_OP_BLOCK, PV_FOREVER);
		wrong += ticks != before + 1 || ticked_ns < deadline;
	}
	tap_equal(wrong, 0, "of a batch of timers the last holds");
}

static void armed_all_the_time(void)
{
	unsigned early = 0, before = ticks;
	uint64_t deadline = 0;

	for (unsigned i = 0; i < 10000; i++) {
		uint64_t now = kernel_now();

		deadline = now + 20 * MILLISECOND - i % 1000 * 10000;
		timer(i % 2 ? PV_FOREVER : deadline);
	}
	tap_ok(ticks <= before + 100, "a timer that is set anew seldom fires");
	before = ticks;
	for (unsigned i = 0; i < 2000; i++) {
		deadline = kernel_now() + i % 5 * 1000;
		timer(deadline);
		while (ticks == before)
			CALL1(PV_OP_BLOCK, PV_FOREVER);
		early += ticked_ns < deadline;
		before = ticks;
	}
	tap_equal(early, 0, "none fires early, each fires");
}

static unsigned fired[PV_VCPUS_MAX];

static void arm(uint64_t number)
{
	struct pv_vcpu *own = kernel_page((unsigned)number);

	own->masked[0] = ~TIMER_BIT;
	for (unsigned i = 0; i < 1000; i++) {
		__atomic_fetch_and(&own->pending[0], ~TIMER_BIT, __ATOMIC_SEQ_CST);
		timer(kernel_now() + (i * number) % 7 * 10000);
		if (i % 3)
			timer(kernel_now() + MILLISECOND / 10);
		while (!(__atomic_load_n(&own->pending[0], __ATOMIC_SEQ_CST) &
			 TIMER_BIT))
			if (i % 2)
				CALL1(PV_OP_BLOCK, PV_FOREVER);
			else
				CALL0(PV_OP_YIELD);
		fired[number]++;
	}
	kernel_down();
}

static void armed_by_all(void)
{
	unsigned wrong = 0;

	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, arm, n);
	for (unsigned n = 1; n < pvg_boot.vcpus; n++) {
		kernel_wait_down(n);
		wrong += fired[n] != 1000;
	}
	tap_equal(wrong, 0, "timers of several vCPUs at once");
}

/* ---- BLOCK with all masked */

static void block_masked(void)
{
	uint64_t deadline, masked[PV_PORT_WORDS];
	unsigned wrong = 0;

	memcpy(masked, page->masked, sizeof(masked));
	memset(page->masked, 0xff, sizeof(page->masked));
	for (unsigned i = 0; i < 20; i++) {
		deadline = kernel_now() + MILLISECOND;
		timer(deadline - MILLISECOND / 2);
		CALL2(PV_OP_SEND_EVENT, 0, PORT);
		wrong += CALL1(PV_OP_BLOCK, deadline) != -PV_ETIMEDOUT ||
			 kernel_now() < deadline;
	}
	tap_equal(wrong, 0, "BLOCK with everything masked waits");
	tap_ok((page->pending[0] & (PORT_BIT | TIMER_BIT)) ==
		       (PORT_BIT | TIMER_BIT), "while ports become pending");
	memcpy(page->masked, masked, sizeof(masked));
	tap_equal(CALL1(PV_OP_BLOCK, 0), 0, "which it finds when they are not");
	take(PORT_BIT | TIMER_BIT);
	page->upcalls_pending = 0;
}

/* ---- batches */

static void batch_edges(void)
{
	const uint64_t ram = pvg_boot.ram_bytes, at = ADDRESS(batches[0]);
	const uint64_t counts[] = {
		65, 66, UINT64_C(1) << 32, UINT64_C(1) << 58, UINT64_C(1) << 63,
		UINT64_MAX, UINT64_MAX / 64 + 2,
	};
	unsigned wrong = 0;

	make_batch(batches[0], PV_OP_NOP, 0, 0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		wrong += CALL2(PV_OP_MULTICALL, at, counts[i]) != -PV_E2BIG;
	tap_equal(wrong, 0, "more calls than are taken");
	tap_equal(CALL2(PV_OP_MULTICALL, at, 0), 0, "none");
	tap_equal(CALL2(PV_OP_MULTICALL, ram, 0), 0, "none at the end of RAM");
	tap_equal(CALL2(PV_OP_MULTICALL, at + 4, 1), -PV_EINVAL, "misaligned");
	tap_equal(CALL2(PV_OP_MULTICALL, at + 8, 1), 1, "at 8 of 64 bytes");
	tap_equal(CALL2(PV_OP_MULTICALL, ram, 1), -PV_EFAULT, "past RAM");
	tap_equal(CALL2(PV_OP_MULTICALL, ram - 64, 1), 1, "at the end of RAM");
	tap_equal(CALL2(PV_OP_MULTICALL, ram - 64, 2), -PV_EFAULT,
		  "across it");
	tap_equal(CALL2(PV_OP_MULTICALL, UINT64_MAX - 63, 1), -PV_EFAULT,
		  "at the end of addresses");
	tap_equal(CALL2(PV_OP_MULTICALL, UINT64_MAX - 63, 64), -PV_EFAULT,
		  "wrapping");
	tap_equal(CALL2(PV_OP_MULTICALL, pvg_boot.vcpu_addr, 1), -PV_EFAULT,
		  "in the vCPU page");
	tap_equal(CALL2(PV_OP_MULTICALL, kernel_window_gpa(), 1), -PV_EFAULT,
		  "in the window's memory");
}

static bool may_be_batched(uint32_t op)
{
	return op == PV_OP_NOP || op == PV_OP_CLOCK || op == PV_OP_SEND_EVENT ||
	       op == PV_OP_SET_TIMER || op == PV_OP_MMU_FLUSH ||
	       op == PV_OP_YIELD_TO;
}

static void batch_operations(void)
{
	const uint32_t more[] = { 128, 255, 256, 65536, 1u << 31, UINT32_MAX,
				  256 + PV_OP_CLOCK, 128 + PV_OP_EXIT };
	struct pv_call *call = batches[0];
	unsigned wrong = 0;

	for (uint32_t op = 0; op < PV_OP_SLOTS; op++) {
		*call = (struct pv_call){ .op = op };
		call->arg[0] = ADDRESS(call);
		call->arg[1] = 1;
		CALL2(PV_OP_MULTICALL, ADDRESS(call), 1);
		if (!may_be_batched(op))
			wrong += call->status != -PV_EINVAL;
		*call = (struct pv_call){ .op = op, .reserved = 1u << 31 };
		CALL2(PV_OP_MULTICALL, ADDRESS(call), 1);
		wrong += call->status != -PV_EINVAL;
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		*call = (struct pv_call){ .op = more[i] };
		CALL2(PV_OP_MULTICALL, ADDRESS(call), 1);
		wrong += call->status != -PV_EINVAL;
	}
	tap_equal(wrong, 0, "operations that may not be batched, a batch included");
	make_batch(call, PV_OP_MMU_FLUSH, UINT64_MAX, 0);
	call[63] = (struct pv_call){ .op = PV_OP_CLOCK, .arg = { 2 } };
	wrong = CALL2(PV_OP_MULTICALL, ADDRESS(call), 64) != 64;
	for (unsigned i = 0; i < 64; i++)
		wrong += call[i].status != -PV_EINVAL;
	tap_equal(wrong, 0, "a batch of which each call fails is served to its end");
	timer(PV_FOREVER);
}

static volatile bool stop, rewriting;

static void rewrite(uint64_t number)
{
	volatile struct pv_call *calls = batches[0];

	for (unsigned i = 0; !stop; i++) {
		volatile struct pv_call *call = &calls[i * 7 % PV_CALLS_MAX];

		rewriting = true;
		call->op = i % 5 == 0 ? PV_OP_EXIT : i % 32;
		call->reserved = i % 11 == 0;
		call->arg[0] = i % 3 ? number : UINT64_MAX - i;
		call->arg[1] = i % 600;
	}
	kernel_down();
}

/* It may exit, crash or go down by no call of it. */
static void batch_rewritten(void)
{
	unsigned wrong = 0;

	if (pvg_boot.vcpus < 2)
		return;
	kernel_up(1, rewrite, 1);
	while (!rewriting)
		CALL0(PV_OP_YIELD);
	for (unsigned i = 0; i < 2000; i++)
		wrong += CALL2(PV_OP_MULTICALL, ADDRESS(batches[0]), 64) != 64;
	stop = true;
	kernel_wait_down(1);
	tap_equal(wrong, 0, "a batch that another vCPU rewrites");
}

int main(void)
{
	page = kernel_page(0);
	page->masked[0] = 0;
	a_million_events();
	handler_comes_and_goes();
	never_taken();
	breakpoints_under_events();
	timer_edges();
	polled();
	set_in_batches();
	armed_all_the_time();
	armed_by_all();
	block_masked();
	batch_edges();
	batch_operations();
	batch_rewritten();
	return tap_done();
}
