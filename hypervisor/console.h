/* SPDX-License-Identifier: MIT
 *
 * The console: the guest's output is the program's stdout, byte for byte, its
 * input the program's stdin. A terminal is put into character mode, without
 * echo, at the guest's first read, and back when the VM ends.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <pvabi/base.h>
#include <stdbool.h>

struct hv_console;
struct hv_vcpu;
struct hv_vm;

/* NULL when out of memory. */
struct hv_console *hv_console_create(struct hv_vm *vm);
/* PV_OP_CONSOLE_WRITE and PV_OP_CONSOLE_READ: a status of the contract. */
int64_t hv_console_write(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len);
int64_t hv_console_read(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len);
/* The same between the guest and memory of the program's: how much was written, or
 * read; -PV_EIO if the VM ends meanwhile. Input that is not there yet is asked for:
 * -PV_EAGAIN, and tell is called when it is, or when there will be none, on the loop
 * thread, with the first vCPU that asked. 0: it has ended. Not on the loop thread. */
int64_t hv_console_put(struct hv_vcpu *vcpu, const void *from, uint64_t len);
int64_t hv_console_take(struct hv_vcpu *vcpu, void *to, uint64_t len,
			void (*tell)(struct hv_vcpu *vcpu, bool ended));
/* Restores the terminal. After the loop stopped: that ends a read under way. */
void hv_console_free(struct hv_console *console);

#endif
