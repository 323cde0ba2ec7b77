/* SPDX-License-Identifier: MIT
 *
 * What the library needs to know of the paravirtual backend. Included by
 * internal.h.
 */
#ifndef PVG_PARAVIRT_PRIVATE_H
#define PVG_PARAVIRT_PRIVATE_H

/* entry.S, entry.c */
int pvg_user_enter(struct pv_user *user, void *xstate, uintptr_t operation);
extern uintptr_t pvg_upcall_return, pvg_trap_return;

/* FSGSBASE is there on every host that runs guests with threads. */
static inline void pvg_fs_base_set(const void *base)
{
	__asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

/* Whether answers came that are not in the ring yet, but now are. */
static inline bool pvg_ring_is_unheard(uint32_t doorbell)
{
	(void)doorbell;
	return false;
}

/* The U bit of a page at gva: always, for a guest is no supervisor. */
static inline uint64_t pvg_pte_user(uint64_t gva)
{
	(void)gva;
	return PVG_PTE_USER;
}

/* Whether an entry of a root is not its owner's but put there for all spaces. */
static inline bool pvg_root_entry_is_shared(unsigned number, uint64_t entry)
{
	(void)number, (void)entry;
	return false;
}

/* A root is about to be freed. */
static inline void pvg_root_forget(pv_gpa_t root)
{
	(void)root;
}

#endif
