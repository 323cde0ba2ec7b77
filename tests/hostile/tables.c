/* SPDX-License-Identifier: MIT
 *
 * What if page tables lead out of RAM, into the hypervisor's memory or in circles,
 * if there are more roots than the hypervisor keeps, or they change in use? What it
 * does not survive is in table-ends.c.
 *
 * Clauses: M1 to M3, M7, M10, M11.
 */
#include "../guest/tap.h"
#include "kernel.h"

KERNEL_NOTE;

#define NEAR UINT64_C(0x10000000000) /* entry 2 of a root: nobody else's */
#define ERROR_RESERVED 8

static uint64_t *root;
PAGE_OF(other);
PAGE_OF(first);
PAGE_OF(second);

static int64_t load(uint64_t gpa)
{
	return CALL1(PV_OP_MMU_ROOT, gpa);
}

static void flush(void)
{
	CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
}

/* ---- roots */

static void bad_roots(void)
{
	const uint64_t ram = pvg_boot.ram_bytes, window = kernel_window_gpa();

	tap_equal(load(1), -PV_EINVAL, "a root at an odd address");
	tap_equal(load(ADDRESS(other) + 8), -PV_EINVAL, "in the middle of a page");
	tap_equal(load(PV_ROOT_INITIAL - 1), -PV_EINVAL, "almost the initial one");
	tap_equal(load(ram), -PV_EFAULT, "just past RAM");
	tap_equal(load(ram + (UINT64_C(1) << 40)), -PV_EFAULT, "far past RAM");
	tap_equal(load(UINT64_MAX - 4095), -PV_EFAULT, "in the last page there is");
	tap_equal(load(UINT64_C(1) << 63), -PV_EFAULT, "with the highest bit");
	tap_equal(load(NOT_CANONICAL), -PV_EFAULT, "at no address");
	tap_equal(load(PV_WINDOW_BASE), -PV_EFAULT, "at the window's address");
	tap_equal(load(window), -PV_EFAULT, "in the window's memory");
	tap_equal(load(window + WINDOW_STACKS), -PV_EFAULT, "in a fault stack");
	tap_equal(load(window + WINDOW_MAPPED), -PV_EFAULT, "the hypervisor's own");
}

/* Of each bit alone what section 20 says. */
static int64_t expected(unsigned bit)
{
	if (bit == 7 || bit == 8)
		return -PV_EINVAL;
	if (bit >= 12 && bit < 52 && UINT64_C(1) << bit >= pvg_boot.ram_bytes)
		return -PV_EFAULT;
	return 0;
}

static void bad_root_entries(void)
{
	const uint64_t window = kernel_window_gpa();
	const uint64_t outside[] = {
		pvg_boot.ram_bytes, window, window + WINDOW_FIXED,
		window + WINDOW_MAPPED, window + (UINT64_C(4) << 20), PT_ADDRESS,
	};
	uint64_t *entry = &root[NEAR >> 39];
	unsigned wrong = 0;

	for (unsigned bit = 1; bit < 64; bit++) {
		*entry = PT_P | UINT64_C(1) << bit;
		wrong += load(ADDRESS(root)) != expected(bit);
	}
	tap_equal(wrong, 0, "each bit of an entry of a root");
	*entry = UINT64_MAX & ~PT_P;
	tap_equal(load(ADDRESS(root)), 0, "all of one that is not present");
	wrong = 0;
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		*entry = PT_TABLE | outside[i];
		wrong += load(ADDRESS(root)) != -PV_EFAULT;
	}
	tap_equal(wrong, 0, "tables outside RAM");
	*entry = 0;
	root[511] = PT_P | PT_LARGE;
	tap_equal(load(ADDRESS(root)), -PV_EINVAL, "a bad entry at the end");
	root[511] = 0;
	root[PV_WINDOW_ROOT_ENTRY] = UINT64_MAX;
	tap_equal(load(ADDRESS(root)), 0, "anything where the window is");
	tap_equal(kernel_page(0)->number, 0, "which is there all the same");
	root[PV_WINDOW_ROOT_ENTRY] = ADDRESS(other) | PT_TABLE;
	tap_equal(load(ADDRESS(root)), 0, "a table there");
	tap_equal(CALL0(PV_OP_NOP), 0, "hides nothing");
	root[PV_WINDOW_ROOT_ENTRY] = 0;
	kernel_load(root);
}

/* ---- entries below the root */

static void maps(uint64_t entry, unsigned level, const char *name, bool faults,
		 bool reserved)
{
	int64_t error;

	*kernel_entry(root, NEAR, level) = entry;
	flush();
	error = kernel_read(NEAR);
	tap_ok((error >= 0) == faults &&
		       (!reserved || (error & ERROR_RESERVED)), name);
	*kernel_entry(root, NEAR, level) = 0;
	flush();
}

