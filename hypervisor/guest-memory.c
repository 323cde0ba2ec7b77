/* SPDX-License-Identifier: MIT
 *
 * See guest-memory.h.
 */
#include "guest-memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "units.h"

int hv_memory_create(struct hv_memory *ret_memory, uint64_t bytes)
{
	uint64_t slack = HV_HUGE_PAGE_BYTES;
	uint8_t *raw, *base;

	raw = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (raw == MAP_FAILED)
		return -errno;
	base = (uint8_t *)hv_round_up((uintptr_t)raw, slack);
	if (base > raw)
		munmap(raw, (size_t)(base - raw));
	munmap(base + bytes, slack - (size_t)(base - raw));

	/* The first 2 MiB hold the image and boot stack of a small guest, which
	 * touches a few pages of them: clearing a whole huge page would double
	 * its start time. Advice may be refused; then it is only slower. */
	if (bytes > HV_HUGE_PAGE_BYTES)
		madvise(base + HV_HUGE_PAGE_BYTES, bytes - HV_HUGE_PAGE_BYTES,
			MADV_HUGEPAGE);
	madvise(base, bytes, MADV_DONTDUMP);

	ret_memory->base = base;
	ret_memory->bytes = bytes;
	return 0;
}

int hv_memory_refused(uint64_t bytes, int status, struct hv_error *err)
{
	return hv_fail(err, HV_STATUS_HOST,
		       "this host refuses %llu MiB of guest memory: %s (give less with --mem)",
		       (unsigned long long)bytes >> 20, strerror(-status));
}

void hv_memory_done(struct hv_memory *memory)
{
	if (memory->base)
		munmap(memory->base, memory->bytes);
	memory->base = NULL;
	memory->bytes = 0;
}

void *hv_memory_at(const struct hv_memory *memory, pv_gpa_t gpa, uint64_t len)
{
	if (gpa > memory->bytes || len > memory->bytes - gpa)
		return NULL;
	return memory->base + gpa;
}

bool hv_memory_read(const struct hv_memory *memory, pv_gpa_t gpa, void *ret,
		    uint64_t len)
{
	const void *at = hv_memory_at(memory, gpa, len);

	if (at)
		hv_copy_once(ret, at, len);
	return at != NULL;
}

void hv_copy_once(void *to, const void *guest, size_t bytes)
{
	memcpy(to, guest, bytes);
	__asm__ volatile("" : : "r"(to) : "memory");
}
