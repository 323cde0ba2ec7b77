/* SPDX-License-Identifier: MIT
 *
 * The boot info and its tables, as the guest finds them (pvabi/boot.h).
 */
#ifndef HV_BOOT_INFO_H
#define HV_BOOT_INFO_H

#include "error.h"

struct hv_vm;

/* argv[0] is the image's name. Everything else of the VM must be complete.
 * Fails when the arguments are too long for the room there is. */
int hv_boot_info_fill(struct hv_vm *vm, int argc, char *const argv[],
		      struct hv_error *err);

#endif
