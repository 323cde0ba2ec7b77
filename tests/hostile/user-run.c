/* SPDX-License-Identifier: MIT
 *
 * What if a kernel calls USER_RUN with what is none of its business, from where it
 * must not, or with a context that changes meanwhile?
 *
 * Clauses: A5, A7, M1, M2, M10, X1, X2, X5, X6, X9.
 */
#include "../guest/tap.h"
#include "../random.h"
#include "kernel.h"

KERNEL_NOTE;

static struct pv_user user;
PAGE_OF(arena);
PAGE_OF(bad_root);
static const uint8_t read_only[PV_PAGE_BYTES]
	__attribute__((aligned(PV_PAGE_BYTES))) = { 1 };

USER_PROGRAM(call, "1: syscall; jmp 1b")
USER_PROGRAM(push, "push %rax; syscall")
USER_PROGRAM(spin, "1: jmp 1b")

static bool is_reason(int64_t answer)
{
	return answer >= PV_USER_SYSCALL && answer <= PV_USER_EVENT;
}

/* ---- the context's place */

static void refused(uint64_t gpa, int64_t status, const char *name)
{
	tap_equal(CALL1(PV_OP_USER_RUN, gpa), status, name);
}

static void bad_places(void)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	refused(ADDRESS(arena) + 1, -PV_EINVAL, "a context at an odd address");
	refused(ADDRESS(arena) + 4, -PV_EINVAL, "at half a word");
	refused(UINT64_MAX, -PV_EINVAL, "at the last address there is");
	refused(UINT64_MAX - 7, -PV_EFAULT, "at the last word there is");
	refused(UINT64_MAX - 191, -PV_EFAULT, "at one that wraps to 0");
	refused(ram, -PV_EFAULT, "just past RAM");
	refused(ram - 184, -PV_EFAULT, "across the end of RAM");
	refused(NOT_CANONICAL, -PV_EFAULT, "at no address");
	refused(PV_WINDOW_BASE, -PV_EFAULT, "at the window's address");
	refused(pvg_boot.vcpu_addr, -PV_EFAULT, "in the vCPU page");
	refused(kernel_window_gpa(), -PV_EFAULT, "in the window's memory");
	refused(kernel_window_gpa() + WINDOW_FIXED, -PV_EFAULT,
		"in the operations page's");
}

/* Only 8-byte alignment is asked for. */
static void runs_at(uint64_t gpa, const char *name)
{
	struct pv_user *at = (struct pv_user *)(uintptr_t)gpa, made;
	bool same;

	kernel_user_set(&made, call_begin, call_end);
	made.r15 = gpa;
	memcpy((void *)at, &made, sizeof(made));
	if (!tap_equal(CALL1(PV_OP_USER_RUN, gpa), PV_USER_SYSCALL, name))
		return;
	memcpy(&made, (void *)at, sizeof(made));
	same = made.rip == USER_CODE + 2 && made.r15 == gpa &&
	       made.root == ADDRESS(kernel_user_root) &&
	       made.reason == PV_USER_SYSCALL && made.fault_address == 0;
	tap_ok(same, "and is written there");
}

static void odd_places(void)
{
	static uint64_t *root;

	runs_at(ADDRESS(arena), "a context at the start of a page");
	runs_at(ADDRESS(arena) + 8, "8 bytes on");
	runs_at(ADDRESS(arena) + 40, "40 bytes on");
	runs_at(ADDRESS(arena) + PV_PAGE_BYTES - 192, "at the end of a page");
	runs_at(pvg_boot.ram_bytes - 192, "at the end of RAM");
	/* Rights are the mapping's; the hypervisor goes by physical addresses.
	 * The guest makes itself a mapping to prepare these. */
	root = kernel_root();
	kernel_load(root);
	runs_at(ADDRESS(read_only) + 64, "in a page that was read-only");
	runs_at(56, "in page 0");
	CALL1(PV_OP_MMU_ROOT, PV_ROOT_INITIAL);
}

/* ---- what is in it */

