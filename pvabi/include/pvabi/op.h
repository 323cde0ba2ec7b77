/* SPDX-License-Identifier: MIT
 *
 * Operations: what a guest calls instead of executing privileged instructions.
 *
 * Operation n is the code at ops_addr + n * PV_OP_SLOT_BYTES. It is called
 * (near call, 16-byte aligned stack as for any C function) with the arguments in
 * rdi, rsi, rdx, rcx, r8 and r9 and answers in rax: a result from 0 up, or the
 * negative of an enum pv_error. It may destroy what a System V function may
 * destroy: rax, rcx, rdx, rsi, rdi, r8 to r11, the flags, and vector registers;
 * everything else is kept. `paravane run --poison` really destroys the general
 * ones. The slot's code is the hypervisor's choice and may differ per host and
 * engine.
 *
 * An argument an operation does not have is ignored; a reserved one must be 0.
 * Addresses are guest-physical. Every slot answers: a number that is not listed
 * here, or whose feature was not granted, answers -PV_ENOSYS. "Cost" counts
 * exits to the hypervisor.
 */
#ifndef PVABI_OP_H
#define PVABI_OP_H

#include <pvabi/base.h>

#define PV_OP_SLOT_BYTES 32
#define PV_OP_SLOTS 128 /* one page */

enum pv_op {
	/* NOP: nothing, answers 0. To measure the way there and back. Cost
	 * 1. */
	PV_OP_NOP = 0,

	/* EXIT(status): end the VM. 0 to 119 become the exit status of
	 * `paravane run`; anything else becomes 119, with a line on stderr.
	 * Does not return. Open queues are closed first, as by QUEUE_CLOSE.
	 * Cost 1. */
	PV_OP_EXIT = 1,

	/* CRASH(gpa, len_bytes): end the VM with a fault report (message,
	 * registers, backtrace with the image's symbols). The message is at
	 * most PV_CONSOLE_MAX_BYTES, of which the report shows 200 or more; a
	 * bad address still crashes, with none. Does not return. Cost 1. */
	PV_OP_CRASH = 2,

	/* CONSOLE_WRITE(gpa, len_bytes): bytes to the console, as they are.
	 * Answers how many were taken: all; or fewer if len is above
	 * PV_CONSOLE_MAX_BYTES or the host failed on the way. -PV_EFAULT,
	 * -PV_EIO (nobody reads any more). Waits while the host's reader is
	 * slow. Cost 1. */
	PV_OP_CONSOLE_WRITE = 3,

	/* CONSOLE_READ(gpa, len_bytes): bytes of console input. Answers how
	 * many were copied, 0 at the end of input or for len 0, -PV_EAGAIN if
	 * there are none yet (port PV_PORT_CONSOLE becomes pending when that
	 * changes), -PV_EFAULT. Needs PV_FEATURE_INPUT. Cost 1. */
	PV_OP_CONSOLE_READ = 4,

	/* BLOCK(deadline_ns): wait until an unmasked port is pending or the
	 * monotonic clock reaches the deadline. Unmasks events first (clears
	 * pv_vcpu.upcalls_masked), atomically with the look at the pending
	 * ports: no wake-up is lost. Answers 0 (a port is pending; it stays
	 * pending) or -PV_ETIMEDOUT. PV_FOREVER waits without end; a deadline
	 * in the past only looks. Cost 1. */
	PV_OP_BLOCK = 5,

	/* YIELD: let something else have this host CPU. Answers 0. Cost 1. */
	PV_OP_YIELD = 6,

	/* CLOCK(which): nanoseconds of enum pv_clock_id, -PV_EINVAL. For hosts
	 * whose TSC cannot be used (PV_FEATURE_CLOCK not granted). Cost 1. */
	PV_OP_CLOCK = 7,

	/* RANDOM(gpa, len_bytes): fill with random bytes of the host's kernel.
	 * Answers how many: at most PV_RANDOM_MAX_BYTES a call. -PV_EFAULT,
	 * -PV_EIO. Needs PV_FEATURE_RANDOM. Cost 1. */
	PV_OP_RANDOM = 8,

	/* QUEUE_OPEN(device, queue, gpa, entries, port): start serving the
	 * struct pv_ring at gpa (64-byte aligned, PV_RING_BYTES(entries) long,
	 * its struct pv_ring all zero; entries a power of two from 2 up to
	 * pv_device.queue_entries_max). Events come to the port, which must not
	 * be a fixed one. Answers the queue's doorbell number. -PV_ENODEV,
	 * -PV_EBUSY (already open), -PV_EINVAL, -PV_EFAULT, -PV_ENOMEM. Needs
	 * PV_FEATURE_BLOCK. Cost 1. */
	PV_OP_QUEUE_OPEN = 9,

	/* QUEUE_CLOSE(device, queue): stop taking requests, finish those taken,
	 * answer them, and forget the ring. Requests not yet taken are never
	 * answered. Answers 0 when the hypervisor no longer touches the ring or
	 * any buffer. -PV_ENODEV. Needs PV_FEATURE_BLOCK. Cost 1, and the time
	 * of the I/O. */
	PV_OP_QUEUE_CLOSE = 10,

	/* DOORBELL(number): tell the hypervisor that requests were pushed. Only
	 * needed when the ring asked for it (ring.h). Answers 0 always; a
	 * number nobody gave out is ignored. Cost: less than an exit where the
	 * host has ioeventfd, else 1. Since many rings before one look are one
	 * look, flooding costs the flooder only. */
	PV_OP_DOORBELL = 11,

	/* FEATURES: the granted PV_FEATURE_* as in the boot info. Cost 1. */
	PV_OP_FEATURES = 12,

	/* 16 to 31 are reserved for events, timer, traps, MMU, vCPUs and
	 * multicall, and answer -PV_ENOSYS in version 1.0. */
	PV_OP_SEND_EVENT = 16,
	PV_OP_SET_TIMER = 17,
	PV_OP_SET_TRAPS = 18,
	PV_OP_MMU_ROOT = 19,
	PV_OP_MMU_UPDATE = 20,
	PV_OP_MMU_FLUSH = 21,
	PV_OP_VCPU_UP = 22,
	PV_OP_VCPU_DOWN = 23,
	PV_OP_MULTICALL = 24
};

enum pv_clock_id {
	PV_CLOCK_MONOTONIC = 0, /* since some moment before the guest started */
	PV_CLOCK_WALL = 1       /* since 1970-01-01 00:00 UTC */
};

#define PV_FOREVER UINT64_MAX
#define PV_CONSOLE_MAX_BYTES (64u << 10)
#define PV_RANDOM_MAX_BYTES (64u << 10)
#define PV_EXIT_STATUS_MAX 119

#endif
