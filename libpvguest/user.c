/* SPDX-License-Identifier: MIT
 *
 * Copies of user memory. The way into user mode is user.c of the backend.
 */
#include <pvguest/libc.h>
#include <pvguest/page.h>
#include <pvguest/user.h>

#include "internal.h"

/* Where user memory lies for us, from gva up to the end of its page at most; NULL
 * if user mode could not do that there. */
static void *user_at(const struct pvg_space *space, uint64_t gva, bool write,
		     size_t *len)
{
	uint64_t needed = PVG_PTE_USER | (write ? PVG_PTE_WRITE : 0);
	size_t left = PVG_PAGE_BYTES - gva % PVG_PAGE_BYTES;
	uint64_t value;
	unsigned level;

	if (!pvg_space_find(space, gva, &value, &level) ||
	    (value & needed) != needed)
		return NULL;
	if (*len > left)
		*len = left;
	return (void *)(uintptr_t)pvg_entry_gpa(value, level, gva);
}

bool pvg_user_copy_in(const struct pvg_space *space, void *to, uint64_t from,
		      size_t len_bytes)
{
	char *at = to;

	while (len_bytes > 0) {
		size_t len = len_bytes;
		const void *piece = user_at(space, from, false, &len);

		if (!piece)
			return false;
		memcpy(at, piece, len);
		at += len;
		from += len;
		len_bytes -= len;
	}
	return true;
}

bool pvg_user_copy_out(const struct pvg_space *space, uint64_t to,
		       const void *from, size_t len_bytes)
{
	const char *at = from;

	while (len_bytes > 0) {
		size_t len = len_bytes;
		void *piece = user_at(space, to, true, &len);

		if (!piece)
			return false;
		memcpy(piece, at, len);
		at += len;
		to += len;
		len_bytes -= len;
	}
	return true;
}

int64_t pvg_user_copy_string(const struct pvg_space *space, char *ret_text,
			     size_t size, uint64_t from)
{
	size_t done = 0;

	while (done < size) {
		size_t len = size - done;
		const char *piece = user_at(space, from, false, &len);
		const char *end;

		if (!piece)
			return -PV_EFAULT;
		/* Copied before it is looked at: another vCPU's user mode may
		 * write there. */
		memcpy(ret_text + done, piece, len);
		end = memchr(ret_text + done, '\0', len);
		if (end)
			return end - ret_text;
		done += len;
		from += len;
	}
	return -PV_E2BIG;
}
