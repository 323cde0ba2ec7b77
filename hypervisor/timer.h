/* SPDX-License-Identifier: MIT
 *
 * The one-shot timer of a vCPU (PV_OP_SET_TIMER): an alarm of its thread's, which then
 * looks whether the port is due.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <pvabi/pvabi.h>

#include "alarm.h"

struct hv_vcpu;

/* For the vCPU's own thread. */
struct hv_timer {
	uint64_t deadline_ns; /* guest time; PV_FOREVER: none */
	struct hv_alarm alarm;
};

void hv_timer_init(struct hv_timer *timer);
void hv_timer_done(struct hv_timer *timer);
/* PV_FOREVER for none. The VM ends if the host refuses it. */
void hv_timer_set(struct hv_vcpu *vcpu, uint64_t deadline_ns);
/* Fire it if it is time; go on waiting for that if the alarm rang too early. */
void hv_timer_look(struct hv_vcpu *vcpu);

static inline bool hv_timer_pending(const struct hv_timer *timer)
{
	return timer->deadline_ns != PV_FOREVER;
}

/* Time for a look. */
static inline bool hv_timer_rang(const struct hv_timer *timer)
{
	return hv_timer_pending(timer) && !hv_alarm_armed(&timer->alarm);
}

#endif
