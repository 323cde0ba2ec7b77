/* SPDX-License-Identifier: MIT
 *
 * Two ways for a guest to end the machine: QEMU's isa-debug-exit, which takes an exit
 * status, and the reset line of a PC's keyboard controller.
 */
#include "native.h"

#define STATUS_PANIC 123u /* it has said why on the console */
#define COMMAND_RESET 0xfeu

static uint64_t read_zero(struct hv_device *device, struct hv_vcpu *vcpu,
			  uint64_t offset, unsigned bytes)
{
	(void)device;
	(void)vcpu;
	(void)offset;
	(void)bytes;
	return 0; /* of the keyboard: ready for a command, nothing typed */
}

static void end_with_status(struct hv_device *device, struct hv_vcpu *vcpu,
			    uint64_t offset, uint64_t value, unsigned bytes)
{
	(void)device;
	(void)offset;
	(void)bytes;
	if (value == STATUS_PANIC)
		hv_guest_kill(vcpu->vm, "it says that it panicked");
	else
		hv_vm_end(vcpu->vm, HV_END_EXIT, value);
}

static void command(struct hv_device *device, struct hv_vcpu *vcpu,
		    uint64_t offset, uint64_t value, unsigned bytes)
{
	(void)device;
	(void)offset;
	(void)bytes;
	if (value == COMMAND_RESET)
		hv_vm_end(vcpu->vm, HV_END_EXIT, 0);
}

struct hv_device hv_debug_exit = {
	.name = "debug_exit",
	.port = true, .base = 0xf4, .bytes = 4, .width = 4,
	.read = read_zero, .write = end_with_status,
};

struct hv_device hv_keyboard = {
	.name = "keyboard",
	.port = true, .base = 0x64, .bytes = 1, .width = 1,
	.read = read_zero, .write = command,
};
