/* SPDX-License-Identifier: MIT
 *
 * The operations of <pvabi/op.h> as C functions, one to one. Everything else in
 * the library is built from these; a guest seldom calls them itself. Answers,
 * errors and costs are those of the contract.
 *
 * This is the seam between the two backends. In a paravirtual guest an operation is
 * a call into the hypervisor's page. In a native kernel (compiled with -DPVG_NATIVE)
 * it is a function made of the privileged instructions and the device registers that
 * the hypervisor's operation stands for.
 */
#ifndef PVGUEST_OPS_H
#define PVGUEST_OPS_H

#include <pvguest/boot.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef PVG_NATIVE
#include <pvguest/native/ops.h>
#else
#include <pvguest/paravirt/ops.h>
#endif

#ifdef __cplusplus
}
#endif
#endif
