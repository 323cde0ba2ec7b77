/* SPDX-License-Identifier: MIT
 *
 * The boot info and its tables, as the guest finds them (pvabi/boot.h).
 */
#ifndef HV_BOOT_INFO_H
#define HV_BOOT_INFO_H

#include "error.h"

struct hv_vm;

/* What the guest is told beyond what the VM itself knows. */
struct hv_boot_args {
	int argc;
	char *const *argv; /* argv[0] is the image's name */
	const char *const *device_name; /* one for each of vm->block */
};

/* Everything else of the VM must be complete. Fails when the arguments are too
 * long for the room there is. */
int hv_boot_info_fill(struct hv_vm *vm, const struct hv_boot_args *args,
		      struct hv_error *err);

#endif
