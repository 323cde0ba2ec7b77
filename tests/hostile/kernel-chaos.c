/* SPDX-License-Identifier: MIT
 *
 * What if several vCPUs do everything a kernel can, at random and at once: events,
 * timers, faults, page tables and flushes, user mode, batches, up and down? Nothing
 * may be lost, come early or be mixed up, and nothing may hang.
 *
 *	kernel-chaos.elf -- seconds=600 seed=7
 *
 * Each vCPU draws its own numbers from the seed; what meets what depends on the host.
 *
 * Clauses: U1 to U4, U9, T1, T3, S1, S2, M7, M11, X5, X6, K1 to K4, L1, L2.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

#define VCPUS_MOST 8
#define SECOND UINT64_C(1000000000)
#define LATE (20 * SECOND) /* for a busy host */

#define OWN UINT64_C(0x10000000000)    /* a page of each vCPU's */
#define SHARED UINT64_C(0x18000000000) /* what all see, page by page another */
#define POISON UINT64_C(0x5005005005005005)
#define SHARED_PAGES 4

static unsigned vcpus;
static uint64_t end_ns, first_seed = 1;
static volatile bool stop;

/* What went wrong; all are to stay 0. */
static struct {
	unsigned answer, own_page, flush, early_timer, late_timer, early_block;
	unsigned fault, user, user_fault, user_data, batch, base;
} wrong;

static struct {
	uint64_t steps, lives, ups, upcalls, events, ticks, traps, users, flushes;
	uint64_t roots, batches;
} done;

static void count(uint64_t *of)
{
	__atomic_fetch_add(of, 1, __ATOMIC_RELAXED);
}

static void check(unsigned *of, bool right)
{
	if (!right)
		__atomic_fetch_add(of, 1, __ATOMIC_RELAXED);
}

static struct worker {
	uint64_t seed;
	uint64_t *root, *user_root;
	struct pv_user user;
	struct pv_call batch[PV_CALLS_MAX];
	/* the timer, with upcalls masked */
	bool armed;
	uint64_t deadline_ns, stale_until_ns;
	/* of page faults: what is expected, and what came */
	uint64_t fault_address, fault_vector;
	unsigned faults;
} workers[VCPUS_MOST] __attribute__((aligned(64)));

static uint8_t own_pages[VCPUS_MOST][PV_PAGE_BYTES]
	__attribute__((aligned(PV_PAGE_BYTES)));
static uint8_t user_pages[VCPUS_MOST][PV_PAGE_BYTES]
	__attribute__((aligned(PV_PAGE_BYTES)));
static uint8_t shared_pages[SHARED_PAGES][PV_PAGE_BYTES]
	__attribute__((aligned(PV_PAGE_BYTES)));
static uint64_t *shared_entry;

static uint64_t next(struct worker *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed * UINT64_C(0x2545f4914f6cdd1d) >> 8;
}

static unsigned another(struct worker *w)
{
	return (unsigned)(next(w) % vcpus);
}

/* As MMU_FLUSH has them. */
static uint64_t all_vcpus(void)
{
	return UINT64_MAX >> (64 - pvg_boot.vcpus);
}

/* ---- events: what was sent when, by whom, to whom; and up to which it was seen */

static uint64_t sent[VCPUS_MOST][VCPUS_MOST], seen[VCPUS_MOST][VCPUS_MOST];

static void mask(struct pv_vcpu *page)
{
	*(volatile uint32_t *)&page->upcalls_masked = 1;
}

static void unmask(struct pv_vcpu *page)
{
	*(volatile uint32_t *)&page->upcalls_masked = 0;
	if (*(volatile uint32_t *)&page->upcalls_pending)
		CALL0(PV_OP_NOP); /* where the upcall comes */
}

