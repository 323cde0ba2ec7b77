/* SPDX-License-Identifier: MIT
 *
 * The guest's time. Where the time-stamp counter can be used, both sides compute
 * it from the same record (pvabi/vcpu.h) and so never disagree; else the guest
 * asks by PV_OP_CLOCK.
 */
#ifndef HV_CLOCK_H
#define HV_CLOCK_H

#include <stdint.h>

struct hv_vcpu;
struct hv_vm;

#define HV_NS_PER_S UINT64_C(1000000000)

/* CLOCK_MONOTONIC of the host, ns. */
uint64_t hv_host_ns(void);

/* Start the guest's clock at 0. PV_FEATURE_CLOCK can be granted if
 * vm->clock.mult is not 0 afterwards. */
void hv_clock_start(struct hv_vm *vm);
uint64_t hv_clock_now(const struct hv_vm *vm);
int64_t hv_clock_wall(void);
/* The record of a vCPU. Own thread, or before it runs. */
void hv_clock_fill(struct hv_vcpu *vcpu);
/* Renew what is due of what the guest is shown: wall time follows the host's once
 * a second. Own thread. */
void hv_clock_refresh(struct hv_vcpu *vcpu);

#endif
