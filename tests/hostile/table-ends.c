/* SPDX-License-Identifier: MIT
 *
 * What if the page tables that are loaded have no place for the code that goes on,
 * its stack or its handlers, lead out of RAM, or to what the hypervisor keeps from
 * being written? The guest ends, with a report.
 *
 * Clauses: M10, M12, T8.
 */
#include "../guest/cases.h"
#include "kernel.h"

KERNEL_NOTE;

#define NEAR UINT64_C(0x10000000000)

PAGE_OF(empty);
static volatile uint8_t sink;

static void load(const void *root)
{
	CALL1(PV_OP_MMU_ROOT, ADDRESS(root));
}

static void flush(void)
{
	CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
}

static void handle(struct kernel_regs *regs)
{
	regs->frame.rip += 2;
}

/* ---- roots without what is needed */

static void nothing_mapped(void)
{
	load(empty);
}

static void nothing_mapped_with_handlers(void)
{
	kernel_traps(handle, UINT32_MAX);
	kernel_upcalls(handle, 0);
	load(empty);
}

/* RAM but for one page of it: the entry of a large page that has become a table
 * of small ones. */
static uint64_t *root_but(uint64_t address, uint64_t rights)
{
	uint64_t *root = kernel_root(), *table = kernel_table();
	uint64_t *large = kernel_entry(root, address, 2);
	uint64_t base = address & ~((UINT64_C(2) << 20) - 1);

	for (unsigned i = 0; i < 512; i++)
		table[i] = (base + i * PV_PAGE_BYTES) | PT_TABLE;
	*large = ADDRESS(table) | PT_TABLE;
	*kernel_entry(root, address, 1) =
		(address & ~UINT64_C(4095)) | rights;
	return root;
}

static uint8_t stack[4 * PV_PAGE_BYTES] __attribute__((aligned(PV_PAGE_BYTES)));

/* On a stack of its own, all of it within one page. */
static void load_on_stack(const uint64_t *root)
{
	uint64_t top = ADDRESS(stack + 2 * PV_PAGE_BYTES) - 16;
	uint64_t slot = pvg_boot.ops_addr + PV_OP_MMU_ROOT * PV_OP_SLOT_BYTES;

	__asm__ volatile("mov %0, %%rsp; mov %1, %%rdi; call *%2; ud2; ud2"
			 : : "r"(top), "r"(root), "r"(slot) : "memory", "rdi");
}

static void no_stack(void)
{
	load_on_stack(root_but(ADDRESS(stack + PV_PAGE_BYTES), 0));
}

static void no_stack_with_handlers(void)
{
	kernel_traps(handle, UINT32_MAX);
	no_stack();
}

static void read_only_stack(void)
{
	kernel_traps(handle, UINT32_MAX);
	load_on_stack(root_but(ADDRESS(stack + PV_PAGE_BYTES), PT_RX));
}

static void supervisor_stack(void)
{
	kernel_traps(handle, UINT32_MAX);
	load_on_stack(root_but(ADDRESS(stack + PV_PAGE_BYTES), PT_P | PT_W));
}

static void stack_outside_ram(void)
{
	uint64_t *root = root_but(ADDRESS(stack + PV_PAGE_BYTES), 0);

	*kernel_entry(root, ADDRESS(stack + PV_PAGE_BYTES), 1) =
		(pvg_boot.ram_bytes + (UINT64_C(1) << 30)) | PT_RW;
	kernel_traps(handle, UINT32_MAX);
	load_on_stack(root);
}

static void stack_in_the_window(void)
{
	uint64_t *root = root_but(ADDRESS(stack + PV_PAGE_BYTES), 0);

	*kernel_entry(root, ADDRESS(stack + PV_PAGE_BYTES), 1) =
		(kernel_window_gpa() + WINDOW_STACKS) | PT_RW;
	kernel_traps(handle, UINT32_MAX);
	load_on_stack(root);
}

