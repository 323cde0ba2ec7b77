/* SPDX-License-Identifier: MIT
 *
 * Making a VM from what the command line says, and taking it apart.
 */
#ifndef HV_MACHINE_H
#define HV_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "disk.h"
#include "engine.h"
#include "error.h"
#include "units.h"
#include "vm.h"
#include "wire.h"

struct hv_machine_options {
	const char *image_path;
	int argc;          /* the guest's, argv[0] being the image */
	char **argv;
	uint64_t ram_bytes;
	const struct hv_engine_ops *engine; /* NULL: what the image is made for */
	struct hv_disk_spec disk[HV_BLOCK_DEVICES_MAX]; /* named, no name twice */
	unsigned disks;
	struct hv_net_spec net[HV_NETS_MAX]; /* likewise */
	unsigned nets;
	unsigned vcpus;
	const char *host_events; /* a named pipe; NULL: none */
	bool poison;
	/* An option that was given and means nothing to bare-metal kernels. */
	const char *paravirtual_only;
};

#define HV_RAM_DEFAULT_BYTES (64 * HV_MIB)
#define HV_RAM_MAX_BYTES (UINT64_C(256) << 30)

/* *vm is zeroed by the caller and freed by hv_machine_free even if this fails.
 * The guest is ready to run afterwards. */
int hv_machine_build(struct hv_vm *vm, const struct hv_machine_options *options,
		     struct hv_error *err);
/* Finishes all I/O before guest RAM goes away. */
void hv_machine_free(struct hv_vm *vm);

#endif
