/* SPDX-License-Identifier: MIT
 *
 * The console: the guest's output is the program's stdout, byte for byte, its
 * input the program's stdin. A terminal is put into character mode, without
 * echo, at the guest's first read, and back when the VM ends.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <pvabi/base.h>

struct hv_console;
struct hv_vcpu;
struct hv_vm;

/* NULL when out of memory. */
struct hv_console *hv_console_create(struct hv_vm *vm);
/* PV_OP_CONSOLE_WRITE and PV_OP_CONSOLE_READ: a status of the contract. */
int64_t hv_console_write(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len);
int64_t hv_console_read(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len);
/* Restores the terminal. After the loop stopped: that ends a read under way. */
void hv_console_free(struct hv_console *console);

#endif
