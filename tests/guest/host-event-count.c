/* SPDX-License-Identifier: MIT
 *
 * Waits until the host has wanted its attention, then tells how many upcalls that
 * took within a second. Exits with 3 if nobody does for twenty.
 */
#include <pvguest/pvguest.h>

PVG_NOTE(PV_FEATURE_UPCALLS, PVG_FEATURES_DEFAULT, 0, 0);

static volatile unsigned upcalls;

static void on_host(unsigned port, void *argument)
{
	(void)port;
	(void)argument;
	upcalls++;
}

int main(void)
{
	uint64_t deadline = pvg_deadline_in(UINT64_C(20000000000));

	pvg_port_handle(PV_PORT_HOST, on_host, NULL);
	pvg_upcalls_start();
	pvg_printf("ready\n");
	pvg_console_flush();
	while (!upcalls)
		if (pvg_op_block(deadline) == -PV_ETIMEDOUT)
			return 3;
	deadline = pvg_deadline_in(UINT64_C(1000000000));
	while (pvg_clock_ns() < deadline)
		__builtin_ia32_pause();
	pvg_printf("upcalls %u\n", upcalls);
	return 0;
}
