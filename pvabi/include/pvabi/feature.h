/* SPDX-License-Identifier: MIT
 *
 * Feature bits, for pv_note.required, pv_note.wanted and pv_boot_info.features.
 * Bits 0 to 3 are served since version 1.0, 16 to 20, 23 and 24 since 1.1, 21 and 25
 * since 1.2. Bit 22 names what is to come in this major version, so that nobody takes
 * it for something else. A hypervisor never grants a bit that it does not serve.
 */
#ifndef PVABI_FEATURE_H
#define PVABI_FEATURE_H

#include <pvabi/base.h>

#define PV_FEATURE_CLOCK (UINT64_C(1) << 0)   /* pv_vcpu.clock may be used with rdtsc */
#define PV_FEATURE_INPUT (UINT64_C(1) << 1)   /* console input */
#define PV_FEATURE_RANDOM (UINT64_C(1) << 2)  /* PV_OP_RANDOM */
#define PV_FEATURE_BLOCK (UINT64_C(1) << 3)   /* block devices */

#define PV_FEATURE_UPCALLS (UINT64_C(1) << 16) /* event upcalls, SEND_EVENT */
#define PV_FEATURE_TIMER (UINT64_C(1) << 17)   /* SET_TIMER */
#define PV_FEATURE_TRAPS (UINT64_C(1) << 18)   /* SET_TRAPS */
#define PV_FEATURE_MMU (UINT64_C(1) << 19)     /* page tables of the guest's own */
#define PV_FEATURE_SMP (UINT64_C(1) << 20)     /* VCPU_UP, VCPU_DOWN, YIELD_TO */
#define PV_FEATURE_NET (UINT64_C(1) << 21)     /* network devices */
#define PV_FEATURE_DIRECT (UINT64_C(1) << 22)  /* reserved: direct block rings */
#define PV_FEATURE_USER (UINT64_C(1) << 23)    /* USER_RUN; comes with MMU only */
#define PV_FEATURE_HUGE_PAGES (UINT64_C(1) << 24) /* entries for 1 GiB; with MMU only */
#define PV_FEATURE_NET_OFFLOAD (UINT64_C(1) << 25) /* frames received may lack their
	* checksum and stand for many (pv_net_frame); with NET only */

/* What a version 1.0 hypervisor may grant. */
#define PV_FEATURES_V1 \
	(PV_FEATURE_CLOCK | PV_FEATURE_INPUT | PV_FEATURE_RANDOM | PV_FEATURE_BLOCK)
/* What version 1.1 added and gives on every host: all that a kernel replaces. */
#define PV_FEATURES_KERNEL \
	(PV_FEATURE_UPCALLS | PV_FEATURE_TIMER | PV_FEATURE_TRAPS | \
	 PV_FEATURE_MMU | PV_FEATURE_SMP | PV_FEATURE_USER)

#endif
