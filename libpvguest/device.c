/* SPDX-License-Identifier: MIT
 *
 * The device table of the boot info.
 */
#include <pvguest/boot.h>
#include <pvguest/libc.h>

const struct pv_device *pvg_device_find(enum pv_device_type type,
					const char *name, uint32_t index)
{
	const struct pv_device *device =
		(const struct pv_device *)(uintptr_t)pvg_boot.devices_addr;

	for (uint32_t i = 0; i < pvg_boot.devices; i++, device++) {
		if (device->type != (uint32_t)type)
			continue;
		if (name ? strcmp(device->name, name) == 0 : index-- == 0)
			return device;
	}
	return NULL;
}
