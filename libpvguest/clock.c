/* SPDX-License-Identifier: MIT
 *
 * Waiting for time to pass. Reading the time is all in <pvguest/clock.h>.
 */
#include <pvguest/clock.h>
#include <pvguest/event.h>

#include "internal.h"

void (*pvg_sleep_hook)(uint64_t deadline_ns);

void pvg_sleep_until(uint64_t deadline_ns)
{
	static const struct pvg_ports none;
	uint64_t now;

	while ((now = pvg_clock_ns()) < deadline_ns) {
		if (deadline_ns - now < pvg_boot.poll_ns &&
		    !pvg_others_are_ready())
			__builtin_ia32_pause();
		else if (pvg_sleep_hook)
			pvg_sleep_hook(deadline_ns);
		else
			pvg_ports_wait(&none, deadline_ns);
	}
}

void pvg_sleep_ns(uint64_t ns)
{
	pvg_sleep_until(pvg_deadline_in(ns));
}
