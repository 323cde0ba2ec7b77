/* SPDX-License-Identifier: MIT
 *
 * See boot-info.h. The tables follow one another in the window's boot area.
 */
#include "boot-info.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "pv-device.h"
#include "units.h"
#include "vm.h"

#define TABLE_ALIGN 16u

struct area {
	uint8_t *base;
	uint32_t used;
};

static uint32_t room(const struct area *area)
{
	return HV_WINDOW_BOOT_BYTES - area->used;
}

static void *take(struct area *area, size_t bytes)
{
	void *at = area->base + area->used;

	assert(bytes <= room(area));
	area->used += (uint32_t)hv_round_up(bytes, TABLE_ALIGN);
	return at;
}

static uint64_t addr(const struct area *area, const void *at)
{
	return hv_window_addr(HV_WINDOW_BOOT) +
	       (uint64_t)((const uint8_t *)at - area->base);
}

static void fill_ranges(struct pv_boot_info *boot, struct area *area,
			const struct hv_layout *layout)
{
	struct pv_memory_range *range =
		take(area, layout->ranges * sizeof(*range));

	for (unsigned i = 0; i < layout->ranges; i++)
		range[i] = (struct pv_memory_range){
			.base = layout->range[i].base,
			.bytes = layout->range[i].bytes,
			.type = layout->range[i].type,
		};
	boot->ranges = layout->ranges;
	boot->ranges_addr = addr(area, range);
}

static void fill_devices(struct pv_boot_info *boot, struct area *area,
			 const struct hv_vm *vm)
{
	struct pv_device *device = take(area, vm->devices * sizeof(*device));

	for (unsigned i = 0; i < vm->devices; i++)
		hv_pv_device_describe(vm->device[i], &device[i]);
	boot->devices = vm->devices;
	boot->devices_addr = addr(area, device);
}

static int fill_args(struct pv_boot_info *boot, struct area *area,
		     int argc, char *const argv[], struct hv_error *err)
{
	size_t bytes = 0;
	char *at;

	for (int i = 0; i < argc; i++)
		bytes += strlen(argv[i]) + 1;
	if (bytes + TABLE_ALIGN > room(area))
		return hv_fail(err, HV_STATUS_USAGE,
			       "the guest's arguments take %zu bytes, %u are the most: shorten them or put them on a disk",
			       bytes, room(area) - TABLE_ALIGN);
	at = take(area, bytes);
	boot->args_addr = addr(area, at);
	boot->args_bytes = (uint32_t)bytes;
	boot->argc = (uint32_t)argc;
	for (int i = 0; i < argc; i++)
		at = stpcpy(at, argv[i]) + 1;
	return 0;
}

int hv_boot_info_fill(struct hv_vm *vm, int argc, char *const argv[],
		      struct hv_error *err)
{
	struct area area = { .base = vm->window.base + HV_WINDOW_BOOT };
	struct pv_boot_info *boot = take(&area, sizeof(*boot));

	*boot = (struct pv_boot_info){
		.magic = PV_BOOT_MAGIC,
		.size_bytes = sizeof(*boot),
		.abi_version = PV_ABI_VERSION,
		.flags = isatty(STDIN_FILENO) ? PV_BOOT_TERMINAL : 0,
		.features = vm->features,
		.ops_addr = hv_window_addr(HV_WINDOW_OPS),
		.vcpu_addr = hv_window_addr(HV_WINDOW_VCPUS),
		.vcpu_stride_bytes = PV_PAGE_BYTES,
		.vcpus = vm->vcpus,
		.ram_bytes = vm->memory.bytes,
		.xcr0 = vm->engine->xcr0,
		.poll_ns = vm->poll_ns,
	};
	fill_ranges(boot, &area, &vm->layout);
	fill_devices(boot, &area, vm);
	return fill_args(boot, &area, argc, argv, err);
}
