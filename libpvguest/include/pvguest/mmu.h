/* SPDX-License-Identifier: MIT
 *
 * Page tables: address spaces of the program's own, for itself (pvg_root_load)
 * or for user mode (<pvguest/user.h>).
 *
 *	PVG_NOTE(PV_FEATURE_MMU, PVG_FEATURES_DEFAULT | PV_FEATURE_MMU, 0, 0);
 *
 *	struct pvg_space space;
 *
 *	pvg_space_init(&space);
 *	pvg_space_map_ram(&space);               as the program began
 *	pvg_space_map(&space, 0x400000000000, pvg_gpa(page), 4096, PVG_WRITE);
 *	pvg_root_load(pvg_space_root(&space));
 *
 * The tables are the architecture's, in ordinary RAM, and are changed by
 * stores: no exits. The processor keeps translations: after an entry that was
 * present has been changed or taken away, pvg_flush tells every vCPU that may
 * have used it. Entries of the root are copied when it is loaded: the first page
 * under one of a root that is loaded is not there before a flush. A space is its
 * owner's to lock.
 *
 * In a native kernel what is mapped below 512 GiB is for the kernel only, and the rest
 * for user mode too; a root is used in place, and a bad entry of it is found out by the
 * processor. A vCPU that another one flushes answers when it takes interrupts, waits
 * for a spinlock or yields: who spins masked on something else keeps the other waiting.
 */
#ifndef PVGUEST_MMU_H
#define PVGUEST_MMU_H

#include <pvguest/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rights: to read is always one. */
#define PVG_WRITE 1u
#define PVG_EXEC 2u
/* Beside them, for pvg_space_map: use larger pages where addresses and length
 * allow: of 2 MiB; and of 1 GiB, with PV_FEATURE_HUGE_PAGES. */
#define PVG_LARGE 4u
#define PVG_HUGE 8u

/* A page-table entry, for who looks at pvg_space_entry. */
#define PVG_PTE_PRESENT (UINT64_C(1) << 0)
#define PVG_PTE_WRITE (UINT64_C(1) << 1)
#define PVG_PTE_USER (UINT64_C(1) << 2) /* always: a guest is no supervisor */
#define PVG_PTE_ACCESSED (UINT64_C(1) << 5)
#define PVG_PTE_DIRTY (UINT64_C(1) << 6)
#define PVG_PTE_LARGE (UINT64_C(1) << 7) /* a page, above the lowest level */
#define PVG_PTE_NO_EXEC (UINT64_C(1) << 63)
#define PVG_PTE_ADDRESS UINT64_C(0x000ffffffffff000)

struct pvg_space {
	uint64_t *root; /* a page of 512 entries */
};

static inline pv_gpa_t pvg_space_root(const struct pvg_space *space)
{
	return pvg_gpa(space->root);
}

/* An empty space. 0, or -PV_ENOMEM. */
int pvg_space_init(struct pvg_space *ret_space);
/* Give back the tables, not what they map. No vCPU may be using them. */
void pvg_space_done(struct pvg_space *space);

/* Map [gva, gva + bytes) to [gpa, gpa + bytes), all multiples of 4096, in place
 * of what was there. A flush is due if there was something, and if the space is
 * loaded and root[gva >> 39 & 511] was not present before. Pages are marked
 * accessed, and dirty if they can be written, so that the processor need not do
 * it. 0; -PV_EINVAL (alignment, not canonical, in the window); -PV_ENOMEM (for a
 * table: a part may be mapped). */
int pvg_space_map(struct pvg_space *space, uint64_t gva, pv_gpa_t gpa,
		  uint64_t bytes, unsigned rights);
/* Take away, or change the rights of, what is mapped in [gva, gva + bytes);
 * where nothing is, nothing happens. A larger page that lies half in the range
 * is split. A flush is due. Answers as pvg_space_map. */
int pvg_space_unmap(struct pvg_space *space, uint64_t gva, uint64_t bytes);
int pvg_space_protect(struct pvg_space *space, uint64_t gva, uint64_t bytes,
		      unsigned rights);

/* Pages are of a level: 0 has 4 KiB, 1 2 MiB, 2 1 GiB. */
static inline uint64_t pvg_level_bytes(unsigned level)
{
	return UINT64_C(4096) << 9 * level;
}

/* The entry of the page that gva lies in, and the page's level; NULL if there is
 * none, with a level that means nothing then. */
uint64_t *pvg_space_entry(const struct pvg_space *space, uint64_t gva,
			  unsigned *ret_level);
/* Where gva leads, and with which rights (PVG_WRITE, PVG_EXEC). */
bool pvg_space_lookup(const struct pvg_space *space, uint64_t gva,
		      pv_gpa_t *ret_gpa, unsigned *ret_rights);

/* Call fn for every page there is, in the order of addresses (the upper half last),
 * until one call does not answer 0: its answer, else 0. fn may change its entry,
 * and map and unmap pages elsewhere in the space, of which it may or may not be
 * told. No exit; each table is read once, so that a sparse space costs no more
 * than its tables. */
typedef int pvg_space_fn(uint64_t gva, uint64_t *entry, unsigned level,
			 void *arg);
int pvg_space_each(const struct pvg_space *space, pvg_space_fn *fn, void *arg);

/* Map all of RAM as the program found it at the start: at its own addresses,
 * the image with the rights of its segments, the rest read-write, and neither
 * page 0 nor the guard pages. Answers as pvg_space_map. */
int pvg_space_map_ram(struct pvg_space *space);

/* Go on with these tables on this vCPU (PV_ROOT_INITIAL: with those of the
 * start). They must map the code, the stack and the library's data where they
 * are. A change to the root page itself counts from the next flush on. 0;
 * -PV_EINVAL, -PV_EFAULT (bad entries in the root), -PV_ENOSYS without
 * PV_FEATURE_MMU, which is to be asked for in PVG_NOTE. Cost 1 exit. */
static inline int pvg_root_load(pv_gpa_t root)
{
	return (int)pvg_op_mmu_root(root);
}

/* Every vCPU whose bit is set in vcpus forgets its translations of these bytes,
 * before this returns; len_bytes 0: all of its translations. Answers as
 * pvg_root_load. Cost 1 exit, and one of each other vCPU named that runs. */
static inline int pvg_flush(uint64_t vcpus, const volatile void *address,
			    size_t len_bytes)
{
	return (int)pvg_op_mmu_flush(vcpus, (uint64_t)(uintptr_t)address,
				     len_bytes);
}

/* All vCPUs, everything. */
static inline int pvg_flush_all(void)
{
	uint32_t vcpus = pvg_boot.vcpus;

	return pvg_flush(vcpus < 64 ? (UINT64_C(1) << vcpus) - 1 : UINT64_MAX,
			 NULL, 0);
}

#ifdef __cplusplus
}
#endif
#endif
