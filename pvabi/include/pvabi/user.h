/* SPDX-License-Identifier: MIT
 *
 * User mode: code the guest's kernel does not trust, in an address space that has
 * nothing of the kernel's.
 *
 * Entering it is a call, PV_OP_USER_RUN, which returns when the kernel is wanted:
 * for a system call, an exception, or an event. The registers of user mode are in a
 * struct pv_user before and after; the kernel's own are kept as over any call, and
 * its FS and GS base as well. Vector registers are user mode's as they were at the
 * call, and stay in place at its return: a kernel that uses them saves them.
 *
 * A system call is the SYSCALL instruction, with its usual effect: rcx is the
 * address behind it, r11 the flags. All other registers may carry arguments.
 *
 * The user's page tables (root) are the architecture's, in guest RAM. What they map
 * for user access, and nothing else, is there; of the root's 512 entries, number
 * PV_WINDOW_ROOT_ENTRY is ignored. The kernel's own root is not in force meanwhile.
 */
#ifndef PVABI_USER_H
#define PVABI_USER_H

#include <pvabi/base.h>

enum pv_user_reason {
	PV_USER_SYSCALL = 1, /* rip is behind the SYSCALL instruction */
	PV_USER_TRAP = 2,    /* an exception: vector, error_code, fault_address */
	PV_USER_EVENT = 3    /* upcalls_pending is set: an upcall follows at once
			      * if upcalls are unmasked and a handler is set */
};

struct pv_user {
	uint64_t rax PV_ALIGNED(64);
	uint64_t rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip;
	uint64_t rflags; /* status, direction, trap, AC and ID flags; others are
			  * ignored on the way in */
	uint64_t fs_base, gs_base; /* canonical */
	pv_gpa_t root;          /* of its page tables: a page of RAM. Only read */
	/* written at the return */
	uint32_t reason;        /* enum pv_user_reason */
	uint32_t vector;        /* of a trap */
	uint64_t error_code;    /* of a trap, 0 for vectors that have none */
	uint64_t fault_address; /* of a trap with vector 14 */
};
PV_SIZE_IS(struct pv_user, 192);
PV_FIELD_AT(struct pv_user, rip, 128);
PV_FIELD_AT(struct pv_user, root, 160);
PV_FIELD_AT(struct pv_user, fault_address, 184);

#endif
