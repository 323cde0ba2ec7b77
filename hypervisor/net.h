/* SPDX-License-Identifier: MIT
 *
 * A network device as the guest sees it: a wire and its queues. The queues themselves
 * are net-receive.c and net-send.c, which run on the loop thread.
 */
#ifndef HV_NET_H
#define HV_NET_H

#include "net-queue.h"
#include "pv-device.h"

/* Open the wire and make it the VM's next device. offload: the guest is granted
 * PV_FEATURE_NET_OFFLOAD. 0, or -1 with err. */
int hv_net_add(struct hv_vm *vm, const struct hv_net_spec *spec, bool offload,
	       struct hv_error *err);
/* Of a device that is one: its type is PV_DEVICE_NET. */
void hv_net_stats(const struct hv_pv_device *device,
		  struct hv_net_stats *ret_stats);

#endif
