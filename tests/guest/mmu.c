/* SPDX-License-Identifier: MIT
 *
 * Page tables of the program's own: what they say is what happens.
 *
 * Clauses: M1 to M4, M7, M12, M13.
 */
#include "backend.h"
#include "probe.h"
#include "tap.h"

PVG_NOTE(PV_FEATURE_MMU, PVG_FEATURES_DEFAULT | PV_FEATURE_MMU, 0, 0);

#define MIB2 (UINT64_C(2) << 20)
#define GIB (UINT64_C(1) << 30)
#define HIGH UINT64_C(0x400000000000)

#define NOT_THERE KERNEL_PF_USER
#define NO_WRITE (KERNEL_PF_USER | PVG_PF_WRITE | PVG_PF_PRESENT)
#define NO_EXEC (KERNEL_PF_USER | PVG_PF_EXEC | PVG_PF_PRESENT)

static struct pvg_space space;

static volatile uint64_t *at(uint64_t address)
{
	return (volatile uint64_t *)(uintptr_t)address;
}

static void flush(uint64_t gva, uint64_t bytes)
{
	if (pvg_flush(1, (void *)(uintptr_t)gva, bytes))
		tap_ok(false, "a flush is answered with 0");
}

static uint64_t *page_new(void)
{
	return memset(pvg_pages_alloc(1), 0, PVG_PAGE_BYTES);
}

static void own_root(void)
{
	static uint8_t code[16];

	pvg_space_init(&space);
	tap_equal(pvg_space_map_ram(&space), 0, "all of RAM can be mapped");
	tap_equal(pvg_root_load(pvg_space_root(&space)), 0, "a root is taken");
	tap_equal(pvg_op_nop(), 0, "operations work under it");
	tap_equal((int64_t)pvg_vcpu_number(), 0, "and the vCPU's page");
	tap_equal(probe_read(0), NOT_THERE, "page 0 is still nowhere");
	tap_equal(probe_write((uintptr_t)pvg_text_start), NO_WRITE,
		  "code is still read-only");
	tap_equal(probe_exec((uintptr_t)code), NO_EXEC,
		  "data is still no code");
}

static void new_pages(void)
{
	uint64_t *page = page_new();

	tap_equal(pvg_space_map(&space, HIGH, pvg_gpa(page), 4096, PVG_WRITE), 0,
		  "a page is mapped where nothing was");
	flush(HIGH, 4096); /* the entry of the root is new */
	tap_equal(probe_write(HIGH + 8), -1, "it can be written");
	tap_equal((int64_t)page[1], 0x5a, "and is the one that was meant");
	page[2] = 77;
	tap_equal((int64_t)*at(HIGH + 16), 77, "also the other way round");
	pvg_space_map(&space, HIGH + 4096, pvg_gpa(page), 4096, PVG_WRITE);
	tap_equal((int64_t)*at(HIGH + 4096 + 16), 77,
		  "another needs no flush: nothing was there before");
	tap_equal(pvg_space_map(&space, UINT64_C(0xffff900000000000),
				pvg_gpa(page), 4096, PVG_WRITE), 0,
		  "the upper half is there too");
	flush(0, 0);
	tap_equal((int64_t)*at(UINT64_C(0xffff900000000010)), 77,
		  "and works");
}

static void rights(void)
{
	uint64_t gva = HIGH + 0x10000;
	uint64_t *page = page_new();

	memcpy(page, probe_code, sizeof(probe_code));
	pvg_space_map(&space, gva, pvg_gpa(page), 4096, 0);
	tap_equal(probe_read(gva), -1, "a page without rights can be read");
	tap_equal(probe_write(gva + 9), NO_WRITE, "but not written");
	tap_equal((int64_t)probe_address, (int64_t)gva + 9, "as the trap says");
	tap_equal(probe_exec(gva), NO_EXEC, "nor run");
	pvg_space_protect(&space, gva, 4096, PVG_EXEC);
	flush(gva, 4096);
	tap_equal(probe_exec(gva), -1, "with PVG_EXEC it runs");
	tap_equal(probe_write(gva + 9), NO_WRITE, "and is still read-only");
	pvg_space_protect(&space, gva, 4096, PVG_WRITE);
	flush(gva, 4096);
	tap_equal(probe_write(gva + 9), -1, "with PVG_WRITE it is written");
	tap_equal(probe_exec(gva), NO_EXEC, "and does not run any more");
}