static void take_ports(unsigned number)
{
	uint64_t ports = __atomic_exchange_n(&kernel_page(number)->pending[0], 0,
					     __ATOMIC_SEQ_CST);
	struct worker *w = &workers[number];
	uint64_t now = kernel_now();

	for (unsigned from = 0; from < vcpus; from++)
		if (ports >> (PV_PORT_FIRST_FREE + from) & 1) {
			seen[from][number] = __atomic_load_n(
				&sent[from][number], __ATOMIC_SEQ_CST);
			count(&done.events);
		}
	if (!(ports >> PV_PORT_TIMER & 1))
		return;
	count(&done.ticks);
	if (now >= w->deadline_ns)
		w->armed = false;
	else if (w->armed)
		check(&wrong.early_timer, now < w->stale_until_ns);
}

static void on_upcall(struct kernel_regs *regs)
{
	unsigned number = kernel_number();
	struct pv_vcpu *page = kernel_page(number);

	(void)regs;
	count(&done.upcalls);
	while (__atomic_exchange_n(&page->upcalls_pending, 0, __ATOMIC_SEQ_CST))
		take_ports(number);
}

static void will_send(unsigned from, unsigned to)
{
	__atomic_fetch_add(&sent[from][to], 1, __ATOMIC_SEQ_CST);
}

static void send(struct worker *w, unsigned number)
{
	unsigned to = another(w);

	will_send(number, to);
	check(&wrong.answer, CALL2(PV_OP_SEND_EVENT, to,
				   PV_PORT_FIRST_FREE + number) == 0);
}

/* ---- timers and waiting */

/* One that is replaced may have fired, or be about to. Upcalls are masked. */
static void will_arm(struct worker *w, uint64_t deadline_ns)
{
	if (w->armed)
		w->stale_until_ns = kernel_now() + LATE;
	w->armed = deadline_ns != PV_FOREVER;
	w->deadline_ns = deadline_ns;
}

static uint64_t any_deadline(struct worker *w)
{
	switch (next(w) % 8) {
	case 0:
		return PV_FOREVER;
	case 1:
		return kernel_now() - next(w) % 1000;
	default:
		return kernel_now() + next(w) % 1000000;
	}
}

static void set_timer(struct worker *w, unsigned number)
{
	struct pv_vcpu *page = kernel_page(number);
	uint64_t deadline_ns = any_deadline(w);

	mask(page);
	if (!w->armed || next(w) % 16 == 0) {
		will_arm(w, deadline_ns);
		check(&wrong.answer, CALL1(PV_OP_SET_TIMER, deadline_ns) == 0);
	}
	unmask(page);
	check(&wrong.late_timer,
	      !w->armed || kernel_now() < w->deadline_ns + LATE);
}

static void block(struct worker *w)
{
	uint64_t deadline_ns = kernel_now() + next(w) % 200000;
	int64_t answer = CALL1(PV_OP_BLOCK, next(w) % 4 ? deadline_ns : 0);

	check(&wrong.answer, answer == 0 || answer == -PV_ETIMEDOUT);
}

static void wait_for_all_of_it(struct worker *w)
{
	uint64_t deadline_ns = kernel_now() + next(w) % 100000;

	check(&wrong.early_block,
	      CALL1(PV_OP_BLOCK, deadline_ns) != -PV_ETIMEDOUT ||
		      kernel_now() >= deadline_ns);
}

/* ---- exceptions */

int chaos_read(uint64_t gva);
void chaos_undefined(void), chaos_divide(void), chaos_breakpoint(void);
extern const uint8_t chaos_read_failed[];
__asm__(".pushsection .text\n"
	"chaos_read: mov (%rdi), %rax; xor %eax, %eax; ret\n"
	"chaos_read_failed: mov $1, %eax; ret\n"
	"chaos_undefined: ud2; ret\n"
	"chaos_divide: xor %ecx, %ecx; div %ecx; ret\n" /* 2 bytes, as ud2 */
	"chaos_breakpoint: int3; ret\n"
	".popsection\n");

