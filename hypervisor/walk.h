/* SPDX-License-Identifier: MIT
 *
 * From a guest-virtual address to a guest-physical one, through page tables in the
 * architecture's 4-level format, as the processor does it at ring 3. Source: Intel
 * SDM vol. 3A, 4.5.
 */
#ifndef HV_WALK_H
#define HV_WALK_H

#include <pvabi/base.h>
#include <stdbool.h>

struct hv_vm;

#define HV_WALK_LEVELS 4

/* Reads one entry of a table: false where there is no memory. */
typedef bool hv_walk_read(const void *memory, pv_gpa_t gpa, uint64_t *ret_entry);

enum hv_walk_end {
	HV_WALK_MAPPED,
	HV_WALK_NOT_PRESENT, /* the last entry seen is not */
	HV_WALK_RESERVED,    /* it has bits set that must be 0 */
	HV_WALK_NO_TABLE,    /* the table it leads to is in no memory */
	HV_WALK_NOT_CANONICAL
};

struct hv_walk {
	enum hv_walk_end end;
	unsigned steps;              /* entries that were read */
	pv_gpa_t entry_gpa[HV_WALK_LEVELS]; /* where, from the root on */
	uint64_t entry[HV_WALK_LEVELS];
	/* If it is mapped: */
	pv_gpa_t gpa;
	uint64_t page_bytes;
	bool write, user, exec;      /* allowed at every level */
};

void hv_walk(hv_walk_read *read, const void *memory, pv_gpa_t root, uint64_t gva,
	     struct hv_walk *ret_walk);

/* The same through the tables of a VM: RAM, and what the hypervisor keeps. */
void hv_vm_walk(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva,
		struct hv_walk *ret_walk);
/* Copy from and to guest-virtual memory, as code at ring 3 could by these tables.
 * False if it could not; then of a write nothing was done. RAM only. */
bool hv_gva_read(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva, void *ret,
		 uint64_t len);
bool hv_gva_write(const struct hv_vm *vm, pv_gpa_t root, uint64_t gva,
		  const void *from, uint64_t len);

#endif
