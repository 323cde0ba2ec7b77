/* SPDX-License-Identifier: MIT
 *
 * Which page tables a vCPU translates with, and which translations it may still
 * remember.
 */
#ifndef HV_SPACE_H
#define HV_SPACE_H

#include <pvabi/base.h>

struct hv_vcpu;

/* PV_OP_MMU_ROOT and PV_OP_MMU_FLUSH; statuses of the contract. */
int64_t hv_space_load(struct hv_vcpu *vcpu, pv_gpa_t root);
int64_t hv_space_flush(struct hv_vcpu *caller, uint64_t vcpus);
/* vcpu->reload was set: read the roots in use again, and flush. Out of the guest,
 * own thread; a status of the contract. */
int64_t hv_space_reload(struct hv_vcpu *vcpu);
/* The processor's copy of the kernel's root, as it is now. If it has become one
 * that cannot be copied, the former is kept, or if that is gone the guest ended. */
int64_t hv_space_kernel_copy(struct hv_vcpu *vcpu);

#endif
