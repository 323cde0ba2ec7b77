/* SPDX-License-Identifier: MIT
 *
 * EXIT: the end of the machine, once its disks are done, by a store to the
 * isa-debug-exit device (QEMU, docs/specs; the native engine has it too). Where nobody
 * answers there, by a reset: the keyboard controller's, then a triple fault (SDM volume
 * 3, 6.15, interrupt 8).
 */
#include <pvguest/ops.h>

#include "../internal.h"

#define EXIT_PORT 0xf4
#define KEYBOARD_PORT 0x64
#define KEYBOARD_RESET 0xfe

void pvg_machine_end(uint32_t status)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_gates = { 0, 0 };

	pvg_outl(EXIT_PORT, status);
	pvg_outb(KEYBOARD_PORT, KEYBOARD_RESET);
	__asm__ volatile("lidt %0\n\t"
			 "int3"
			 :
			 : "m"(no_gates));
	for (;;)
		__asm__ volatile("cli\n\thlt");
}

void pvg_op_exit(uint64_t status)
{
	if (status > PV_EXIT_STATUS_MAX) {
		pvg_serial_printf("the guest's exit status %lld is reported as "
				  "%d: those above are Paravane's own\n",
				  (long long)status, PV_EXIT_STATUS_MAX);
		status = PV_EXIT_STATUS_MAX;
	}
	pvg_devices_close();
	pvg_machine_end((uint32_t)status);
}
