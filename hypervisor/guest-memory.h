/* SPDX-License-Identifier: MIT
 *
 * Guest RAM, and the one place where a guest-physical address becomes a host
 * pointer.
 */
#ifndef HV_GUEST_MEMORY_H
#define HV_GUEST_MEMORY_H

#include <pvabi/base.h>
#include <stdbool.h>

#include "error.h"

/* RAM is guest-physical [0, bytes), contiguous in the host, sparse, 2 MiB
 * aligned on both sides so that huge pages can back it. */
struct hv_memory {
	uint8_t *base;
	uint64_t bytes;
};

/* 0 or -errno. bytes is a multiple of the page size. */
int hv_memory_create(struct hv_memory *ret_memory, uint64_t bytes);
/* The sentence for a status of that, or of hv_window_create; -1. */
int hv_memory_refused(uint64_t bytes, int status, struct hv_error *err);
void hv_memory_done(struct hv_memory *memory);

/* Host address of guest-physical [gpa, gpa + len), or NULL if any byte of it is
 * not RAM or the sum wraps. The guest may change what is there at any moment:
 * what decides anything is copied once, and only the copy used. */
void *hv_memory_at(const struct hv_memory *memory, pv_gpa_t gpa, uint64_t len);
/* That copy; false, and nothing copied, if it is not all RAM. */
bool hv_memory_read(const struct hv_memory *memory, pv_gpa_t gpa, void *ret,
		    uint64_t len);
/* That copy from where hv_memory_at pointed: the compiler cannot come back to
 * the source for a value it dropped. */
void hv_copy_once(void *to, const void *guest, size_t bytes);

#endif
