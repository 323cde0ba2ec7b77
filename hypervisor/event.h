/* SPDX-License-Identifier: MIT
 *
 * Events: how anybody tells a vCPU to look at something (pvabi/vcpu.h).
 */
#ifndef HV_EVENT_H
#define HV_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct hv_vcpu;

/* Make the port pending; wake the vCPU if it waits for it, or have it interrupted.
 * Any thread, also signal handlers. */
void hv_event_raise(struct hv_vcpu *vcpu, unsigned port);
/* PV_OP_SEND_EVENT and PV_OP_SET_UPCALL; statuses of the contract. */
int64_t hv_event_send(struct hv_vcpu *caller, uint64_t vcpu, uint64_t port);
int64_t hv_upcall_set(struct hv_vcpu *vcpu, uint64_t entry, uint64_t stack);

/* Own thread, out of the guest. Whether the vCPU is to be interrupted before its
 * next instruction, and can be: one that cannot just now exits soon by itself. */
bool hv_upcall_due(const struct hv_vcpu *vcpu);
/* Interrupt it. */
void hv_upcall_deliver(struct hv_vcpu *vcpu);
/* UPCALL_RETURN found more: finish the return. */
void hv_upcall_returned(struct hv_vcpu *vcpu);

#endif
