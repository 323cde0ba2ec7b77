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
 * An argument an operation does not have is ignored. Addresses are
 * guest-physical. Every slot answers: a number that is not listed here, or whose
 * feature was not granted, answers -PV_ENOSYS. "Cost" counts exits to the
 * hypervisor.
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
	 * PV_CONSOLE_MAX_BYTES or the host failed on the way. -PV_EFAULT.
	 * Output that the host cannot write ends the VM; -PV_EIO is what other
	 * vCPUs may see meanwhile. Waits while the host's reader is slow.
	 * Cost 1. */
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
	 * pv_device.queue_entries_max). Events come to the port of the calling
	 * vCPU, which must not be a fixed one. Answers the queue's doorbell
	 * number. -PV_ENODEV, -PV_EBUSY (already open), -PV_EINVAL, -PV_EFAULT,
	 * -PV_ENOMEM. Needs the feature of the device's type:
	 * PV_FEATURE_BLOCK, PV_FEATURE_NET. Cost 1. */
	PV_OP_QUEUE_OPEN = 9,

	/* QUEUE_CLOSE(device, queue): stop taking requests, finish those taken,
	 * answer them, and forget the ring. Requests not yet taken are never
	 * answered. Answers 0 when the hypervisor no longer touches the ring or
	 * any buffer. -PV_ENODEV. Needs what QUEUE_OPEN needs. Cost 1, and the
	 * time of the I/O. */
	PV_OP_QUEUE_CLOSE = 10,

	/* DOORBELL(number): tell the hypervisor that requests were pushed. Only
	 * needed when the ring asked for it (ring.h). Answers 0 always; a
	 * number nobody gave out is ignored. Cost: less than an exit where the
	 * host has ioeventfd, else 1. Since many rings before one look are one
	 * look, flooding costs the flooder only. */
	PV_OP_DOORBELL = 11,

	/* FEATURES: the granted PV_FEATURE_* as in the boot info. Cost 1. */
	PV_OP_FEATURES = 12,

	/* Since version 1.1: */

	/* SEND_EVENT(vcpu, port): make a port of a vCPU pending, also one of the
	 * caller's own. It may be down; the port is pending then when it comes
	 * up. -PV_ENODEV (no such vCPU), -PV_EINVAL (a fixed port, or none).
	 * Needs PV_FEATURE_UPCALLS. Cost 1, and the receiver's exit if it
	 * runs and was not told before. */
	PV_OP_SEND_EVENT = 16,

	/* SET_TIMER(deadline_ns): port PV_PORT_TIMER of this vCPU becomes
	 * pending once when the monotonic clock has reached the deadline, never
	 * before; at once if it has. Replaces the deadline set before; PV_FOREVER
	 * sets none. Answers 0. Needs PV_FEATURE_TIMER. Cost 1. */
	PV_OP_SET_TIMER = 17,

	/* SET_TRAPS(entry, vectors): exceptions of this vCPU's kernel whose bit is
	 * set in vectors enter the handler at guest-virtual address entry, as
	 * trap.h tells; all others stop the guest. vectors 0: none. -PV_EINVAL (not
	 * canonical, or a vector that does not exist). Needs PV_FEATURE_TRAPS.
	 * Cost 1; a trap costs 1. */
	PV_OP_SET_TRAPS = 18,

	/* MMU_ROOT(root): the kernel of this vCPU goes on with the page tables
	 * whose root lies in the page of RAM at guest-physical address root, in
	 * the architecture's 4-level format; PV_ROOT_INITIAL: with those the guest
	 * began with. All translations of this vCPU are flushed. Of the root
	 * itself a copy is used, made now, at each MMU_FLUSH that names the vCPU,
	 * and when user mode is left, in which entry PV_WINDOW_ROOT_ENTRY is the
	 * window's; the tables below are used in place. The kernel's pages have
	 * the U bit. -PV_EINVAL (not page-aligned; an entry with reserved bits),
	 * -PV_EFAULT (root, or a table an entry of it names, is not in RAM). Needs
	 * PV_FEATURE_MMU. Cost 1. */
	PV_OP_MMU_ROOT = 19,

	/* 20 is not served and will not be: page tables are updated by stores. */

	/* MMU_FLUSH(vcpus, gva, len_bytes): when it answers, no vCPU whose bit is
	 * set in vcpus uses a translation of [gva, gva + len_bytes) that is older
	 * than this call; len_bytes 0: nor any other. More may be flushed. Those
	 * that are down are skipped. Not needed for an entry that was not present
	 * before, unless it is one of a root. -PV_EINVAL (a bit of a vCPU there is
	 * not; an entry of the caller's root in use with reserved bits), -PV_EFAULT
	 * (as MMU_ROOT); in the latter two all is flushed the same, with the former
	 * copy of the root. Needs PV_FEATURE_MMU. Cost 1, and an exit of each other
	 * vCPU named that runs. */
	PV_OP_MMU_FLUSH = 21,

	/* VCPU_UP(vcpu, entry, stack, arg): vCPU number vcpu begins at guest-virtual
	 * address entry with rsp = stack, rdi = arg and the other registers as at
	 * boot, on the page tables of the caller, with upcalls masked, no handler
	 * of any kind set and no timer. -PV_ENODEV (no such vCPU), -PV_EBUSY (it
	 * is up), -PV_EINVAL (entry or stack not canonical), -PV_ENOMEM (the host
	 * has no thread for it). Needs PV_FEATURE_SMP. Cost 1. */
	PV_OP_VCPU_UP = 22,

	/* VCPU_DOWN: this vCPU ends; its ports keep their state. Does not return, but
	 * for -PV_EBUSY: it is the last one up. Needs PV_FEATURE_SMP. Cost 1. */
	PV_OP_VCPU_DOWN = 23,

	/* MULTICALL(gpa, count): serve count struct pv_call at gpa (8-byte aligned)
	 * in their order, as if each were called; answers land in their status. Only
	 * NOP, CLOCK, SEND_EVENT, SET_TIMER, MMU_FLUSH and YIELD_TO may be batched:
	 * others answer -PV_EINVAL there. One that fails does not end the batch.
	 * Answers count. -PV_EFAULT, -PV_EINVAL (alignment), -PV_E2BIG (more than
	 * PV_CALLS_MAX), and then none was served. Cost 1. */
	PV_OP_MULTICALL = 24,

	/* YIELD_TO(vcpu): somebody on that vCPU has what this one waits for: let it
	 * have the host CPU, if it wants one. Answers 0, -PV_ENODEV. Needs
	 * PV_FEATURE_SMP. Cost 1. */
	PV_OP_YIELD_TO = 25,

	/* SET_UPCALL(entry, stack): events of this vCPU enter the handler at
	 * guest-virtual address entry (vcpu.h), on the stack whose top is stack, 0:
	 * on the one in use. entry 0: no upcalls, as at the start. -PV_EINVAL (not
	 * canonical). Needs PV_FEATURE_UPCALLS. Cost 1; an upcall costs 1. */
	PV_OP_SET_UPCALL = 26,

	/* TRAP_RETURN, UPCALL_RETURN: not called but jumped to, with rsp at a struct
	 * pv_frame and the interrupted code's registers in place: go on there.
	 * UPCALL_RETURN unmasks upcalls first, and never is there a second frame
	 * on top of the first for what came meanwhile; GS base must be the
	 * address of this vCPU's struct pv_vcpu for it. A frame that does not lead
	 * anywhere raises an exception or stops the guest. Without
	 * PV_FEATURE_TRAPS or UPCALLS they may do anything the guest could
	 * do itself. Cost 0; UPCALL_RETURN 1 if something is pending. */
	PV_OP_TRAP_RETURN = 27,
	PV_OP_UPCALL_RETURN = 28,

	/* USER_RUN(gpa): run user mode from the struct pv_user at gpa (8-byte
	 * aligned) until the kernel is wanted; its registers are there then. Answers
	 * an enum pv_user_reason. -PV_EFAULT (not in RAM, or as MMU_ROOT for its
	 * root), -PV_EINVAL (alignment; rip, fs_base or gs_base not canonical; its
	 * root as MMU_ROOT); then it did not run. Returns at once while
	 * upcalls_pending is set, whether upcalls are masked or not. Needs
	 * PV_FEATURE_USER. Cost 2: one each way. */
	PV_OP_USER_RUN = 29
};

enum pv_clock_id {
	PV_CLOCK_MONOTONIC = 0, /* since some moment before the guest started */
	PV_CLOCK_WALL = 1       /* since 1970-01-01 00:00 UTC */
};

/* One operation of a MULTICALL. */
struct pv_call {
	uint32_t op;       /* enum pv_op */
	uint32_t reserved; /* must be 0 */
	uint64_t arg[6] PV_ALIGNED(8);
	int64_t status;    /* written by the hypervisor */
};
PV_SIZE_IS(struct pv_call, 64);

#define PV_CALLS_MAX 64
#define PV_ROOT_INITIAL UINT64_MAX
#define PV_FOREVER UINT64_MAX
#define PV_CONSOLE_MAX_BYTES (64u << 10)
#define PV_RANDOM_MAX_BYTES (64u << 10)
#define PV_EXIT_STATUS_MAX 119

#endif
