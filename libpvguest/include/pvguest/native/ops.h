/* SPDX-License-Identifier: MIT
 *
 * The operations, native: functions of libpvguest/native/, each named in the file
 * that has it. Included by <pvguest/ops.h>.
 *
 * They answer as the contract has it, with these differences. EXIT and CRASH end the
 * machine. SET_TRAPS and SET_UPCALL take the library's own entries only. MMU_ROOT
 * uses the root in place, and writes its entry PV_WINDOW_ROOT_ENTRY. USER_RUN
 * insists on a root whose entry 0 is empty or the kernel's. Disks are virtio's: one
 * queue each, sizes in whole sectors, ZERO is -PV_EOPNOTSUPP if the device cannot.
 * Networks are too: NET_OFFLOAD is granted to who wants it, whatever the device has; a
 * QUEUE_CLOSE of a queue to receive resets the device.
 */
#ifndef PVGUEST_NATIVE_OPS_H
#define PVGUEST_NATIVE_OPS_H

#include <pvguest/boot.h>

/* exit.c, panic.c */
__attribute__((noreturn)) void pvg_op_exit(uint64_t status);
__attribute__((noreturn)) void pvg_op_crash(const char *message,
					    uint64_t len_bytes);

/* console.c */
int64_t pvg_op_console_write(const void *bytes, uint64_t len_bytes);
int64_t pvg_op_console_read(void *ret_bytes, uint64_t len_bytes);

/* event.c */
int64_t pvg_op_block(uint64_t deadline_ns);
int64_t pvg_op_yield(void);
int64_t pvg_op_yield_to(uint64_t vcpu);
int64_t pvg_op_send_event(uint64_t vcpu, uint64_t port);
int64_t pvg_op_set_upcall(const volatile void *entry,
			  const volatile void *stack);

/* clock.c, timer.c */
int64_t pvg_op_clock(enum pv_clock_id which);
int64_t pvg_op_set_timer(uint64_t deadline_ns);

/* random.c */
int64_t pvg_op_random(void *ret_bytes, uint64_t len_bytes);

/* queue.c */
int64_t pvg_op_queue_open(uint32_t device, uint32_t queue, pv_gpa_t gpa,
			  uint32_t entries, uint32_t port);
int64_t pvg_op_queue_close(uint32_t device, uint32_t queue);
int64_t pvg_op_doorbell(uint64_t number);

/* trap.c */
int64_t pvg_op_set_traps(const volatile void *entry, uint64_t vectors);

/* mmu.c */
int64_t pvg_op_mmu_root(pv_gpa_t root);
int64_t pvg_op_mmu_flush(uint64_t vcpus, uint64_t gva, uint64_t len_bytes);

/* vcpu.c */
int64_t pvg_op_vcpu_up(uint64_t vcpu, uint64_t entry, uint64_t stack,
		       uint64_t arg);
int64_t pvg_op_vcpu_down(void);

/* user.c */
int64_t pvg_op_user_run(struct pv_user *user);

/* ops.c */
int64_t pvg_op_nop(void);
uint64_t pvg_op_features(void);
int64_t pvg_op_multicall(struct pv_call *calls, uint64_t count);

#endif