static void bad_entries(void)
{
	const uint64_t window = kernel_window_gpa();

	kernel_entry(root, NEAR, 1);
	flush();
	maps(ADDRESS(first) | PT_RW, 1, "a page", false, false);
	maps(ADDRESS(first) | (PT_RW & ~PT_P), 1, "one that is not present", true,
	     false);
	maps(ADDRESS(first) | (PT_RW & ~PT_U), 1, "one without U", true, false);
	/* There is nothing to hide: it is this guest's own. */
	maps(window | PT_RW, 1, "a vCPU page", false, false);
	maps((window + WINDOW_STACKS) | PT_RW, 1, "a fault stack", false, false);
	maps((window + WINDOW_FIXED) | PT_RX, 1, "the operations page", false,
	     false);
	maps((window + WINDOW_USER) | PT_RX, 1, "the user page", false, false);
	maps((window + WINDOW_MAPPED) | PT_RW, 1, "the hypervisor's tables", false,
	     false);
	/* A directory in whose place is a large page that is not aligned. */
	maps(0x3000 | PT_TABLE | PT_LARGE, 2, "a large page off its place", true,
	     true);
	kernel_entry(root, NEAR, 1);
	maps(0x4000 | PT_TABLE | PT_LARGE, 3, "a huge page off its place", true,
	     true);
}

/* ---- circles */

/* An entry of the root that names the root: its tables are pages, then. */
static uint64_t through(unsigned self, unsigned l3, unsigned l2, unsigned l1)
{
	return (uint64_t)self << 39 | (uint64_t)l3 << 30 | (uint64_t)l2 << 21 |
	       (uint64_t)l1 << 12;
}

static void circles(void)
{
	const unsigned self = 3, at = NEAR >> 39;
	uint64_t *seen, *table;

	root[self] = ADDRESS(root) | PT_TABLE;
	flush();
	seen = (uint64_t *)(uintptr_t)through(self, self, self, self);
	tap_ok(kernel_read(ADDRESS(seen)) == -1 && seen[self] == root[self],
	       "a root that names itself shows the guest's page");
	seen[511 - at] = UINT64_C(2) << 12; /* not present */
	tap_equal((int64_t)root[511 - at], 0x2000, "which can be changed there");
	table = kernel_entry(root, NEAR, 3);
	*table = (root[at] & PT_ADDRESS) | PT_TABLE; /* names itself */
	flush();
	tap_equal(kernel_read(NEAR), -1, "a table that names itself");
	*table = ADDRESS(root) | PT_TABLE;
	flush();
	tap_ok(kernel_read(NEAR) >= -1, "a table that names its root");
	*table = 0;
	table = kernel_entry(root, NEAR, 2);
	*table = (*kernel_entry(root, NEAR, 3) & PT_ADDRESS) | PT_TABLE;
	flush();
	tap_equal(kernel_read(NEAR), -1, "a directory that names itself");
	*table = (root[at] & PT_ADDRESS) | PT_TABLE;
	flush();
	tap_ok(kernel_read(NEAR) >= -1, "a directory that names what is above");
	*table = 0;
	root[self] = root[511 - at] = 0;
	flush();
}

/* ---- many roots */

static uint64_t *shared_root(void)
{
	uint64_t *made = kernel_table();

	memcpy(made, root, PV_PAGE_BYTES);
	return made;
}

/* Another content each time, by bits of an unused entry that are the guest's. */
static void vary(uint64_t *of, unsigned number)
{
	of[510] = ADDRESS(other) | PT_P | (number & 7) << 9 |
		  ((uint64_t)(number >> 3 & 3) << 3) |
		  ((uint64_t)(number >> 5 & 1) << 2);
	of[509] = ADDRESS(kernel_tables[number >> 6 & 63]) | PT_P |
		  (number >> 12 & 7) << 9;
}

static void alternate(void)
{
	uint64_t *a = shared_root(), *b = shared_root();
	unsigned wrong = 0;

	a[NEAR >> 39] = b[NEAR >> 39] = 0;
	kernel_map(a, NEAR, ADDRESS(first), PT_RW);
	kernel_map(b, NEAR, ADDRESS(second), PT_RW);
	first[0] = 1;
	second[0] = 2;
	for (unsigned i = 0; i < 1000; i++) {
		kernel_load(i % 2 ? b : a);
		wrong += *raw_address(NEAR) != 1 + i % 2;
	}
	kernel_load(root);
	tap_equal(wrong, 0, "two roots in turn");
}

/* Each flush changes what the processor is given; two must not change it back. */
static void flushed_often(void)
{
	static struct pv_call calls[PV_CALLS_MAX];
	unsigned wrong = 0;

	for (unsigned i = 0; i < PV_CALLS_MAX; i++)
		calls[i] = (struct pv_call){ .op = PV_OP_MMU_FLUSH, .arg = { 1 } };
	kernel_map(root, NEAR, ADDRESS(first), PT_RW);
	kernel_load(root);
	first[0] = 0;
	second[0] = 1;
	for (unsigned i = 0; i < 4 * PV_CALLS_MAX; i++) {
		uint8_t *page = i % 2 ? second : first;

		kernel_map(root, NEAR, ADDRESS(page), PT_RW);
		CALL2(PV_OP_MULTICALL, ADDRESS(calls), 1 + i % PV_CALLS_MAX);
		wrong += *raw_address(NEAR) != i % 2;
	}
	tap_equal(wrong, 0, "several flushes in a batch");
	root[NEAR >> 39] = 0;
	kernel_load(root);
}

