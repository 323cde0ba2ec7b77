/* SPDX-License-Identifier: MIT
 *
 * The one-shot timer of a vCPU (PV_OP_SET_TIMER): an operation of the loop that
 * makes a port pending when it ends.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <linux/time_types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

struct hv_vcpu;

struct hv_timer {
	_Atomic uint64_t deadline_ns; /* guest time; PV_FOREVER: none */
	_Atomic uint64_t due_ns; /* when the loop looks next; PV_FOREVER: never */
	_Atomic bool posted;     /* the loop was asked to look at once */
	struct hv_job job;
	struct hv_loop *loop; /* the VM has none any more while it is stopped */
	/* Loop thread: */
	struct hv_io io;
	bool under_way;
	struct __kernel_timespec after;
};

void hv_timer_init(struct hv_timer *timer);
/* The vCPU's own thread, PV_FOREVER for none; a status of the contract. */
int64_t hv_timer_set(struct hv_vcpu *vcpu, uint64_t deadline_ns);
/* Fire it if it is time; else answers when it will be. Any thread. */
uint64_t hv_timer_check(struct hv_vcpu *vcpu);

#endif
