/* SPDX-License-Identifier: MIT
 *
 * Memory into a sparse file. A guest touches little of its RAM: which pages it did,
 * /proc/self/pagemap tells, without touching the others; of those most of a huge
 * page is zero.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "units.h"

/* Pages looked at in one go: as many as one of the kernel's page tables has. */
#define AT_ONCE 512u

#define PAGEMAP_TOUCHED (UINT64_C(3) << 62) /* present, or swapped out */

/* Which of these pages were touched; all of them, if nobody can tell. False if
 * none. */
static bool touched(int pagemap, const uint8_t *base, unsigned pages, bool ret[])
{
	uint64_t entry[AT_ONCE], any = 0;
	size_t bytes = pages * sizeof(entry[0]);
	off_t at = (off_t)((uintptr_t)base / HV_PAGE * sizeof(entry[0]));

	if (pread(pagemap, entry, bytes, at) != (ssize_t)bytes)
		memset(entry, 0xff, bytes);
	for (unsigned i = 0; i < pages; i++) {
		ret[i] = entry[i] & PAGEMAP_TOUCHED;
		any |= entry[i] & PAGEMAP_TOUCHED;
	}
	return any;
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && !memcmp(page, page + 1, HV_PAGE - 1);
}

static int write_all(int fd, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
	while (bytes) {
		ssize_t n = pwrite(fd, from, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		from += n;
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}

/* Neighbours are written together. */
static int write_some(int fd, uint64_t offset, const uint8_t *base, unsigned pages,
		      bool wanted[])
{
	unsigned from = 0;
	int status = 0;

	for (unsigned i = 0; i < pages; i++)
		wanted[i] = wanted[i] && !is_zero(base + i * HV_PAGE);
	while (from < pages && status == 0) {
		unsigned to = from;

		while (to < pages && wanted[to])
			to++;
		status = write_all(fd, offset + from * HV_PAGE, base + from * HV_PAGE,
				   (to - from) * HV_PAGE);
		from = to + 1;
	}
	return status;
}

int hv_dump_pages(int fd, uint64_t offset, const uint8_t *base, uint64_t bytes)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t pages = bytes / HV_PAGE;
	int status = 0;

	for (uint64_t at = 0; at < pages && status == 0; at += AT_ONCE) {
		unsigned n = pages - at < AT_ONCE ? (unsigned)(pages - at) : AT_ONCE;
		bool wanted[AT_ONCE];

		if (touched(pagemap, base + at * HV_PAGE, n, wanted))
			status = write_some(fd, offset + at * HV_PAGE,
					    base + at * HV_PAGE, n, wanted);
	}
	if (pagemap >= 0)
		close(pagemap);
	return status;
}
