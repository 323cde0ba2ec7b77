/* SPDX-License-Identifier: MIT
 *
 * Floors: for each thing a kernel asks of the program, the cheapest bare program
 * with KVM that gives the same. Each runs in a process of its own, which has a
 * timeout and takes its threads and signals with it.
 */
#ifndef HV_BENCH_FLOOR_H
#define HV_BENCH_FLOOR_H

#include <stdint.h>

#include "../error.h"

/* Do it for about run_ns and tell what one takes. 0 or -1. */
typedef int hv_floor_fn(uint64_t run_ns, double *ret_ns, struct hv_error *err);

/* bare-trap.c: #UD to a handler and back, through a gate to ring 3; and by way of
 * the monitor, which puts the frame on the guest's stack. */
hv_floor_fn hv_floor_trap_gate, hv_floor_trap_exit;
/* bare-space.c: loading page tables; and a system call of user mode, there and
 * back, with page tables, rip and rsp exchanged. */
hv_floor_fn hv_floor_root, hv_floor_user;
/* bare-timer.c: from the deadline to the handler, the guest running or not. */
hv_floor_fn hv_floor_timer_running, hv_floor_timer_blocked;
/* bare-event.c: from one vCPU to the handler of another, which runs or does not. */
hv_floor_fn hv_floor_event_running, hv_floor_event_blocked;

/* A side that is a floor. */
struct hv_floor_side {
	hv_floor_fn *run;
	uint64_t run_ns;
};
int hv_floor_measure(void *floor_side, double *ret_ns, struct hv_error *err);

#endif