static void with(uint64_t *field, uint64_t value, int64_t status,
		 const char *name)
{
	struct pv_user before;

	kernel_user_set(&user, call_begin, call_end);
	*field = value;
	before = user;
	tap_equal(kernel_user_run(&user), status, name);
	if (status < 0)
		tap_ok(memcmp(&before, &user, sizeof(user)) == 0,
		       "and nothing was written");
}

static void bad_fields(void)
{
	with(&user.rip, NOT_CANONICAL, -PV_EINVAL, "rip that is no address");
	with(&user.rip, UINT64_C(1) << 63, -PV_EINVAL, "rip of one bit");
	with(&user.fs_base, NOT_CANONICAL, -PV_EINVAL, "such an FS base");
	with(&user.gs_base, NOT_CANONICAL, -PV_EINVAL, "such a GS base");
	with(&user.gs_base, UINT64_C(0xffff7fffffffffff), -PV_EINVAL,
	     "a GS base just below the upper half");
	with(&user.fs_base, UINT64_C(0xffff800000000000), PV_USER_SYSCALL,
	     "an FS base of the upper half");
	with(&user.rip, 0, PV_USER_TRAP, "rip 0");
	with(&user.rip, UINT64_C(0x7fffffffffff), PV_USER_TRAP,
	     "rip at the end of the lower half");
	with(&user.rip, UINT64_MAX, PV_USER_TRAP, "rip at the end of it all");
	with(&user.rip, ADDRESS(arena), PV_USER_TRAP, "rip in the kernel");
	with(&user.rip, PV_WINDOW_BASE, PV_USER_TRAP, "rip in a vCPU page");
	with(&user.rip, pvg_boot.ops_addr, PV_USER_TRAP,
	     "rip in the operations page");
	with(&user.rip, PV_WINDOW_BASE + WINDOW_USER + 64, PV_USER_TRAP,
	     "rip in the user page");
	with(&user.rip, PV_WINDOW_BASE + WINDOW_USER + 0x1400, PV_USER_TRAP,
	     "rip at a fault stub");
	with(&user.rsp, NOT_CANONICAL, PV_USER_SYSCALL,
	     "rsp that is no address, unused");
	kernel_user_set(&user, push_begin, push_end);
	user.rsp = NOT_CANONICAL;
	tap_equal(kernel_user_run(&user), PV_USER_TRAP, "and used");
	user.rip = USER_CODE;
	user.rsp = PV_WINDOW_BASE + WINDOW_STACKS + PV_PAGE_BYTES;
	tap_equal(kernel_user_run(&user), PV_USER_TRAP, "rsp at a fault stack");
	user.rip = USER_CODE;
	user.rsp = 4;
	tap_equal(kernel_user_run(&user), PV_USER_TRAP, "rsp that wraps");
}

/* SYSCALL itself may clear TF before there was a step. */
static void one_flag_each(void)
{
	unsigned wrong = 0;

	for (unsigned bit = 0; bit < 64; bit++) {
		bool step = bit == 8;
		int64_t answer;

		kernel_user_set(&user, call_begin, call_end);
		user.rflags = UINT64_C(1) << bit;
		answer = kernel_user_run(&user);
		wrong += answer != PV_USER_SYSCALL &&
			 !(step && answer == PV_USER_TRAP);
		wrong += (user.rflags & ~UINT64_C(0x250fd7)) != 0;
	}
	tap_equal(wrong, 0, "each flag, whether there is one or not");
}

static void bad_roots(void)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	with(&user.root, PV_ROOT_INITIAL, -PV_EINVAL, "the initial root");
	with(&user.root, 8, -PV_EINVAL, "a root in the middle of a page");
	with(&user.root, ram, -PV_EFAULT, "one past RAM");
	with(&user.root, ram + (UINT64_C(1) << 40), -PV_EFAULT, "far past RAM");
	with(&user.root, UINT64_MAX - 4095, -PV_EFAULT, "in the last page");
	with(&user.root, PV_WINDOW_BASE, -PV_EFAULT, "at the window's address");
	with(&user.root, kernel_window_gpa(), -PV_EFAULT,
	     "in the window's memory");
	with(&user.root, kernel_window_gpa() + WINDOW_MAPPED, -PV_EFAULT,
	     "the hypervisor's own");
	with(&user.root, ADDRESS(kernel_user_root) | UINT64_C(1) << 52,
	     -PV_EFAULT, "with a bit beyond addresses");
}

