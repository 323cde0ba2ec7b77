/* SPDX-License-Identifier: MIT
 *
 * USER_RUN: IRETQ or SYSRET into user mode, and back by an exception, an interrupt or
 * SYSCALL (entry.S; SDM volume 3, 5.8.8). Extended state by XSAVE, or FXSAVE (SDM volume
 * 1, chapters 10.5 and 13).
 *
 * SYSRET is for a return from SYSCALL, as which rcx and r11 are what it makes of them;
 * IRETQ restores everything. Software KVM (kvm_pvm) has neither: its SYSRET raises #GP,
 * which is tried once; its SYSCALL arrives at the entry still in user mode, and faults
 * there, since user mode has no right to that page.
 */
#include <pvguest/upcall.h>
#include <pvguest/user.h>

#include "../internal.h"

#define FLAGS_KEPT UINT64_C(0x240dd5) /* status, TF, DF, AC, ID */
#define FLAGS_ALWAYS (UINT64_C(2) | PVG_RFLAGS_IF)
#define VECTOR_NMI 2
#define FETCH_REFUSED (PVG_PF_PRESENT | PVG_PF_USER | PVG_PF_EXEC)

/* Page 0, to which this returns, is never mapped: a page fault of user mode, or the #GP
 * of a processor that cannot. GS base is the kernel's on both sides of the SWAPGS. */
static bool sysret_works(void)
{
	static enum { UNKNOWN, NO, YES } answer;
	uint64_t scratch[64];
	struct pv_user user = { .rsp = (uint64_t)(uintptr_t)&scratch[64],
				.r11 = 2 /* no interrupt comes first */ };

	if (answer == UNKNOWN) {
		pvg_user_gs_base_set((uint64_t)(uintptr_t)pvg_vcpu());
		answer = pvg_user_enter(&user, true) == PVG_VECTOR_PF ? YES : NO;
	}
	return answer == YES;
}

static int check(struct pv_user *user)
{
	if (pvg_gpa(user) % 8)
		return -PV_EINVAL;
	if (!pvg_memory_is_ram(pvg_gpa(user), sizeof(*user)))
		return -PV_EFAULT;
	if (!pvg_is_canonical(user->rip) || !pvg_is_canonical(user->fs_base) ||
	    !pvg_is_canonical(user->gs_base))
		return -PV_EINVAL;
	return pvg_cpu()->root == user->root ? 0
					     : pvg_root_complete(user->root);
}

/* A system call where SYSCALL does not leave user mode. A jump to that address looks the
 * same, and is a system call then: its registers are the program's either way. */
static bool is_syscall_by_fault(const struct pv_user *user)
{
	return user->rip == (uint64_t)(uintptr_t)pvg_syscall_entry &&
	       user->vector == PVG_VECTOR_PF &&
	       user->error_code == FETCH_REFUSED && pvg_is_canonical(user->rcx);
}

static enum pv_user_reason trapped(struct pv_user *user, unsigned vector)
{
	user->vector = vector;
	user->fault_address = vector == PVG_VECTOR_PF ? pvg_cr2() : 0;
	if (!is_syscall_by_fault(user))
		return PV_USER_TRAP;
	user->rip = user->rcx;
	user->rflags = user->r11;
	return PV_USER_SYSCALL;
}

static bool by_sysret(const struct pv_user *user)
{
	return user->rcx == user->rip && user->r11 == user->rflags &&
	       sysret_works();
}

/* Until the kernel is wanted. */
static enum pv_user_reason run(struct pv_user *user)
{
	while (!__atomic_load_n(&pvg_vcpu()->upcalls_pending,
				__ATOMIC_RELAXED)) {
		bool sysret = by_sysret(user);
		unsigned vector;

		pvg_user_gs_base_set(user->gs_base);
		pvg_fs_base_set((void *)(uintptr_t)user->fs_base);
		vector = (unsigned)pvg_user_enter(user, sysret);
		user->gs_base = pvg_user_gs_base();
		user->fs_base = pvg_fs_base();
		if (vector == PVG_SYSCALL)
			return PV_USER_SYSCALL;
		if (vector < PV_VECTORS && vector != VECTOR_NMI)
			return trapped(user, vector);
		if (vector >= PV_VECTORS) {
			pvg_interrupt_serve(vector);
			pvg_flush_serve(true);
		}
		user->rflags = (user->rflags & FLAGS_KEPT) | FLAGS_ALWAYS;
	}
	return PV_USER_EVENT;
}

int64_t pvg_op_user_run(struct pv_user *user)
{
	bool was_masked = pvg_mask_save();
	uint64_t kernel_fs_base;
	int error = check(user);

	if (error) {
		pvg_mask_restore(was_masked);
		return error;
	}
	if (pvg_cpu()->root != user->root)
		pvg_root_use(user->root);
	kernel_fs_base = pvg_fs_base();
	user->rflags = (user->rflags & FLAGS_KEPT) | FLAGS_ALWAYS;
	user->error_code = 0;
	user->reason = run(user);
	pvg_fs_base_set((void *)(uintptr_t)kernel_fs_base);
	if (pvg_cpu()->kernel_root != pvg_root_initial())
		pvg_root_use(pvg_cpu()->kernel_root);
	pvg_mask_restore(was_masked);
	return user->reason;
}

static void state_restore(const void *xstate)
{
	if (pvg_xstate_mask)
		__asm__ volatile("xrstor64 (%0)"
				 :
				 : "r"(xstate), "a"((uint32_t)pvg_xstate_mask),
				   "d"((uint32_t)(pvg_xstate_mask >> 32))
				 : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(xstate) : "memory");
}

static void state_save(void *xstate)
{
	if (pvg_xstate_mask)
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(xstate), "a"((uint32_t)pvg_xstate_mask),
				   "d"((uint32_t)(pvg_xstate_mask >> 32))
				 : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(xstate) : "memory");
}

/* Nobody else's user mode comes between: upcalls are masked. */
int pvg_user_run(struct pv_user *user, void *xstate)
{
	bool was_masked;
	int answer;

	pvg_entry_prepare();
	was_masked = pvg_mask_save();
	if (xstate)
		state_restore(xstate);
	answer = (int)pvg_op_user_run(user);
	if (xstate)
		state_save(xstate);
	pvg_mask_restore(was_masked);
	return answer;
}
