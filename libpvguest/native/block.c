/* SPDX-License-Identifier: MIT
 *
 * QUEUE_OPEN, QUEUE_CLOSE, DOORBELL. No device is driven natively yet: those that the
 * command line announces are passed over, and there are none to open.
 */
#include <pvguest/libc.h>
#include <pvguest/ops.h>

#include "../internal.h"

bool pvg_device_announced(const char *word)
{
	static const char name[] = "virtio_mmio.device=";

	return strncmp(word, name, sizeof(name) - 1) == 0;
}

int64_t pvg_op_queue_open(uint32_t device, uint32_t queue, pv_gpa_t gpa,
			  uint32_t entries, uint32_t port)
{
	(void)device, (void)queue, (void)gpa, (void)entries, (void)port;
	return -PV_ENODEV;
}

int64_t pvg_op_queue_close(uint32_t device, uint32_t queue)
{
	(void)device, (void)queue;
	return -PV_ENODEV;
}

int64_t pvg_op_doorbell(uint64_t number)
{
	(void)number;
	return 0;
}