#define MANY 2600u /* more than twice what is kept */

static void many_roots(void)
{
	uint64_t *varied = shared_root();
	unsigned wrong = 0;

	varied[NEAR >> 39] = 0;
	kernel_map(varied, NEAR, ADDRESS(first), PT_RW);
	first[0] = 77;
	for (unsigned i = 0; i < MANY; i++) {
		vary(varied, i);
		wrong += load(ADDRESS(varied)) != 0;
		wrong += *raw_address(NEAR) != 77;
	}
	tap_equal(wrong, 0, "more roots than are kept");
	kernel_load(root);
}

static unsigned wrong_there;
static uint64_t *roots_of[PV_VCPUS_MAX];
static uint8_t pages_of[PV_VCPUS_MAX][PV_PAGE_BYTES]
	__attribute__((aligned(PV_PAGE_BYTES)));

static void load_many(uint64_t vcpu)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < MANY / 2; i++) {
		vary(roots_of[vcpu], i);
		wrong += (i % 3 ? CALL3(PV_OP_MMU_FLUSH, 1ull << vcpu, 0, 0)
				: load(ADDRESS(roots_of[vcpu]))) != 0;
		wrong += *raw_address(NEAR) != vcpu + 1;
	}
	__atomic_fetch_add(&wrong_there, wrong, __ATOMIC_RELAXED);
	if (vcpu)
		kernel_down();
}

static void many_roots_on_all(void)
{
	for (unsigned n = 0; n < pvg_boot.vcpus; n++) {
		roots_of[n] = shared_root();
		roots_of[n][NEAR >> 39] = 0;
		kernel_map(roots_of[n], NEAR, ADDRESS(pages_of[n]), PT_RW);
		pages_of[n][0] = (uint8_t)(n + 1);
	}
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_up(n, load_many, n);
	load_many(0);
	for (unsigned n = 1; n < pvg_boot.vcpus; n++)
		kernel_wait_down(n);
	kernel_load(root);
	tap_equal(wrong_there, 0, "on all vCPUs at once, each with its own page");
}

/* ---- what is in use changes */

static void spoilt_in_use(void)
{
	uint64_t *used = shared_root();

	kernel_load(used);
	memset(used, 0xff, PV_PAGE_BYTES);
	tap_equal(CALL0(PV_OP_NOP), 0, "a root that is overwritten serves on");
	tap_equal(CALL3(PV_OP_MMU_FLUSH, 1, 0, 0), -PV_EINVAL,
		  "a flush tells of it");
	tap_equal(CALL3(PV_OP_MMU_FLUSH, 1, 4096, 4096), -PV_EINVAL,
		  "each time");
	memset(used, 0, PV_PAGE_BYTES);
	used[0] = PT_TABLE | pvg_boot.ram_bytes;
	tap_equal(CALL3(PV_OP_MMU_FLUSH, 1, 0, 0), -PV_EFAULT,
		  "also that its table is nowhere");
	kernel_load(root);
	tap_equal(CALL3(PV_OP_MMU_FLUSH, 1, 0, 0), 0, "until there is another");
}

static volatile bool stop;

/* Whatever is left in root entry 2, it is no code and no stack. */
static void meddle(uint64_t arg)
{
	volatile uint64_t *entry = &root[NEAR >> 39];
	uint64_t table = *entry;

	(void)arg;
	for (unsigned i = 0; !stop; i++) {
		const uint64_t entries[] = {
			table, 0, PT_P | PT_LARGE, PT_TABLE | PT_ADDRESS,
			PT_TABLE | ADDRESS(root), UINT64_MAX,
		};

		*entry = entries[i % 6];
		if (i % 64 == 0)
			CALL3(PV_OP_MMU_FLUSH, 1, 0, 0);
	}
	kernel_down();
}

static void changed_while_taken(void)
{
	unsigned wrong = 0;

	if (pvg_boot.vcpus < 2)
		return;
	kernel_up(1, meddle, 0);
	for (unsigned i = 0; i < 3000; i++) {
		int64_t answer = i % 2 ? load(ADDRESS(root))
				       : CALL3(PV_OP_MMU_FLUSH, 3, 0, 0);

		wrong += answer && answer != -PV_EINVAL && answer != -PV_EFAULT;
	}
	stop = true;
	kernel_wait_down(1);
	tap_equal(wrong, 0, "a root that another vCPU changes while it is taken");
	root[NEAR >> 39] = 0;
	kernel_load(root);
}

int main(void)
{
	kernel_traps(kernel_tried, 1 << 14 | 1 << 13 | 1 << 12);
	root = kernel_root();
	bad_roots();
	bad_root_entries();
	bad_entries();
	circles();
	alternate();
	flushed_often();
	many_roots();
	many_roots_on_all();
	spoilt_in_use();
	changed_while_taken();
	tap_equal(load(PV_ROOT_INITIAL), 0, "and back to the beginning");
	return tap_done();
}