static void on_trap(struct kernel_regs *regs)
{
	struct worker *w = &workers[kernel_number()];

	w->faults++;
	w->fault_vector = regs->frame.vector;
	w->fault_address = regs->frame.fault_address;
	count(&done.traps);
	if (regs->frame.vector == 14)
		regs->frame.rip = ADDRESS(chaos_read_failed);
	else if (regs->frame.vector == 6 || regs->frame.vector == 0)
		regs->frame.rip += 2;
	else if (regs->frame.vector != 3)
		pvg_panic("vector %u at 0x%lx", (unsigned)regs->frame.vector,
			  regs->frame.rip);
}

static void fault(struct worker *w)
{
	uint64_t address = OWN + (1 + next(w) % 500) * PV_PAGE_BYTES;
	unsigned before = w->faults;

	switch (next(w) % 4) {
	case 0:
		chaos_undefined();
		check(&wrong.fault, w->fault_vector == 6);
		break;
	case 1:
		chaos_divide();
		check(&wrong.fault, w->fault_vector == 0);
		break;
	case 2:
		chaos_breakpoint();
		check(&wrong.fault, w->fault_vector == 3);
		break;
	default:
		check(&wrong.fault, chaos_read(address) == 1 &&
					    w->fault_vector == 14 &&
					    w->fault_address == address);
	}
	check(&wrong.fault, w->faults == before + 1);
}

/* ---- page tables */

static void see_own_page(unsigned number)
{
	check(&wrong.own_page, *(volatile uint64_t *)OWN == number + 1000 &&
				       kernel_number() == number);
}

/* Another content of a root, by two entries that nobody uses. */
static void vary(uint64_t *root, uint64_t by)
{
	root[500] = ADDRESS(kernel_tables[by % 64]) | PT_P | (by >> 6 & 7) << 9;
	root[501] = ADDRESS(kernel_tables[by >> 9 & 63]) | PT_P |
		    (by >> 15 & 7) << 9;
}

static void load_root(struct worker *w, unsigned number)
{
	if (next(w) % 4 == 0) {
		check(&wrong.answer,
		      CALL1(PV_OP_MMU_ROOT, ADDRESS(w->root) + 8) == -PV_EINVAL);
		check(&wrong.answer, CALL1(PV_OP_MMU_ROOT, pvg_boot.ram_bytes) ==
					     -PV_EFAULT);
	}
	if (next(w) % 2)
		vary(w->root, next(w));
	check(&wrong.answer, CALL1(PV_OP_MMU_ROOT, ADDRESS(w->root)) == 0);
	count(&done.roots);
	see_own_page(number);
}

static void flush(struct worker *w, unsigned number)
{
	uint64_t all = all_vcpus();

	if (next(w) % 8 == 0 && ~all)
		check(&wrong.answer, CALL3(PV_OP_MMU_FLUSH, all + 1, 0, 0) ==
					     -PV_EINVAL);
	check(&wrong.answer,
	      CALL3(PV_OP_MMU_FLUSH, next(w) & all, next(w), next(w)) == 0);
	count(&done.flushes);
	see_own_page(number);
}

static unsigned lock, lock_holder, shared_now;

static bool try_lock(unsigned number)
{
	if (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
		CALL1(PV_OP_YIELD_TO, __atomic_load_n(&lock_holder,
						     __ATOMIC_RELAXED));
		return false;
	}
	__atomic_store_n(&lock_holder, number, __ATOMIC_RELAXED);
	return true;
}

/* The page that all see becomes another. When all have been flushed nobody sees the
 * former one, which is spoilt then. */