static void bad_root_entry(unsigned at, uint64_t entry, int64_t status,
			   const char *name)
{
	uint64_t *root = (uint64_t *)(void *)bad_root;

	memcpy(root, kernel_user_root, PV_PAGE_BYTES);
	root[at] = entry;
	with(&user.root, ADDRESS(root), status, name);
}

static void bad_root_entries(void)
{
	const uint64_t window = kernel_window_gpa();

	bad_root_entry(511, PT_P | PT_LARGE, -PV_EINVAL, "a large page in a root");
	bad_root_entry(511, PT_P | 0x100, -PV_EINVAL, "bit 8 in one");
	bad_root_entry(1, PT_TABLE | PT_ADDRESS, -PV_EFAULT, "a table far away");
	bad_root_entry(1, PT_TABLE | pvg_boot.ram_bytes, -PV_EFAULT,
		       "a table past RAM");
	bad_root_entry(1, PT_TABLE | window, -PV_EFAULT,
		       "a table in the window's memory");
	bad_root_entry(1, PT_TABLE | (window + WINDOW_MAPPED), -PV_EFAULT,
		       "a table of the hypervisor's");
	bad_root_entry(255, UINT64_MAX, PV_USER_SYSCALL,
		       "anything at the window's entry");
	bad_root_entry(255, PT_TABLE | ADDRESS(arena), PV_USER_SYSCALL,
		       "a table there");
	bad_root_entry(3, ~PT_P, PV_USER_SYSCALL, "any bits but P");
}

/* ---- from within a handler */

static unsigned depth, reached, inner_wrong;

static void run_again(struct kernel_regs *regs)
{
	(void)regs;
	kernel_take_events();
	inner_wrong += kernel_user_run(&user) != PV_USER_SYSCALL;
	if (++reached < depth) {
		CALL2(PV_OP_SEND_EVENT, 0, 16);
		inner_wrong += kernel_user_run(&user) != PV_USER_EVENT;
		kernel_page(0)->upcalls_masked = 0;
		CALL0(PV_OP_NOP); /* where it is interrupted */
	}
}

static void from_a_handler(void)
{
	kernel_user_set(&user, call_begin, call_end);
	kernel_upcalls(run_again, 0);
	depth = 4;
	kernel_page(0)->upcalls_masked = 1;
	CALL2(PV_OP_SEND_EVENT, 0, 16);
	kernel_page(0)->upcalls_masked = 0;
	/* Due at once: the handler comes first, and takes the event. */
	tap_equal(kernel_user_run(&user), PV_USER_EVENT,
		  "a handler that runs user mode within USER_RUN");
	tap_equal((int64_t)reached, depth, "and is interrupted there itself");
	tap_equal(inner_wrong, 0, "with the same context");
	CALL2(PV_OP_SET_UPCALL, 0, 0);
	kernel_page(0)->upcalls_pending = 0;
}

/* ---- by several */

static volatile bool stop;
static bool is_answer(int64_t answer)
{
	return is_reason(answer) || answer == -PV_EINVAL || answer == -PV_EFAULT;
}

static unsigned wrong_there, runs_there;

static void run_the_same(uint64_t arg)
{
	(void)arg;
	while (!stop) {
		int64_t answer = kernel_user_run(&user);

		__atomic_fetch_add(&wrong_there, !is_answer(answer),
				   __ATOMIC_RELAXED);
		__atomic_fetch_add(&runs_there, 1, __ATOMIC_RELAXED);
	}
	kernel_down();
}

static void all_down(void)
{
	stop = true;
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_wait_down(n);
	stop = false;
}

