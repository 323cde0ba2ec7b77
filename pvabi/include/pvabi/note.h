/* SPDX-License-Identifier: MIT
 *
 * The boot note: how a guest image says what it is. A guest is a static ELF64
 * file for x86-64 with exactly one note of name "PVABI" and type PV_NOTE_TYPE
 * in a PT_NOTE segment; its descriptor is a struct pv_note. A required feature
 * the hypervisor does not know or cannot serve is refused with a sentence; a
 * wanted one is granted when there, and the boot info tells which were.
 */
#ifndef PVABI_NOTE_H
#define PVABI_NOTE_H

#include <pvabi/base.h>

#define PV_NOTE_NAME "PVABI" /* namesz is 6: the terminating NUL counts */
#define PV_NOTE_TYPE 1u

struct pv_note {
	uint32_t abi_version;   /* PV_ABI_VERSION the guest was built against */
	uint32_t flags;         /* must be 0 */
	uint64_t required PV_ALIGNED(8); /* PV_FEATURE_* it cannot run without */
	uint64_t wanted;        /* PV_FEATURE_* it uses when granted */
	uint64_t stack_bytes;   /* boot stack; 0 means PV_STACK_DEFAULT_BYTES;
				 * rounded up to pages, at most
				 * PV_STACK_MAX_BYTES */
	uint64_t memory_bytes;  /* least RAM it runs in, 0: whatever it fits in */
	uint64_t reserved[3];   /* must be 0 */
};
PV_SIZE_IS(struct pv_note, 64);
PV_FIELD_AT(struct pv_note, required, 8);
PV_FIELD_AT(struct pv_note, memory_bytes, 32);

#define PV_STACK_DEFAULT_BYTES (64u << 10)
#define PV_STACK_MAX_BYTES (16u << 20)

#endif
