/* SPDX-License-Identifier: MIT
 *
 * Feature bits, for pv_note.required, pv_note.wanted and pv_boot_info.features.
 * Bits 0 to 3 are served since version 1.0. Bits 16 to 22 name what is to come in
 * this major version, so that nobody takes them for something else. A hypervisor
 * never grants a bit that it does not serve.
 */
#ifndef PVABI_FEATURE_H
#define PVABI_FEATURE_H

#include <pvabi/base.h>

#define PV_FEATURE_CLOCK (UINT64_C(1) << 0)   /* pv_vcpu.clock may be used with rdtsc */
#define PV_FEATURE_INPUT (UINT64_C(1) << 1)   /* console input */
#define PV_FEATURE_RANDOM (UINT64_C(1) << 2)  /* PV_OP_RANDOM */
#define PV_FEATURE_BLOCK (UINT64_C(1) << 3)   /* block devices */

#define PV_FEATURE_UPCALLS (UINT64_C(1) << 16) /* reserved: event upcalls */
#define PV_FEATURE_TIMER (UINT64_C(1) << 17)   /* reserved: one-shot timer */
#define PV_FEATURE_TRAPS (UINT64_C(1) << 18)   /* reserved: trap table */
#define PV_FEATURE_MMU (UINT64_C(1) << 19)     /* reserved: guest page tables */
#define PV_FEATURE_SMP (UINT64_C(1) << 20)     /* reserved: several vCPUs */
#define PV_FEATURE_NET (UINT64_C(1) << 21)     /* reserved: network devices */
#define PV_FEATURE_DIRECT (UINT64_C(1) << 22)  /* reserved: direct block rings */

/* What a version 1.0 hypervisor may grant. */
#define PV_FEATURES_V1 \
	(PV_FEATURE_CLOCK | PV_FEATURE_INPUT | PV_FEATURE_RANDOM | PV_FEATURE_BLOCK)

#endif
