/* SPDX-License-Identifier: MIT
 *
 * What is told of a guest that was stopped: where it was, its registers, and
 * how it got there, with the names of its own ELF symbols.
 */
#ifndef HV_CRASH_H
#define HV_CRASH_H

#include <pvabi/base.h>
#include <stdio.h>

struct hv_exit;
struct hv_regs;
struct hv_vcpu;
struct hv_vm;

/* Stop the guest for an exception, or for a vCPU that cannot go on. */
void hv_crash_fault(struct hv_vcpu *vcpu, const struct hv_exit *exit);
void hv_crash_dead(struct hv_vcpu *vcpu, const struct hv_exit *exit);
/* PV_OP_CRASH: for a message of its own. */
void hv_crash_asked(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len,
		    const struct hv_regs *regs);
/* Remember where it was, for the report, before it is stopped for a reason of the
 * caller's. The first is kept. NULL: that cannot be had. */
void hv_crash_note(struct hv_vcpu *vcpu, const struct hv_regs *regs);

/* Registers and backtrace, if any were noted; and, if its state was written to a
 * file of this name, how to look further. */
void hv_crash_report(const struct hv_vm *vm, const char *dump_path, FILE *out);

#endif
