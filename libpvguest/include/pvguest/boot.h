/* SPDX-License-Identifier: MIT
 *
 * What the hypervisor told at the entry point, and the program's own bounds.
 */
#ifndef PVGUEST_BOOT_H
#define PVGUEST_BOOT_H

#include <pvabi/pvabi.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A copy of the boot info made before main, never changed after. Fields the
 * hypervisor is too old to know are 0. */
extern struct pv_boot_info pvg_boot;

/* Whether all of these PV_FEATURE_* were granted. No exit. */
static inline bool pvg_has(uint64_t features)
{
	return (pvg_boot.features & features) == features;
}

/* RAM is identity-mapped: the address of an object is its guest-physical one.
 * Not for what lies in the window (boot info, operations and vCPU pages). */
static inline pv_gpa_t pvg_gpa(const volatile void *object)
{
	return (pv_gpa_t)(uintptr_t)object;
}

/* What RAM is made of: pvg_boot.ranges of them, ascending. */
static inline const struct pv_memory_range *pvg_ranges(void)
{
	return (const struct pv_memory_range *)(uintptr_t)pvg_boot.ranges_addr;
}

/* Device of this type by name, or by index among its type when name is NULL;
 * NULL if there is none. No exit. */
const struct pv_device *pvg_device_find(enum pv_device_type type,
					const char *name, uint32_t index);

/* From the linker script: the first byte of a part and the first one past it,
 * page-aligned. */
extern const char pvg_text_start[], pvg_text_end[];
extern const char pvg_rodata_start[], pvg_rodata_end[];
extern const char pvg_data_start[], pvg_data_end[];

#ifdef __cplusplus
}
#endif
#endif