static void code_without(uint64_t taken)
{
	load(root_but(ADDRESS(code_without), PT_TABLE & ~taken));
	flush();
}

static void no_code(void)
{
	code_without(PT_P);
}

static void code_not_for_it(void)
{
	code_without(PT_U);
}

static void code_not_executable(void)
{
	load(root_but(ADDRESS(code_without), PT_RW));
	flush();
}

/* ---- what leads out of RAM */

static void use(uint64_t *entry, uint64_t value, bool write)
{
	*entry = value;
	flush();
	if (write)
		*raw_address(NEAR) = 1;
	else
		sink = *raw_address(NEAR);
}

static void page_far_away(void)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 1), (UINT64_C(1) << 40) | PT_RW, false);
}

static void write_far_away(void)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 1), (UINT64_C(1) << 40) | PT_RW, true);
}

static void table_far_away(void)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 2), (UINT64_C(1) << 40) | PT_TABLE, false);
}

static void directory_far_away(void)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 3), (UINT64_C(1) << 40) | PT_TABLE, true);
}

static void execute_far_away(void)
{
	uint64_t *root = kernel_root();

	load(root);
	*kernel_entry(root, NEAR, 1) = (UINT64_C(1) << 40) | PT_TABLE;
	flush();
	((void (*)(void))(uintptr_t)NEAR)();
}

/* A processor that does not have all address bits calls them reserved. */
static void page_at_the_end_of_addresses(void)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 1), PT_ADDRESS | PT_RW, false);
}

static void write_window(uint32_t offset)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 1), (kernel_window_gpa() + offset) | PT_RW,
	    true);
}

static void write_operations(void)
{
	write_window(WINDOW_FIXED);
}

static void write_user_page(void)
{
	write_window(WINDOW_USER);
}

static void write_descriptors(void)
{
	write_window(WINDOW_USER + PV_PAGE_BYTES);
}

/* Tables in memory that nobody may write: a processor with nested paging walks them
 * as a writer, and KVM has it try for ever. */
static void table_in_boot_info(void)
{
	uint64_t *root = kernel_root();

	load(root);
	use(kernel_entry(root, NEAR, 2),
	    (kernel_window_gpa() + WINDOW_FIXED + PV_PAGE_BYTES) | PT_TABLE, false);
}

/* ---- what is freed in use */

static void root_zeroed(void)
{
	uint64_t *root = kernel_root();

	load(root);
	memset(root, 0, PV_PAGE_BYTES);
	flush();
}

/* All copies but the one in use are of other contents, until that goes too. */
static void root_bad_for_too_long(void)
{
	uint64_t *used = kernel_root(), *varied = kernel_root();
	struct pv_user user = { .rip = NEAR };

	load(used);
	used[300] = PT_P | PT_LARGE;
	user.root = ADDRESS(varied);
	for (unsigned i = 0; i < 3000; i++) {
		varied[300] = ADDRESS(kernel_tables[i / 8 % 64]) | PT_P |
			      (i % 8) << 9 | (i / 512 % 4) << 3 |
			      (i / 2048) << 2;
		CALL1(PV_OP_USER_RUN, ADDRESS(&user));
		user.rip = NEAR;
	}
}

static void tables_zeroed(void)
{
	uint64_t *root = kernel_root();

	kernel_traps(handle, UINT32_MAX);
	load(root);
	memset((void *)(uintptr_t)(root[0] & PT_ADDRESS), 0, PV_PAGE_BYTES);
	flush();
}

/* ---- what changes while the hypervisor walks it */

static uint64_t *flipping;
static uint64_t flip_to[8];
static unsigned flips;

static void flip(uint64_t arg)
{
	volatile uint64_t *entry = flipping;

	(void)arg;
	for (unsigned i = 0;; i++)
		*entry = flip_to[i % flips];
}

/* Raise as many exceptions as there is time for, on a page of stack whose entry
 * changes. Where the frame is does not matter: nobody reads it. */