static void move_shared_page(struct worker *w, unsigned number)
{
	uint64_t all = all_vcpus();
	unsigned former, chosen;

	if (!try_lock(number))
		return;
	former = shared_now;
	chosen = (former + 1 + (unsigned)(next(w) % (SHARED_PAGES - 1))) %
		 SHARED_PAGES;
	*(volatile uint64_t *)(void *)shared_pages[chosen] = next(w) >> 8;
	__atomic_store_n(shared_entry, ADDRESS(shared_pages[chosen]) | PT_RW,
			 __ATOMIC_SEQ_CST);
	check(&wrong.answer,
	      CALL3(PV_OP_MMU_FLUSH, all, SHARED, PV_PAGE_BYTES) == 0);
	*(volatile uint64_t *)(void *)shared_pages[former] = POISON;
	shared_now = chosen;
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	count(&done.flushes);
}

static void see_shared_page(void)
{
	for (unsigned i = 0; i < 20; i++)
		check(&wrong.flush, *(volatile uint64_t *)SHARED != POISON);
}

/* ---- user mode */

/* Adds up to rcx, leaves rsi on its page, and then reads what rdi says. */
USER_PROGRAM(sum, "xor %eax, %eax; 1: add %rcx, %rax; loop 1b;"
		  "mov %rsi, -8(%rsp); syscall; mov (%rdi), %rax; syscall; ud2")

static int64_t run_user(struct worker *w)
{
	struct pv_vcpu *page = kernel_page(kernel_number());
	int64_t answer;

	/* Without a handler about to run, what is pending is taken here. */
	do {
		answer = CALL1(PV_OP_USER_RUN, ADDRESS(&w->user));
		count(&done.users);
		if (answer == PV_USER_EVENT)
			unmask(page);
	} while (answer == PV_USER_EVENT);
	return answer;
}

static void use_user_mode(struct worker *w, unsigned number)
{
	uint64_t n = 1 + next(w) % 20000, mark = next(w), page = OWN;
	struct pv_user *user = &w->user;

	if (next(w) % 4 == 0)
		vary(w->user_root, next(w));
	memset(user, 0, sizeof(*user));
	user->rip = USER_CODE;
	user->rsp = USER_DATA + 1024;
	user->root = ADDRESS(w->user_root);
	user->rcx = n;
	user->rsi = mark;
	user->rdi = page;
	user->fs_base = number * 4096 + 8;
	user->r15 = mark ^ n;
	check(&wrong.user, run_user(w) == PV_USER_SYSCALL &&
				   user->rax == n * (n + 1) / 2 &&
				   user->r15 == (mark ^ n) &&
				   user->fs_base == number * 4096 + 8);
	check(&wrong.user_data,
	      *(uint64_t *)(void *)(user_pages[number] + 1016) == mark);
	if (next(w) % 2)
		return;
	check(&wrong.user_fault, run_user(w) == PV_USER_TRAP &&
					 user->vector == 14 &&
					 user->fault_address == page);
}

/* ---- batches */

static void fill_call(struct worker *w, unsigned number, struct pv_call *call)
{
	uint64_t all = all_vcpus();
	unsigned to = another(w);

	*call = (struct pv_call){ .op = PV_OP_NOP };
	switch (next(w) % 8) {
	case 0:
		will_send(number, to);
		call->op = PV_OP_SEND_EVENT;
		call->arg[0] = to;
		call->arg[1] = PV_PORT_FIRST_FREE + number;
		break;
	case 1:
		call->op = PV_OP_CLOCK;
		break;
	case 2:
		call->op = PV_OP_MMU_FLUSH;
		call->arg[0] = next(w) & next(w) & all;
		break;
	case 3:
		call->op = PV_OP_YIELD_TO;
		call->arg[0] = to;
		break;
	case 4:
		call->op = PV_OP_VCPU_DOWN; /* may not be batched */
		break;
	default:
		break;
	}
}

