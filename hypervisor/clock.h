/* SPDX-License-Identifier: MIT
 *
 * The guest's time. Where the time-stamp counter can be used, both sides compute
 * it from the same record (pvabi/vcpu.h) and so never disagree; else the guest
 * asks by PV_OP_CLOCK.
 */
#ifndef HV_CLOCK_H
#define HV_CLOCK_H

#include <stdint.h>
#include <time.h>

struct hv_vcpu;
struct hv_vm;

#define HV_NS_PER_S UINT64_C(1000000000)
/* Longer waits are cut into these, so that no sum can wrap. */
#define HV_WAIT_MOST_NS (UINT64_C(3600) * HV_NS_PER_S)

/* A clock of the host, ns. */
uint64_t hv_clock_ns(clockid_t id);
/* CLOCK_MONOTONIC */
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

/* Around writing a record that the guest reads in a loop. Only the vCPU's own thread
 * writes those of its page; the counter is for other vCPUs that look at them. */
static inline void hv_seq_begin(uint32_t *seq)
{
	__atomic_store_n(seq, *seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void hv_seq_end(uint32_t *seq)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(seq, *seq + 1, __ATOMIC_RELEASE);
}

#endif