static void flip_stack(const uint64_t *entries, unsigned count)
{
	uint64_t *root = kernel_root(), end = kernel_now() + 300000000;
	uint64_t top = NEAR + PV_PAGE_BYTES - 256;

	*kernel_entry(root, NEAR, 1) = ADDRESS(stack) | PT_RW;
	load(root);
	flipping = kernel_entry(root, NEAR, 1);
	flips = count;
	memcpy(flip_to, entries, count * sizeof(entries[0]));
	kernel_up(1, flip, 0);
	while (kernel_now() < end)
		__asm__ volatile(
			"mov %%rsp, %%rbx\n\t"
			"lea 1f(%%rip), %%rsi\n\t"
			"mov $0xffffffff, %%edx\n\t"
			"mov %%rsi, %%rdi; mov %%rdx, %%rsi; call *%1\n\t"
			"mov %0, %%rsp\n\t"
			"ud2\n"
			"1: mov %%rbx, %%rsp\n\t"
			: : "r"(top), "r"(pvg_boot.ops_addr +
					  PV_OP_SET_TRAPS * PV_OP_SLOT_BYTES)
			: "memory", "rbx", "rsi", "rdi", "rdx", "rcx", "rax", "r8",
			  "r9", "r10", "r11", "cc");
}

static void stack_page_moves(void)
{
	const uint64_t entries[] = {
		ADDRESS(stack) | PT_RW, ADDRESS(stack + PV_PAGE_BYTES) | PT_RW,
	};

	flip_stack(entries, 2);
}

static void stack_page_comes_and_goes(void)
{
	const uint64_t entries[] = { ADDRESS(stack) | PT_RW, 0 };

	flip_stack(entries, 2);
}

static void stack_page_is_anything(void)
{
	const uint64_t entries[] = {
		ADDRESS(stack) | PT_RW, UINT64_MAX, PT_ADDRESS | PT_RW,
		kernel_window_gpa() | PT_RW, pvg_boot.ram_bytes | PT_RW,
		ADDRESS(stack) | PT_RX, ADDRESS(stack) | PT_P, 1,
	};

	flip_stack(entries, 8);
}

#define CASE(name, regex) { #name, name, "123", "guest stopped: .*" regex }
#define MAYBE(name, regex) { #name, name, "0|123", "guest stopped: .*" regex }

#define NO_STACK "could not be delivered.*its stack cannot take"
#define AWAY "(no memory of its own|page fault|cannot execute|could not be)"

static const struct test_case cases[] = {
	CASE(nothing_mapped, "page fault"),
	CASE(nothing_mapped_with_handlers, NO_STACK),
	CASE(no_stack, "page fault"),
	CASE(no_stack_with_handlers, NO_STACK),
	CASE(read_only_stack, NO_STACK),
	CASE(supervisor_stack, NO_STACK),
	CASE(stack_outside_ram, "(" NO_STACK "|" AWAY ")"),
	CASE(stack_in_the_window, NO_STACK),
	CASE(no_code, "page fault"),
	CASE(code_not_for_it, "page fault"),
	CASE(code_not_executable, "page fault"),
	CASE(page_far_away, AWAY),
	CASE(write_far_away, AWAY),
	CASE(table_far_away, AWAY),
	CASE(directory_far_away, AWAY),
	CASE(execute_far_away, ""),
	CASE(page_at_the_end_of_addresses, AWAY),
	CASE(write_operations, AWAY),
	CASE(write_user_page, AWAY),
	CASE(write_descriptors, AWAY),
	{ "table_in_boot_info", table_in_boot_info, "0|123|124", "stopped" },
	CASE(root_zeroed, "page fault"),
	CASE(root_bad_for_too_long, "went bad while vCPU 0 used it"),
	CASE(tables_zeroed, NO_STACK),
	MAYBE(stack_page_moves, "(" NO_STACK "|page fault)"),
	MAYBE(stack_page_comes_and_goes, "(" NO_STACK "|page fault)"),
	MAYBE(stack_page_is_anything, ""),
};

CASES_MAIN(cases)