static void batch(struct worker *w, unsigned number)
{
	uint64_t calls = next(w) % 12;

	for (uint64_t i = 0; i < calls; i++)
		fill_call(w, number, &w->batch[i]);
	check(&wrong.batch, CALL2(PV_OP_MULTICALL, ADDRESS(w->batch), calls) ==
				    (int64_t)calls);
	for (uint64_t i = 0; i < calls; i++) {
		const struct pv_call *call = &w->batch[i];

		if (call->op == PV_OP_CLOCK)
			check(&wrong.batch, call->status > 0);
		else if (call->op == PV_OP_VCPU_DOWN)
			check(&wrong.batch, call->status == -PV_EINVAL);
		else
			check(&wrong.batch, call->status == 0);
	}
	count(&done.batches);
}

/* ---- lives */

static void work(uint64_t number);

static void bring_up(struct worker *w)
{
	unsigned other = another(w);
	int64_t answer;

	if (other == 0)
		return;
	answer = kernel_up(other, work, other);
	check(&wrong.answer, answer == 0 || answer == -PV_EBUSY);
	if (answer == 0)
		count(&done.ups);
}

static void step(struct worker *w, unsigned number)
{
	switch (next(w) % 16) {
	case 0:
	case 1:
		send(w, number);
		break;
	case 2:
	case 3:
		set_timer(w, number);
		break;
	case 4:
		block(w);
		break;
	case 5:
		wait_for_all_of_it(w);
		break;
	case 6:
		fault(w);
		break;
	case 7:
		load_root(w, number);
		break;
	case 8:
		flush(w, number);
		break;
	case 9:
		move_shared_page(w, number);
		break;
	case 10:
	case 11:
		use_user_mode(w, number);
		break;
	case 12:
		batch(w, number);
		break;
	case 13:
		bring_up(w);
		break;
	case 14:
		CALL0(PV_OP_YIELD);
		break;
	default:
		see_shared_page();
		see_own_page(number);
		raw_spin_ns(next(w) % 20000);
	}
	count(&done.steps);
}

static uint64_t gs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

static void begin(struct worker *w, unsigned number)
{
	struct pv_vcpu *page = kernel_page(number);

	/* What was armed in another life may have fired, or may not. */
	if (w->armed)
		w->stale_until_ns = kernel_now() + LATE;
	w->armed = false;
	CALL1(PV_OP_MMU_ROOT, ADDRESS(w->root));
	CALL2(PV_OP_SET_TRAPS, ADDRESS(kernel_trap_entry), UINT32_MAX);
	CALL2(PV_OP_SET_UPCALL, ADDRESS(kernel_upcall_entry), 0);
	unmask(page);
}

/* The timer that is armed is yet to fire. */
static void finish(struct worker *w)
{
	uint64_t late_ns = kernel_now() + LATE;

	while (*(volatile bool *)&w->armed && kernel_now() < late_ns)
		CALL1(PV_OP_BLOCK, kernel_now() + SECOND / 100);
	check(&wrong.late_timer, !w->armed);
}

static void work(uint64_t number)
{
	struct worker *w = &workers[number];
	uint64_t base = ADDRESS(kernel_page((unsigned)number));

	begin(w, (unsigned)number);
	while (!stop) {
		step(w, (unsigned)number);
		check(&wrong.base, gs_base() == base);
		if (number == 0)
			stop = kernel_now() >= end_ns;
		else if (next(w) % 256 == 0)
			break;
	}
	if (stop)
		finish(w);
	mask(kernel_page((unsigned)number));
	count(&done.lives);
	if (number)
		kernel_down();
}

/* ---- the beginning and the end */

static void make_roots(unsigned number, const uint64_t *ram)
{
	struct worker *w = &workers[number];

	w->seed = (first_seed + number) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	w->root = kernel_table();
	memcpy(w->root, ram, PV_PAGE_BYTES);
	kernel_map(w->root, OWN, ADDRESS(own_pages[number]), PT_RW);
	*(uint64_t *)(void *)own_pages[number] = number + 1000;
	w->user_root = kernel_table();
	kernel_map(w->user_root, USER_CODE, ADDRESS(kernel_user_code), PT_RX);
	kernel_map(w->user_root, USER_DATA, ADDRESS(user_pages[number]), PT_RW);
	memset(kernel_page(number)->masked, 0, 64);
}

