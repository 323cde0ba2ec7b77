/* SPDX-License-Identifier: MIT
 *
 * A vCPU that waits for events, and the events that wake it.
 *
 * No wake-up is lost: the sleeper says it sleeps, then looks at the pending
 * ports; a source sets its port, then looks whether somebody sleeps. Both are
 * sequentially consistent, so at least one sees the other.
 */
#ifndef HV_SLEEP_H
#define HV_SLEEP_H

#include <stdint.h>

struct hv_vcpu;

/* PV_OP_BLOCK. deadline_ns is guest time. */
int64_t hv_sleep_until(struct hv_vcpu *vcpu, uint64_t deadline_ns);
/* As one that is down: until it is up, or the VM ends. */
void hv_sleep_until_up(struct hv_vcpu *vcpu);
/* End a sleep, now or as it begins. Any thread, also signal handlers. */
void hv_sleep_interrupt(struct hv_vcpu *vcpu);

#endif