static void flushing(void)
{
	uint64_t gva = HIGH + 0x20000;
	uint64_t *page[2] = { page_new(), page_new() };

	page[0][0] = 100;
	page[1][0] = 101;
	pvg_space_map(&space, gva, pvg_gpa(page[0]), 4096, PVG_WRITE);
	tap_equal((int64_t)*at(gva), 100, "a page is used");
	pvg_space_map(&space, gva, pvg_gpa(page[1]), 4096, PVG_WRITE);
	flush(gva, 4096);
	tap_equal((int64_t)*at(gva), 101, "replaced, and the new one is seen");
	pvg_space_unmap(&space, gva, 4096);
	flush(gva, 4096);
	tap_equal(probe_read(gva), NOT_THERE, "taken away, and it is gone");
	pvg_space_map(&space, gva, pvg_gpa(page[0]), 4096, 0);
	tap_equal((int64_t)*at(gva), 100, "put back, without a flush");
	pvg_space_map(&space, gva, pvg_gpa(page[1]), 4096, 0);
	tap_equal(pvg_flush_all(), 0, "everything can be flushed");
	tap_equal((int64_t)*at(gva), 101, "with the same effect");
}

static void many_remaps(void)
{
	uint64_t gva = HIGH + 0x30000;
	bool right = true;

	for (uint64_t i = 0; i < 200; i++) {
		uint64_t *page = page_new();

		*page = i;
		pvg_space_map(&space, gva, pvg_gpa(page), 4096, 0);
		flush(gva, 4096);
		right &= *at(gva) == i;
		pvg_pages_free(page, 1);
	}
	tap_ok(right, "200 pages in one place, one after another");
}

static void large_pages(void)
{
	uint64_t *run = pvg_pages_alloc_aligned(512, MIB2);
	uint64_t gva = HIGH + GIB;
	bool right = true;
	unsigned level;

	if (!tap_ok(run != NULL, "there are 2 MiB in a row"))
		return;
	tap_equal(pvg_space_map(&space, gva, pvg_gpa(run), MIB2,
				PVG_WRITE | PVG_LARGE), 0,
		  "they are mapped by one entry");
	tap_ok(pvg_space_entry(&space, gva, &level) && level == 1, "really");
	for (uint64_t i = 0; i < 512; i++)
		*at(gva + i * 4096) = i;
	for (uint64_t i = 0; i < 512; i++)
		right &= run[i * 512] == i;
	tap_ok(right, "every page of it is where it belongs");
	pvg_space_unmap(&space, gva + 100 * 4096, 4096);
	flush(gva, MIB2);
	tap_equal(probe_read(gva + 100 * 4096), NOT_THERE,
		  "one page is taken out of the middle");
	tap_equal(probe_read(gva + 99 * 4096), -1, "the one below stays");
	tap_equal((int64_t)*at(gva + 101 * 4096), 101, "the one above too");
}

/* RAM is smaller: what is beyond is not touched. */
static void huge_pages(void)
{
	uint64_t gva = HIGH + 4 * GIB;
	static volatile uint64_t marker = 12345;

	pvg_space_map(&space, gva, 0, GIB, PVG_WRITE | PVG_LARGE | PVG_HUGE);
	tap_equal((int64_t)*at(gva + pvg_gpa(&marker)), 12345,
		  "a page of 1 GiB, or 512 of 2 MiB, lead to all of RAM");
	*at(gva + pvg_gpa(&marker)) = 54321;
	tap_equal((int64_t)marker, 54321, "to be written as well");
}

/* A region whose pages come when they are touched. */
#define LAZY (HIGH + 0x100000000000)
#define LAZY_PAGES 300u

static unsigned lazy_faults;

static void lazy_page(struct pvg_trap *trap)
{
	uint64_t gva = trap->frame.fault_address & ~UINT64_C(4095);

	if (gva - LAZY >= LAZY_PAGES * 4096) {
		probe_handler(trap);
		return;
	}
	lazy_faults++;
	pvg_space_map(&space, gva, pvg_gpa(page_new()), 4096, PVG_WRITE);
	if (lazy_faults == 1)
		flush(gva, 4096); /* it is in another entry of the root */
}