static void prepare(void)
{
	uint64_t *ram = kernel_root();

	kernel_start();
	kernel_trap = on_trap;
	kernel_upcall = on_upcall;
	memset(kernel_user_code, 0xcc, PV_PAGE_BYTES);
	memcpy(kernel_user_code, sum_begin, (size_t)(sum_end - sum_begin));
	kernel_map(ram, SHARED, ADDRESS(shared_pages[0]), PT_RW);
	shared_entry = kernel_entry(ram, SHARED, 1);
	for (unsigned n = 0; n < vcpus; n++)
		make_roots(n, ram);
}

static void await_all_down(void)
{
	for (unsigned n = 1; n < vcpus; n++)
		kernel_wait_down(n);
}

static unsigned events_lost(void)
{
	unsigned lost = 0;

	for (unsigned to = 0; to < vcpus; to++) {
		take_ports(to);
		for (unsigned from = 0; from < vcpus; from++)
			lost += seen[from][to] != sent[from][to];
	}
	return lost;
}

static uint64_t number_of(const char *text)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	return n;
}

static uint64_t argument(int argc, char **argv, const char *name, uint64_t otherwise)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return number_of(argv[i] + len + 1);
	return otherwise;
}

static void tell(void)
{
	const struct {
		const char *name;
		uint64_t n;
	} all[] = {
		{ "steps", done.steps }, { "lives", done.lives },
		{ "upcalls", done.upcalls }, { "events", done.events },
		{ "timers", done.ticks }, { "traps", done.traps },
		{ "user runs", done.users }, { "flushes", done.flushes },
		{ "roots", done.roots }, { "batches", done.batches },
	};

	pvg_printf("#");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		pvg_printf(" %lu %s%s", all[i].n, all[i].name,
			   i + 1 < sizeof(all) / sizeof(all[0]) ? "," : "\n");
}

int main(int argc, char **argv)
{
	uint64_t seconds = argument(argc, argv, "seconds", 3);

	first_seed = argument(argc, argv, "seed", 1);
	vcpus = pvg_boot.vcpus < VCPUS_MOST ? pvg_boot.vcpus : VCPUS_MOST;
	pvg_printf("# %u vCPUs, seed %lu, %lu s\n", vcpus, first_seed, seconds);
	pvg_console_flush();
	prepare();
	end_ns = kernel_now() + seconds * SECOND;
	work(0);
	await_all_down();
	CALL2(PV_OP_SET_UPCALL, 0, 0);
	CALL1(PV_OP_MMU_ROOT, PV_ROOT_INITIAL);
	tell();
	tap_equal(events_lost(), 0, "no event was lost");
	tap_equal(wrong.early_timer, 0, "no timer fired early");
	tap_equal(wrong.late_timer, 0, "none was forgotten");
	tap_equal(wrong.early_block, 0, "no wait was short");
	tap_equal(wrong.answer, 0, "each operation answered as it should");
	tap_equal(wrong.batch, 0, "each batch as well");
	tap_equal(wrong.fault, 0, "each exception was told once and rightly");
	tap_equal(wrong.own_page, 0, "each vCPU had its own page tables");
	tap_equal(wrong.flush, 0, "nobody saw a page after it was flushed");
	tap_equal(wrong.user, 0, "user mode computed as if alone");
	tap_equal(wrong.user_data, 0, "on its own pages");
	tap_equal(wrong.user_fault, 0, "and not on the kernel's");
	tap_equal(wrong.base, 0, "each vCPU kept its GS base");
	tap_equal((int64_t)(done.lives - 1), (int64_t)done.ups,
		  "each that was brought up lived once");
	return tap_done();
}
