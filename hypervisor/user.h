/* SPDX-License-Identifier: MIT
 *
 * User mode (pvabi/user.h): a call of the guest's kernel that returns when the
 * kernel is wanted.
 */
#ifndef HV_USER_H
#define HV_USER_H

#include <pvabi/user.h>

struct hv_exit;
struct hv_regs;
struct hv_vcpu;

/* PV_OP_USER_RUN, from the registers of the call. What it answers is in them only
 * if user mode was not entered; else hv_user_leave does. */
void hv_user_run(struct hv_vcpu *vcpu, struct hv_regs *regs);
/* Back to the kernel, with what the processor has as user mode's registers. */
void hv_user_leave(struct hv_vcpu *vcpu, enum pv_user_reason reason);
/* An exit that means an exception or a system call of user mode's. */
void hv_user_exit(struct hv_vcpu *vcpu, const struct hv_exit *exit);

#endif
