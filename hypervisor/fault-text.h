/* SPDX-License-Identifier: MIT
 *
 * A processor exception in words.
 */
#ifndef HV_FAULT_TEXT_H
#define HV_FAULT_TEXT_H

#include <stddef.h>

struct hv_exit;
struct hv_vcpu;

/* "page fault: write to 0x0, page 0, which is never mapped (a null pointer), at 0x10004
 * in main+0x4" */
void hv_fault_text(const struct hv_vcpu *vcpu, const struct hv_exit *exit, char *text,
		   size_t bytes);

#endif
