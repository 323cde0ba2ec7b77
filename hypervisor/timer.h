/* SPDX-License-Identifier: MIT
 *
 * The one-shot timer of a vCPU (PV_OP_SET_TIMER): a timer of the host's that
 * interrupts its thread, which then looks whether the port is due.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct hv_vcpu;

/* Interrupts a vCPU's thread, so none of them may block it. */
#define HV_TIMER_SIGNAL SIGVTALRM

struct hv_timer {
	_Atomic uint64_t deadline_ns; /* guest time; PV_FOREVER: none */
	_Atomic bool rang;            /* the host's has; nobody has looked yet */
	bool made;
	timer_t host;
};

void hv_timer_init(struct hv_timer *timer);
/* The rest is for the vCPU's own thread. */
void hv_timer_done(struct hv_timer *timer);
/* PV_FOREVER for none. The VM ends if the host refuses it. */
void hv_timer_set(struct hv_vcpu *vcpu, uint64_t deadline_ns);
/* It rang: fire it, or go on waiting if that was too early. */
void hv_timer_rung(struct hv_vcpu *vcpu);
/* Stop the host's timer while BLOCK sleeps no longer than the deadline. Whether there
 * was one. */
bool hv_timer_pause(struct hv_vcpu *vcpu);
void hv_timer_resume(struct hv_vcpu *vcpu);
/* Fire it if it is time; else answers when it will be. */
uint64_t hv_timer_check(struct hv_vcpu *vcpu);

#endif
