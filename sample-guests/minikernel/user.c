/* SPDX-License-Identifier: MIT
 *
 * The process's memory, as the kernel reaches it. A pointer from a program is a
 * number: kernel and program have no table in common, and following it here would
 * lead to the kernel's own memory. So each copy goes by the program's tables, after
 * what the program's own access would have done: fill the page, copy it, or fail.
 */
#include "minikernel.h"

bool user_may(struct space *space, uint64_t at, uint64_t len, unsigned access)
{
	uint64_t end = at + len;

	if (end < at)
		return false;
	for (at &= ~(uint64_t)(PVG_PAGE_BYTES - 1); at < end;
	     at += PVG_PAGE_BYTES)
		if (space_fault(space, at, access) < 0)
			return false;
	return true;
}

bool user_in(struct space *space, void *to, uint64_t from, size_t len)
{
	return user_may(space, from, len, 0) &&
	       pvg_user_copy_in(&space->tables, to, from, len);
}

bool user_out(struct space *space, uint64_t to, const void *from, size_t len)
{
	return user_may(space, to, len, PVG_WRITE) &&
	       pvg_user_copy_out(&space->tables, to, from, len);
}

int64_t user_string(struct space *space, char *to, size_t size, uint64_t from)
{
	/* A byte at a time: the string may end where its memory does. */
	for (size_t i = 0; i < size; i++) {
		if (!user_in(space, &to[i], from + i, 1))
			return -E_FAULT;
		if (to[i] == '\0')
			return (int64_t)i;
	}
	return -E_ARGUMENT;
}
