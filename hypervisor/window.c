/* SPDX-License-Identifier: MIT
 *
 * See window.h.
 */
#include "window.h"

#include <errno.h>
#include <sys/mman.h>

#include "page-tables.h"
#include "units.h"

int hv_window_create(struct hv_window *ret_window, uint64_t ram_bytes)
{
	uint64_t bytes = HV_WINDOW_MAPPED + hv_page_tables_bytes(ram_bytes);
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -errno;
	ret_window->base = base;
	ret_window->bytes = bytes;
	ret_window->gpa = hv_round_up(ram_bytes, HV_HUGE_PAGE_BYTES);
	return 0;
}

const void *hv_window_at(const struct hv_window *window, pv_gpa_t gpa,
			 uint64_t len)
{
	if (gpa < window->gpa || gpa - window->gpa > window->bytes - len)
		return NULL;
	return window->base + (gpa - window->gpa);
}

void hv_window_done(struct hv_window *window)
{
	if (window->base)
		munmap(window->base, window->bytes);
	window->base = NULL;
}
