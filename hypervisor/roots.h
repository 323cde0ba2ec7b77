/* SPDX-License-Identifier: MIT
 *
 * Roots of the guest's own page tables, as the processor gets them: copies in memory
 * of the hypervisor's, with its window in them. Everything below a root is the
 * guest's, used in place.
 *
 * A copy is never changed. KVM without nested paging derives tables of its own from
 * what it finds and would not learn of a change by the host; so another content is
 * another copy, found again by its content. When there is no room for one more, all
 * vCPUs leave the guest and all begin anew.
 */
#ifndef HV_ROOTS_H
#define HV_ROOTS_H

#include <pthread.h>
#include <pvabi/base.h>
#include <stdatomic.h>
#include <stdbool.h>

struct hv_vm;
struct hv_window;

#define HV_ROOTS_MAX 1024
#define HV_ROOTS_BYTES (HV_ROOTS_MAX * (uint64_t)PV_PAGE_BYTES)
#define HV_ROOT_BUCKETS 256

struct hv_roots {
	pthread_mutex_t lock;
	uint8_t *_Atomic base; /* [HV_ROOTS_MAX] pages; NULL until the first copy */
	pv_gpa_t gpa;
	unsigned used;
	_Atomic unsigned generation; /* of all copies: when they began anew */
	uint16_t bucket[HV_ROOT_BUCKETS]; /* by content: number + 1 of the first */
	uint16_t next[HV_ROOTS_MAX];      /* and so on; 0 ends */
	uint16_t present[HV_ROOTS_MAX];   /* how many entries of each are */
};

/* What the processor has instead of a root of the guest's. */
struct hv_root {
	pv_gpa_t guest; /* the guest's, or PV_ROOT_INITIAL */
	pv_gpa_t copy;
	unsigned generation; /* that the copy is of */
};

/* Take a copy of root->guest, for its kernel or for user mode. A status of the
 * contract; the former copy stays if it is negative. */
int64_t hv_roots_copy(struct hv_vm *vm, struct hv_root *root, bool user);
/* Whether its copy is still what it was. */
bool hv_root_holds(const struct hv_roots *roots, const struct hv_root *root);
/* Host address of a copy's entry, or NULL. */
const void *hv_roots_at(const struct hv_roots *roots, pv_gpa_t gpa, uint64_t len);
/* Where the copies are to the processor. */
pv_gpa_t hv_roots_gpa(const struct hv_window *window);
void hv_roots_init(struct hv_roots *roots);
void hv_roots_done(struct hv_roots *roots);

#endif
