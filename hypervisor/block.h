/* SPDX-License-Identifier: MIT
 *
 * A block device as the guest sees it: a disk and its queues. The queues
 * themselves are block-queue.c, which runs on the loop thread.
 */
#ifndef HV_BLOCK_H
#define HV_BLOCK_H

#include "block-io.h"
#include "disk.h"
#include "pv-device.h"

/* Open the disk and make it the VM's next device. 0, or -1 with err. */
int hv_block_add(struct hv_vm *vm, const struct hv_disk_spec *spec,
		 struct hv_error *err);
/* Of a device that is one: its type is PV_DEVICE_BLOCK. */
void hv_block_stats(const struct hv_pv_device *device,
		    struct hv_blk_stats *ret_stats);

#endif
