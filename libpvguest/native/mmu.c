/* SPDX-License-Identifier: MIT
 *
 * MMU_ROOT and MMU_FLUSH: MOV to CR3, INVLPG, and an interrupt to other vCPUs (SDM
 * volume 3: 4.10.4, 4.10.5). There are no global pages and no PCIDs, so that CR3
 * forgets all.
 *
 * Every root has two entries that are not its owner's: the window's, where the devices
 * are, and, in those of user mode, number 0, the kernel's map of RAM. So a system call
 * stays on the tables of the process, and the kernel goes back to its own only where
 * those are others than the initial ones, or when the process's are given back.
 */
#include <pvguest/clock.h>
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>
#include <pvguest/upcall.h>

#include "../internal.h"
#include "vectors.h"

#define ENTRIES 512
#define LARGE_BYTES (UINT64_C(2) << 20)
#define GIB (UINT64_C(1) << 30)
/* Uncached: SDM volume 3, 12.5.2. */
#define PTE_DEVICE (UINT64_C(3) << 3)
/* An interrupt that is not answered for so long is sent again. QEMU's translator (7.2,
 * several vCPUs) now and then leaves one pending in the local APIC of a vCPU that runs a
 * loop with interrupts on, until something else stops that vCPU: another interrupt. */
#define FLUSH_AGAIN_NS UINT64_C(10000000)
/* More pages than these are forgotten together with everything else. */
#define INVLPG_MAX 32

uint64_t pvg_root_kernel_entry, pvg_root_window_entry;
static struct pvg_space initial;

static uint64_t *table_alloc(void)
{
	uint64_t *table = pvg_pages_alloc(1);

	if (!table)
		pvg_panic("no memory for the first page tables");
	return memset(table, 0, PVG_PAGE_BYTES);
}

/* The last GiB below 4 GiB, where PCs have their devices. */
static void make_window(void)
{
	uint64_t *pointers = table_alloc(), *directory = table_alloc();
	uint64_t rights = PVG_PTE_PRESENT | PVG_PTE_WRITE | PVG_PTE_ACCESSED |
			  PVG_PTE_DIRTY;

	for (uint64_t i = 0; i < ENTRIES; i++)
		directory[i] = (PVG_DEVICES_START + i * LARGE_BYTES) | rights |
			       PVG_PTE_LARGE | PVG_PTE_NO_EXEC | PTE_DEVICE;
	pointers[PVG_DEVICES_START / GIB] = pvg_gpa(directory) | rights;
	pvg_root_window_entry = pvg_gpa(pointers) | rights;
	initial.root[PV_WINDOW_ROOT_ENTRY] = pvg_root_window_entry;
}

void pvg_mmu_start(void)
{
	if (pvg_space_init(&initial) || pvg_space_map_ram(&initial))
		pvg_panic("no memory for the map of RAM");
	make_window();
	/* User mode has nothing below it, whatever the pages' entries say. */
	initial.root[0] &= ~PVG_PTE_USER;
	pvg_root_kernel_entry = initial.root[0];
	pvg_cpu()->kernel_root = pvg_root_initial();
	pvg_root_use(pvg_root_initial());
}

pv_gpa_t pvg_root_initial(void)
{
	return pvg_space_root(&initial);
}

void pvg_root_use(pv_gpa_t root)
{
	__atomic_store_n(&pvg_cpu()->root, root, __ATOMIC_RELAXED);
	pvg_cr3_set(root);
}

int pvg_root_complete(pv_gpa_t root)
{
	uint64_t *entry = (uint64_t *)(uintptr_t)root;

	if (root % PVG_PAGE_BYTES)
		return -PV_EINVAL;
	if (!pvg_memory_is_ram(root, PVG_PAGE_BYTES))
		return -PV_EFAULT;
	if (entry[0] != pvg_root_kernel_entry) {
		if (entry[0])
			return -PV_EINVAL;
		__atomic_store_n(&entry[0], pvg_root_kernel_entry,
				 __ATOMIC_RELAXED);
	}
	__atomic_store_n(&entry[PV_WINDOW_ROOT_ENTRY], pvg_root_window_entry,
			 __ATOMIC_RELAXED);
	return 0;
}

