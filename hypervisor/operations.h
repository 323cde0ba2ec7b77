/* SPDX-License-Identifier: MIT
 *
 * Operations: what the guest asks of the hypervisor by number (pvabi/op.h).
 */
#ifndef HV_OPERATIONS_H
#define HV_OPERATIONS_H

#include <stdint.h>

struct hv_regs;
struct hv_vcpu;
struct hv_vm;

/* Serve one, from the registers of the call; its answer goes into them. */
void hv_operation(struct hv_vcpu *vcpu, uint32_t number, struct hv_regs *regs);
/* With --poison: destroy of the registers what an operation may destroy. */
void hv_operation_poison(const struct hv_vm *vm, struct hv_regs *regs);
/* "console_write" and so on, or NULL. */
const char *hv_operation_name(uint32_t number);

#endif
