/* SPDX-License-Identifier: MIT
 *
 * Is what a guest is told at its entry point consistent, and true?
 *
 * Clauses: V2, B2, B3.
 */
#include "tap.h"

static void memory_map(const struct pv_boot_info *boot)
{
	const struct pv_memory_range *range = pvg_ranges();
	bool ordered = true, aligned = true, known = true, reserved = true;
	uint64_t end = 0;

	for (uint32_t i = 0; i < boot->ranges; i++) {
		ordered &= range[i].base == end && range[i].bytes > 0;
		aligned &= range[i].base % PV_PAGE_BYTES == 0 &&
			   range[i].bytes % PV_PAGE_BYTES == 0;
		known &= range[i].type >= PV_MEMORY_FREE &&
			 range[i].type <= PV_MEMORY_GUARD;
		reserved &= range[i].reserved == 0;
		end = range[i].base + range[i].bytes;
	}
	tap_ok(ordered, "ranges ascend without gaps");
	tap_ok(aligned, "ranges are whole pages");
	tap_ok(known, "ranges have known types");
	tap_ok(reserved, "reserved fields of ranges are 0");
	tap_equal((int64_t)end, (int64_t)boot->ram_bytes, "ranges cover RAM");
}

static void boot_stack(const struct pv_boot_info *boot)
{
	const struct pv_memory_range *range = pvg_ranges();
	unsigned stacks = 0, guarded = 0;

	for (uint32_t i = 1; i + 1 < boot->ranges; i++) {
		if (range[i].type != PV_MEMORY_STACK)
			continue;
		stacks++;
		guarded += range[i - 1].type == PV_MEMORY_GUARD &&
			   range[i + 1].type == PV_MEMORY_GUARD;
	}
	tap_equal(stacks, 1, "one range is the boot stack");
	tap_equal(guarded, 1, "between two guards");
}

static uint32_t type_at(const struct pv_boot_info *boot, uint64_t address)
{
	const struct pv_memory_range *range = pvg_ranges();

	for (uint32_t i = 0; i < boot->ranges; i++)
		if (address - range[i].base < range[i].bytes)
			return range[i].type;
	return 0;
}

static void types(const struct pv_boot_info *boot)
{
	static int in_bss;
	int on_stack;

	tap_equal(type_at(boot, 0), PV_MEMORY_GUARD, "page 0 is a guard");
	tap_equal(type_at(boot, (uintptr_t)pvg_text_start), PV_MEMORY_IMAGE,
		  "code is image");
	tap_equal(type_at(boot, (uintptr_t)&in_bss), PV_MEMORY_IMAGE,
		  "data is image");
	tap_equal(type_at(boot, (uintptr_t)&on_stack), PV_MEMORY_STACK,
		  "the stack is stack");
}

static void window(const struct pv_boot_info *boot)
{
	const uint64_t addresses[] = {
		boot->ops_addr, boot->vcpu_addr, boot->ranges_addr,
		boot->args_addr, boot->devices ? boot->devices_addr :
						 PV_WINDOW_BASE,
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		tap_ok(addresses[i] - PV_WINDOW_BASE < PV_WINDOW_BYTES,
		       "what the hypervisor provides lies in the window");
	tap_equal((int64_t)(boot->ops_addr % PV_PAGE_BYTES), 0,
		  "the operations page is a page");
	tap_equal((int64_t)(boot->vcpu_addr % PV_PAGE_BYTES), 0,
		  "the vCPU page is a page");
}

static void reserved(const struct pv_boot_info *boot)
{
	uint64_t any = boot->flags & ~PV_BOOT_TERMINAL;

	for (size_t i = 0; i < 16; i++)
		any |= boot->reserved[i];
	tap_equal((int64_t)any, 0, "flags and reserved fields are 0");
}

static void vcpu_page(const struct pv_vcpu *vcpu)
{
	uint64_t any = 0;

	for (size_t i = 0; i < sizeof(vcpu->reserved) / sizeof(uint64_t); i++)
		any |= vcpu->reserved[i];
	any |= vcpu->run.reserved[0] | vcpu->run.reserved[1] |
	       vcpu->reserved_number;
	tap_equal((int64_t)any, 0, "reserved fields of the vCPU page are 0");
}

int main(void)
{
	const struct pv_boot_info *boot = &pvg_boot;

	tap_equal(boot->magic, PV_BOOT_MAGIC, "the magic number is there");
	tap_ok(boot->size_bytes >= sizeof(*boot), "the size is no less than v1.0's");
	tap_equal(boot->abi_version, PV_ABI_VERSION, "ABI version");
	tap_equal((int64_t)(boot->features &
			    ~(PV_FEATURES_V1 | PV_FEATURES_KERNEL |
			      PV_FEATURE_HUGE_PAGES | PV_FEATURE_NET)), 0,
		  "no feature of a later version is granted");
	tap_equal((int64_t)pvg_op_features(), (int64_t)boot->features,
		  "the FEATURES operation tells the same features");
	tap_equal(boot->vcpus, 1, "one vCPU");
	tap_equal((int64_t)boot->ram_bytes, 64 << 20, "64 MiB by default");
	tap_equal((int64_t)boot->xcr0 & 3, 3, "x87 and SSE state may be used");
	tap_equal(boot->devices, 0, "no devices were asked for");
	memory_map(boot);
	boot_stack(boot);
	types(boot);
	window(boot);
	reserved(boot);
	vcpu_page(pvg_vcpu());
	return tap_done();
}