int64_t pvg_op_mmu_root(pv_gpa_t root)
{
	bool was_masked;

	if (root == PV_ROOT_INITIAL)
		root = pvg_root_initial();
	if (root % PVG_PAGE_BYTES)
		return -PV_EINVAL;
	if (!pvg_memory_is_ram(root, PVG_PAGE_BYTES))
		return -PV_EFAULT;
	((uint64_t *)(uintptr_t)root)[PV_WINDOW_ROOT_ENTRY] =
		pvg_root_window_entry;
	was_masked = pvg_mask_save();
	pvg_cpu()->kernel_root = root;
	pvg_root_use(root);
	pvg_mask_restore(was_masked);
	return 0;
}

/* In the kernel: go to its own tables, since a process's may be about to be freed. */
void pvg_flush_serve(bool in_user_mode)
{
	struct pvg_cpu *cpu = pvg_cpu();
	uint64_t asked = __atomic_load_n(&cpu->flush_asked, __ATOMIC_SEQ_CST);

	if (asked == cpu->flush_done)
		return;
	pvg_root_use(in_user_mode ? cpu->root : cpu->kernel_root);
	__atomic_store_n(&cpu->flush_done, asked, __ATOMIC_SEQ_CST);
}

static void wait_for_flush(unsigned n, uint64_t asked)
{
	const struct pvg_cpu *cpu = pvg_cpu_of(n);
	uint64_t again_ns = pvg_deadline_in(FLUSH_AGAIN_NS);

	while (__atomic_load_n(&cpu->up, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&cpu->flush_done, __ATOMIC_SEQ_CST) < asked) {
		pvg_flush_serve(false);
		__builtin_ia32_pause();
		if (pvg_clock_ns() < again_ns)
			continue;
		pvg_ipi_send(n, PVG_INTERRUPT_FLUSH);
		again_ns = pvg_deadline_in(FLUSH_AGAIN_NS);
	}
}

/* Two that do this at once serve each other while they wait. A vCPU that spins for a
 * lock with interrupts off serves from there (YIELD). */
static void flush_others(uint64_t vcpus)
{
	uint64_t asked[PV_VCPUS_MAX];

	for (uint64_t left = vcpus; left; left &= left - 1) {
		unsigned n = (unsigned)__builtin_ctzll(left);

		asked[n] = __atomic_add_fetch(&pvg_cpu_of(n)->flush_asked, 1,
					      __ATOMIC_SEQ_CST);
		pvg_ipi_send(n, PVG_INTERRUPT_FLUSH);
	}
	for (uint64_t left = vcpus; left; left &= left - 1) {
		unsigned n = (unsigned)__builtin_ctzll(left);

		wait_for_flush(n, asked[n]);
	}
}

static void flush_here(uint64_t gva, uint64_t len)
{
	uint64_t page = gva & ~(uint64_t)(PVG_PAGE_BYTES - 1);

	if (len == 0 || len > INVLPG_MAX * PVG_PAGE_BYTES || gva + len < gva) {
		pvg_cr3_set(pvg_cpu()->root);
		return;
	}
	for (; page < gva + len; page += PVG_PAGE_BYTES)
		__asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
}

static uint64_t those_up(uint64_t vcpus)
{
	uint64_t up = 0;

	for (; vcpus; vcpus &= vcpus - 1) {
		unsigned n = (unsigned)__builtin_ctzll(vcpus);

		if (__atomic_load_n(&pvg_cpu_of(n)->up, __ATOMIC_SEQ_CST))
			up |= UINT64_C(1) << n;
	}
	return up;
}

int64_t pvg_op_mmu_flush(uint64_t vcpus, uint64_t gva, uint64_t len_bytes)
{
	bool was_masked;
	uint64_t here;

	if (pvg_vcpus() < 64 && vcpus >> pvg_vcpus())
		return -PV_EINVAL;
	was_masked = pvg_mask_save();
	here = UINT64_C(1) << pvg_vcpu_number();
	/* Full: the entries, as changed, before others are asked. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vcpus & here)
		flush_here(gva, len_bytes);
	if (vcpus & ~here)
		flush_others(those_up(vcpus & ~here));
	pvg_mask_restore(was_masked);
	return 0;
}

void pvg_root_forget(pv_gpa_t root)
{
	bool was_masked = pvg_mask_save();
	uint64_t others = 0;

	for (unsigned n = 0; n < pvg_vcpus(); n++)
		if (__atomic_load_n(&pvg_cpu_of(n)->root, __ATOMIC_RELAXED) ==
		    root)
			others |= UINT64_C(1) << n;
	if (pvg_cpu()->root == root)
		pvg_root_use(pvg_cpu()->kernel_root);
	others &= ~(UINT64_C(1) << pvg_vcpu_number());
	if (others)
		flush_others(those_up(others));
	pvg_mask_restore(was_masked);
}
