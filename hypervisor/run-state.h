/* SPDX-License-Identifier: MIT
 *
 * Where a vCPU's time goes, as the guest sees it (struct pv_run). All of it on the
 * vCPU's own thread.
 */
#ifndef HV_RUN_STATE_H
#define HV_RUN_STATE_H

#include <stdint.h>

struct hv_vcpu;

void hv_run_state_up(struct hv_vcpu *vcpu);
void hv_run_state_down(struct hv_vcpu *vcpu);
void hv_run_state_block(struct hv_vcpu *vcpu);
void hv_run_state_unblock(struct hv_vcpu *vcpu);
/* Renew the figures if they are older than a millisecond; now is guest time. */
void hv_run_state_refresh(struct hv_vcpu *vcpu, uint64_t now_ns);

#endif