static void on_demand(void)
{
	uint64_t sum = 0;

	pvg_trap_handle(PVG_VECTOR_PF, lazy_page);
	for (uint64_t i = 0; i < LAZY_PAGES; i++)
		*at(LAZY + i * 4096) = i;
	for (uint64_t i = 0; i < LAZY_PAGES; i++)
		sum += *at(LAZY + i * 4096);
	tap_equal(lazy_faults, LAZY_PAGES, "pages come one by one, on demand");
	tap_equal((int64_t)sum, LAZY_PAGES * (LAZY_PAGES - 1) / 2,
		  "and keep what is written to them");
	pvg_trap_handle(PVG_VECTOR_PF, probe_handler);
}

static void accessed_and_dirty(void)
{
	uint64_t gva = HIGH + 0x40000;
	uint64_t *entry;
	unsigned level;
	uint64_t both = PVG_PTE_ACCESSED | PVG_PTE_DIRTY;

	pvg_space_map(&space, gva, pvg_gpa(page_new()), 4096, PVG_WRITE);
	entry = pvg_space_entry(&space, gva, &level);
	*entry &= ~both;
	flush(gva, 4096);
	(void)*at(gva);
	tap_ok((*entry & both) == PVG_PTE_ACCESSED, "a read marks it accessed");
	*at(gva) = 1;
	tap_ok((*entry & both) == both, "a write marks it dirty");
}

static void two_roots(void)
{
	struct pvg_space other;
	uint64_t gva = HIGH + 0x50000;
	uint64_t *page[2] = { page_new(), page_new() };
	bool right = true;

	page[0][0] = 1;
	page[1][0] = 2;
	pvg_space_init(&other);
	pvg_space_map_ram(&other);
	pvg_space_map(&space, gva, pvg_gpa(page[0]), 4096, 0);
	pvg_space_map(&other, gva, pvg_gpa(page[1]), 4096, 0);
	for (int i = 0; i < 50; i++) {
		pvg_root_load(pvg_space_root(&other));
		right &= *at(gva) == 2;
		pvg_root_load(pvg_space_root(&space));
		right &= *at(gva) == 1;
	}
	tap_ok(right, "a root sees its own pages, and so does another");
	tap_equal(pvg_root_load(PV_ROOT_INITIAL), 0, "the first can come back");
	tap_equal(probe_read(gva), NOT_THERE, "and sees neither");
	pvg_root_load(pvg_space_root(&space));
	pvg_space_done(&other);
}

static void wrong_roots(void)
{
	uint64_t *root = page_new();
	pv_gpa_t past = pvg_boot.ram_bytes;

	tap_equal(pvg_root_load(pvg_gpa(root) + 8), -PV_EINVAL,
		  "a root is page-aligned");
	tap_equal(pvg_root_load(past), -PV_EFAULT, "and in RAM");
#ifndef PVG_NATIVE /* where the processor says so, at the first use */
	tap_equal(pvg_root_load(pvg_boot.vcpu_addr), -PV_EFAULT,
		  "which the window is not");
	root[5] = past | PVG_PTE_PRESENT | PVG_PTE_USER;
	tap_equal(pvg_root_load(pvg_gpa(root)), -PV_EFAULT, "and so its tables");
	root[5] = pvg_gpa(root) | PVG_PTE_PRESENT | PVG_PTE_LARGE;
	tap_equal(pvg_root_load(pvg_gpa(root)), -PV_EINVAL,
		  "and nothing reserved is set");
#endif
	tap_equal(pvg_flush(UINT64_C(1) << 63, NULL, 0), -PV_EINVAL,
		  "no flush of a vCPU there is not");
	tap_equal(pvg_op_nop(), 0, "the one in force stays in force");
}

/* Tables are used in place: what the window's entry says is nobody's business. */
static void window_entry(void)
{
	uint64_t kept = space.root[PV_WINDOW_ROOT_ENTRY];

	space.root[PV_WINDOW_ROOT_ENTRY] = UINT64_MAX;
	tap_equal(pvg_root_load(pvg_space_root(&space)), 0,
		  "the root's entry for the window is not looked at");
	tap_ok(pvg_vcpu() == pvg_vcpu_page(0), "which is where it was");
	space.root[PV_WINDOW_ROOT_ENTRY] = kept;
	pvg_root_load(pvg_space_root(&space));
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_MMU | PV_FEATURE_TRAPS))
		return tap_done();
	probe_start_handling();
	own_root();
	new_pages();
	rights();
	flushing();
	many_remaps();
	large_pages();
	huge_pages();
	on_demand();
	accessed_and_dirty();
	two_roots();
	wrong_roots();
	window_entry();
	return tap_done();
}
