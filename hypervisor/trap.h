/* SPDX-License-Identifier: MIT
 *
 * Interrupting the guest's kernel: frames on its stack (pvabi/trap.h).
 */
#ifndef HV_TRAP_H
#define HV_TRAP_H

#include <pvabi/trap.h>
#include <stdbool.h>

struct hv_exit;
struct hv_regs;
struct hv_vcpu;

/* PV_OP_SET_TRAPS; a status of the contract. */
int64_t hv_traps_set(struct hv_vcpu *vcpu, uint64_t entry, uint64_t vectors);
/* An exception of the kernel's: to its handler, or the end of the guest. */
void hv_trap(struct hv_vcpu *vcpu, const struct hv_exit *exit);

/* Have the vCPU go on at entry with a frame of what it was about to do below its
 * stack, or at the top of another if that is not 0. What the frame has beside
 * registers is in *frame. A stack that cannot take it ends the guest. */
void hv_frame_push(struct hv_vcpu *vcpu, struct pv_frame *frame, uint64_t entry,
		   uint64_t stack);
/* Do what IRETQ would with the frame at regs->rsp. False, and the guest ended, if
 * it leads nowhere. */
bool hv_frame_pop(struct hv_vcpu *vcpu, struct hv_regs *regs);

#endif
