/* SPDX-License-Identifier: MIT
 *
 * The least an exit can cost on this host: a VM of one page of code, whose ring
 * 3 does nothing but the `out` of an operation, run by a loop that does nothing
 * but KVM_RUN.
 */
#ifndef HV_BENCH_BARE_KVM_H
#define HV_BENCH_BARE_KVM_H

#include <stdint.h>

#include "../error.h"

struct kvm_run;

struct hv_bare_kvm {
	int kvm, vm, vcpu;
	uint8_t *memory;
	struct kvm_run *run;
	uint64_t run_bytes;
};

int hv_bare_kvm_create(struct hv_bare_kvm *bare, struct hv_error *err);
/* Have it exit this many times; the time it took. */
int hv_bare_kvm_exits(struct hv_bare_kvm *bare, uint64_t exits,
		      uint64_t *ret_ns, struct hv_error *err);
void hv_bare_kvm_done(struct hv_bare_kvm *bare);

#endif