static void same_context_on_all(void)
{
	unsigned wrong = 0;

	kernel_user_set(&user, call_begin, call_end);
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, run_the_same, 0);
	for (unsigned i = 0; i < 2000; i++)
		wrong += !is_answer(kernel_user_run(&user));
	all_down();
	tap_equal(wrong + wrong_there, 0, "one context, several vCPUs");
	tap_ok(pvg_boot.vcpus < 2 || runs_there, "at the same time");
}

/* Roots that let user mode see the kernel are the kernel's own affair. */
static uint64_t any_root(void)
{
	const uint64_t roots[] = {
		ADDRESS(kernel_user_root), ADDRESS(kernel_user_root),
		ADDRESS(kernel_user_root), ADDRESS(bad_root), 0, 8,
		pvg_boot.ram_bytes, PV_ROOT_INITIAL, kernel_window_gpa(),
	};

	return roots[random_next() % (sizeof(roots) / sizeof(roots[0]))];
}

static uint64_t any_address(void)
{
	const uint64_t addresses[] = {
		USER_CODE, USER_CODE, USER_DATA, 0, NOT_CANONICAL, UINT64_MAX,
		PV_WINDOW_BASE + WINDOW_USER, PV_WINDOW_BASE + WINDOW_STACKS,
	};

	return addresses[random_next() % (sizeof(addresses) / sizeof(addresses[0]))];
}

static void rewrite(uint64_t arg)
{
	volatile uint64_t *words = (volatile uint64_t *)(void *)&user;
	volatile uint64_t *entries = (volatile uint64_t *)(void *)bad_root;

	(void)arg;
	while (!stop) {
		words[random_next() % 16] = random_next();
		words[random_next() % 24] = any_address();
		user.rip = any_address();
		user.rflags = random_next() & ~UINT64_C(0x100);
		*(volatile uint64_t *)&user.root = any_root();
		entries[random_next() % 512] = random_next() % 2 ? 0 : PT_P | random_next() % 512;
	}
	kernel_down();
}

static void rewritten_meanwhile(void)
{
	unsigned wrong = 0, ran = 0;

	kernel_user_set(&user, call_begin, call_end);
	if (pvg_boot.vcpus > 1)
		kernel_up(1, rewrite, 0);
	for (unsigned i = 0; i < 5000; i++) {
		int64_t answer = kernel_user_run(&user);

		wrong += !is_answer(answer);
		ran += answer > 0;
	}
	all_down();
	pvg_printf("# %u of 5000 ran\n", ran);
	tap_equal(wrong, 0, "a context that another vCPU rewrites");
}

/* ---- a root that goes bad while it is used */

static volatile bool spinning;

static void spoil(uint64_t arg)
{
	uint64_t *root = (uint64_t *)(void *)bad_root;

	(void)arg;
	while (!spinning)
		CALL0(PV_OP_YIELD);
	root[7] = PT_P | PT_LARGE;
	CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
	raw_spin_ns(20000000);
	CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
	CALL2(PV_OP_SEND_EVENT, 0, 16);
	kernel_down();
}

static void root_goes_bad(void)
{
	kernel_user_set(&user, spin_begin, spin_end);
	memcpy(bad_root, kernel_user_root, PV_PAGE_BYTES);
	user.root = ADDRESS(bad_root);
	kernel_page(0)->upcalls_pending = 0;
	if (pvg_boot.vcpus < 2 || kernel_up(1, spoil, 0) != 0)
		return;
	spinning = true;
	tap_equal(kernel_user_run(&user), PV_USER_EVENT,
		  "user mode goes on with a root that goes bad");
	kernel_wait_down(1);
	kernel_page(0)->upcalls_pending = 0;
	tap_equal(kernel_user_run(&user), -PV_EINVAL, "and not again");
}

int main(void)
{
	kernel_user_make();
	kernel_page(0)->masked[0] = 0;
	bad_places();
	odd_places();
	bad_fields();
	one_flag_each();
	bad_roots();
	bad_root_entries();
	from_a_handler();
	same_context_on_all();
	rewritten_meanwhile();
	root_goes_bad();
	return tap_done();
}
