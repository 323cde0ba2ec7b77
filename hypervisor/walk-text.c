/* SPDX-License-Identifier: MIT
 *
 * See walk-text.h.
 */
#include "walk-text.h"

#include <inttypes.h>
#include <stdio.h>

#include "page-tables.h"

const char *hv_walk_level_name(unsigned level)
{
	static const char *const names[HV_WALK_LEVELS] = {
		"PML4", "PDPT", "PD", "PT",
	};

	return names[level];
}

unsigned hv_walk_index(const struct hv_walk *walk, unsigned level)
{
	return walk->entry_gpa[level] / sizeof(uint64_t) % HV_PT_ENTRIES;
}

/* The entry leads to memory, not to another table. */
static bool is_leaf(const struct hv_walk *walk, unsigned level)
{
	return walk->end == HV_WALK_MAPPED && level + 1 == walk->steps;
}

char *hv_walk_entry_text(const struct hv_walk *walk, unsigned level, char *text,
			 size_t bytes)
{
	uint64_t e = walk->entry[level];
	bool leaf = is_leaf(walk, level);

	if (!(e & HV_PT_PRESENT))
		snprintf(text, bytes, "not present");
	else
		snprintf(text, bytes, "present, %s, %s, %s%s%s%s",
			 e & HV_PT_WRITE ? "writable" : "read-only",
			 e & HV_PT_USER ? "user" : "supervisor",
			 e & HV_PT_NO_EXEC ? "not executable" : "executable",
			 e & HV_PT_ACCESSED ? ", accessed" : "",
			 leaf && e & HV_PT_DIRTY ? ", dirty" : "",
			 level < HV_WALK_LEVELS - 1 && e & HV_PT_LARGE
				 ? ", large" : "");
	return text;
}

const char *hv_walk_rights(const struct hv_walk *walk)
{
	if (walk->end != HV_WALK_MAPPED || !walk->user)
		return "nothing";
	if (walk->write)
		return walk->exec ? "read, write, execute" : "read, write";
	return walk->exec ? "read, execute" : "read";
}

const char *hv_walk_page_name(const struct hv_walk *walk)
{
	switch (walk->page_bytes >> 20) {
	case 0:
		return "4 KiB";
	case 2:
		return "2 MiB";
	default:
		return "1 GiB";
	}
}

char *hv_walk_end_text(const struct hv_walk *walk, char *text, size_t bytes)
{
	/* Of the last entry that was read, or of the one that could not be. */
	unsigned last = walk->steps ? walk->steps - 1 : 0;

	switch (walk->end) {
	case HV_WALK_MAPPED:
		snprintf(text, bytes, "mapped");
		break;
	case HV_WALK_NOT_PRESENT:
		snprintf(text, bytes, "not mapped: its %s entry is not present",
			 hv_walk_level_name(last));
		break;
	case HV_WALK_RESERVED:
		snprintf(text, bytes,
			 "not mapped: its %s entry has bits set that are reserved",
			 hv_walk_level_name(last));
		break;
	case HV_WALK_NO_TABLE:
		snprintf(text, bytes,
			 "not mapped: its %s would be at 0x%" PRIx64
			 ", where there is no memory",
			 hv_walk_level_name(walk->steps),
			 walk->entry_gpa[walk->steps] &
				 ~(uint64_t)(PV_PAGE_BYTES - 1));
		break;
	case HV_WALK_NOT_CANONICAL:
		snprintf(text, bytes,
			 "no address: bits 63 to 47 are not all equal, no tables are asked");
		break;
	}
	return text;
}

/* At most 4 * 32 bytes before the end's. */
char *hv_walk_line(const struct hv_walk *walk, char *text, size_t bytes)
{
	char end[HV_WALK_TEXT_BYTES];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned level = 0; level < walk->steps && n < bytes; level++)
		n += (size_t)snprintf(text + n, bytes - n, "%s[%u]=0x%" PRIx64 " ",
				      hv_walk_level_name(level),
				      hv_walk_index(walk, level),
				      walk->entry[level]);
	if (n >= bytes)
		return text;
	if (walk->end == HV_WALK_MAPPED)
		snprintf(text + n, bytes - n, "-> guest-physical 0x%" PRIx64
			 ", %s page: %s", walk->gpa, hv_walk_page_name(walk),
			 hv_walk_rights(walk));
	else
		snprintf(text + n, bytes - n, "%s%s", n ? "-> " : "",
			 hv_walk_end_text(walk, end, sizeof(end)));
	return text;
}
