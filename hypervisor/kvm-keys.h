/* SPDX-License-Identifier: MIT
 *
 * Protection keys, which no guest is given (CR4.PKE is 0). But software KVM leaves
 * the host's setting in force, and then user mode can forbid its kernel, which is at
 * the same ring, all memory by WRPKRU.
 *
 * So USER_RUN ends by allowing it again, in its slot, before anything is read. Where
 * a guest has no such instructions they end in #UD, once, and are taken out of the
 * slot (hv_kvm_without_keys). A vCPU that is to be interrupted there, or begins
 * another life, goes by a stub in the user page first, which does the same and
 * exits.
 */
#ifndef HV_KVM_KEYS_H
#define HV_KVM_KEYS_H

#include <stdbool.h>

#include "engine-kvm.h"
#include "kvm-tables.h"

/* Its registers are those that it is to begin with: after the stub. */
void hv_kvm_keys_begin(struct hv_kvm_cpu *cpu, struct hv_regs *regs);
/* Whether it is in its slot, memory not yet allowed: then it goes by the stub now. */
bool hv_kvm_keys_divert(struct hv_kvm_cpu *cpu, struct hv_regs *regs);
/* Whether this was the stub's exit: then the registers are those to go on with. */
bool hv_kvm_keys_allowed(struct hv_kvm_cpu *cpu, struct hv_regs *regs);
/* Whether this exception is none of the guest's: an instruction that there is not,
 * or a single step before memory is allowed. The registers are at it. */
bool hv_kvm_keys_fault(struct hv_kvm_cpu *cpu, struct hv_regs *regs,
		       unsigned vector);

#endif
