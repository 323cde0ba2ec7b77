/* SPDX-License-Identifier: MIT
 *
 * Running a VM that was built: until it ends.
 */
#ifndef HV_RUN_H
#define HV_RUN_H

#include <stdint.h>

struct hv_vm;

/* Returns once vm->ending says why. timeout_ns 0: no limit. SIGINT, SIGTERM,
 * SIGHUP and SIGQUIT end the VM. */
void hv_vm_run(struct hv_vm *vm, uint64_t timeout_ns);

#endif
