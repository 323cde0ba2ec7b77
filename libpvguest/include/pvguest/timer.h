/* SPDX-License-Identifier: MIT
 *
 * One timer for each vCPU: port PV_PORT_TIMER becomes pending when the
 * monotonic clock (<pvguest/clock.h>) has reached a deadline. A periodic one is
 * set again by its handler.
 */
#ifndef PVGUEST_TIMER_H
#define PVGUEST_TIMER_H

#include <pvguest/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fire once when the clock has reached deadline_ns, never before, at once if it
 * has already; in place of the deadline set before. PV_FOREVER: not at all,
 * though the port may be pending from a deadline that has passed. 0, -PV_ENOSYS
 * without PV_FEATURE_TIMER. Cost 1 exit, and 1 when it fires in a running vCPU.
 * */
static inline int pvg_timer_set(uint64_t deadline_ns)
{
	return (int)pvg_op_set_timer(deadline_ns);
}

#ifdef __cplusplus
}
#endif
#endif
