/* SPDX-License-Identifier: MIT
 *
 * Extended state: the x87 and vector registers, as XSAVE lays them out.
 */
#include <pvguest/libc.h>
#include <pvguest/user.h>

#include "internal.h"

/* What XSAVE takes; 0: the processor has none, or the guest is not to use it, and
 * FXSAVE is all there is. */
uint64_t pvg_xstate_mask;
size_t pvg_xstate_size;
const uint32_t pvg_mxcsr = PVG_MXCSR;

#define FXSAVE_BYTES 512
#define FCW_AT 0
#define MXCSR_AT 24
#define CPUID_XSTATE 0xd

static size_t xsave_bytes(void)
{
	uint32_t a = CPUID_XSTATE, b, c = 0, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b; /* for what is switched on */
}

/* Two vCPUs may both do this: they write the same. */
void pvg_xstate_prepare(void)
{
	if (PVG_LIKELY(pvg_xstate_size))
		return;
	pvg_xstate_mask = pvg_boot.xcr0;
	__atomic_store_n(&pvg_xstate_size,
			 pvg_boot.xcr0 ? xsave_bytes() : FXSAVE_BYTES,
			 __ATOMIC_RELEASE);
}

size_t pvg_xstate_bytes(void)
{
	pvg_xstate_prepare();
	return pvg_xstate_size;
}

/* A header of zeroes means that every part is in its initial state; the control
 * words count all the same, or for FXRSTOR. */
void pvg_xstate_init(void *ret_xstate)
{
	static const uint16_t fcw = PVG_X87_CONTROL;

	memset(ret_xstate, 0, pvg_xstate_bytes());
	memcpy((char *)ret_xstate + FCW_AT, &fcw, sizeof(fcw));
	memcpy((char *)ret_xstate + MXCSR_AT, &pvg_mxcsr, sizeof(pvg_mxcsr));
}
