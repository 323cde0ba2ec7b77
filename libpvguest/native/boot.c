/* SPDX-License-Identifier: MIT
 *
 * From boot.S to the common start: what the hypervisor writes into a boot info is
 * found out here, and what it sets up before the entry is set up.
 *
 * On the page tables of boot.S at first, which map all that firmware and loader left;
 * a page of its own stands for the vCPU's, so that a panic has what it needs.
 */
#include <pvguest/libc.h>
#include <pvguest/note.h>
#include <pvguest/page.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "pvh.h"

#define ALWAYS_THERE                                                          \
	(PV_FEATURE_CLOCK | PV_FEATURE_INPUT | PV_FEATURE_UPCALLS |           \
	 PV_FEATURE_TIMER | PV_FEATURE_TRAPS | PV_FEATURE_MMU |               \
	 PV_FEATURE_SMP | PV_FEATURE_USER | PV_FEATURE_BLOCK |            \
	 PV_FEATURE_NET)

__attribute__((noreturn)) void
pvg_native_boot(const struct pvh_start_info *info);

static void start_first_vcpu_early(void)
{
	static uint8_t pages[PVG_CPU_STRIDE] PV_ALIGNED(PV_PAGE_BYTES);

	pvg_boot.vcpu_addr = (uint64_t)(uintptr_t)pages;
	pvg_boot.vcpu_stride_bytes = PVG_CPU_STRIDE;
	pvg_boot.vcpus = 1;
	pvg_idt_prepare();
	pvg_cpu_prepare(0, 0);
	pvg_cpu_start(0);
}

static void start_first_vcpu(void)
{
	uint32_t cpus = pvg_trampoline_page ? pvg_acpi.cpus : 1;
	void *pages = pvg_pages_alloc(cpus * PVG_CPU_STRIDE / PV_PAGE_BYTES);

	if (!pages)
		pvg_panic("no room for the records of %u vCPUs", cpus);
	pvg_boot.vcpu_addr = (uint64_t)(uintptr_t)pages;
	pvg_boot.vcpus = cpus;
	for (uint32_t n = 0; n < cpus; n++)
		pvg_cpu_prepare(n, pvg_acpi.apic_id[n]);
	pvg_cpu_start(0);
	pvg_cpu()->started = pvg_cpu()->up = true;
}

/* Who does not know of it must not be given such frames. */
static uint64_t offload_if_wanted(void)
{
	return (pvg_note.desc.required | pvg_note.desc.wanted) &
	       PV_FEATURE_NET_OFFLOAD;
}

static void check_features(void)
{
	uint64_t missing = pvg_note.desc.required & ~pvg_boot.features;

	if (missing)
		pvg_panic("this kernel requires features that the machine does "
			  "not have: bits %#llx of <pvabi/feature.h>",
			  (unsigned long long)missing);
}

/* On the boot stack, which boot.S could not know. */
__attribute__((noreturn)) static void go_on(void)
{
	pvg_interrupts_prepare();
	pvg_interrupts_start();
	pvg_clock_calibrate();
	pvg_devices_find();
	pvg_run_state_set(PV_RUN_RUNNING);
	pvg_vcpu_prepare(0); /* interrupts look at it */
	__asm__ volatile("sti");
	pvg_start();
}

void pvg_native_boot(const struct pvh_start_info *info)
{
	pvg_serial_start();
	pvg_cpu_features_find();
	start_first_vcpu_early();
	if (info->magic != PVH_MAGIC)
		pvg_panic("the loader does not speak the PVH protocol");
	pvg_boot.magic = PV_BOOT_MAGIC;
	pvg_boot.size_bytes = sizeof(pvg_boot);
	pvg_boot.abi_version = PV_ABI_VERSION;
	pvg_boot.flags = PV_BOOT_TERMINAL;
	pvg_boot.features |= ALWAYS_THERE | offload_if_wanted();
	/* From here on nothing of the loader's is overwritten before it was read. */
	pvg_arguments_take(info->command_line_addr
				   ? (const char *)(uintptr_t)
					     info->command_line_addr
				   : "");
	pvg_acpi_read(info->rsdp_addr);
	pvg_memory_find(info);
	check_features();
	memcpy((void *)(uintptr_t)pvg_trampoline_page, pvg_trampoline_start,
	       (size_t)(pvg_trampoline_end - pvg_trampoline_start));
	start_first_vcpu();
	pvg_mmu_start();
	/* As after a call from nowhere; see <pvabi/boot.h>. */
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "pushq $0\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "jmp *%1"
			 :
			 : "r"(pvg_boot_stack_top), "r"(go_on)
			 : "memory");
	__builtin_unreachable();
}
