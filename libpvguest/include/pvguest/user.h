/* SPDX-License-Identifier: MIT
 *
 * User mode: running code that is not trusted, in a space that has nothing of
 * the kernel's. <pvabi/user.h> tells what is in a struct pv_user. A guest asks
 * for PV_FEATURE_MMU and PV_FEATURE_USER in its note (<pvguest/note.h>).
 *
 * In a native kernel the lowest 512 GiB of every space, entry 0 of its root, are the
 * kernel's: a system call stays on the tables of the process, where user mode cannot
 * reach them. pvg_user_run puts that entry in, and answers -PV_EINVAL if there is
 * another. So a portable kernel has its programs at 0x8000000000 and above, changes
 * nothing below that in a user space, and flushes what it changes (<pvguest/mmu.h>)
 * whether or not user mode was left since.
 *
 *	user.root = pvg_space_root(&process->space);
 *	user.rip = entry;
 *	user.rsp = stack_top;
 *	pvg_xstate_init(process->xstate);
 *	for (;;) {
 *		switch (pvg_user_run(&user, process->xstate)) {
 *		case PV_USER_SYSCALL:
 *			user.rax = system_call(user.rax, user.rdi, ...);
 *			break;
 *		case PV_USER_TRAP:
 *			fault(user.vector, user.fault_address);
 *			break;
 *		case PV_USER_EVENT:
 *			pvg_unmask();   its handlers run, if they were held back
 *			pvg_mask();
 *			break;
 *		}
 *	}
 */
#ifndef PVGUEST_USER_H
#define PVGUEST_USER_H

#include <pvguest/mmu.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Run user mode until the kernel is wanted. xstate is its extended state (x87,
 * vectors): 64-byte aligned, pvg_xstate_bytes() long, kept between the runs;
 * NULL: user mode has none, sees what the kernel left there and must not be
 * relied on to leave it alone. The kernel's own control words (MXCSR, x87) are
 * kept. Answers an enum pv_user_reason; -PV_EFAULT, -PV_EINVAL, -PV_ENOSYS
 * without PV_FEATURE_USER. Cost 2 exits.
 *
 * Events end it with PV_USER_EVENT. With upcalls unmasked their handlers have run
 * by then. A kernel that is masked throughout, which is simpler, lets them run by
 * pvg_unmask and pvg_mask, without an exit; as long as an upcall is held back this
 * answers PV_USER_EVENT at once. */
int pvg_user_run(struct pv_user *user, void *xstate);

/* The extended state of a program that has not begun: 64-byte aligned. */
void pvg_xstate_init(void *ret_xstate);
/* How large that is on this processor, with what pvg_boot.xcr0 allows. Costs an
 * exit the first time. */
size_t pvg_xstate_bytes(void);

/* Copy from or to user memory by way of its tables: page by page, as far as
 * they permit user mode the same. Whether all could be copied; a part may have
 * been. What they map must be RAM, mapped in the kernel at its own address. No
 * exit. */
bool pvg_user_copy_in(const struct pvg_space *space, void *to, uint64_t from,
		      size_t len_bytes);
bool pvg_user_copy_out(const struct pvg_space *space, uint64_t to,
		       const void *from, size_t len_bytes);
/* Copy a string and its NUL. Its length; -PV_EFAULT, or -PV_E2BIG if it does
 * not fit size (then nothing is promised of ret_text). */
int64_t pvg_user_copy_string(const struct pvg_space *space, char *ret_text,
			     size_t size, uint64_t from);

#ifdef __cplusplus
}
#endif
#endif
