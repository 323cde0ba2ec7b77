/* SPDX-License-Identifier: MIT
 *
 * What is served: the files of a tar archive, where they lie on a disk that holds it.
 * Only their names are in memory.
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <pvguest/pvguest.h>

struct site_file {
	char *name; /* without "./" or "/" before it */
	uint64_t offset_bytes, len_bytes;
};

struct site {
	struct pvg_blk *disk;
	struct site_file *files;
	uint32_t count;
};

/* Read the table of files; gives up where the disk is no tar archive or has what is
 * not understood, since whoever gave it is to know. GNU tar's format, ustar, and
 * names of pax. */
void site_read(struct site *ret_site, struct pvg_blk *disk);

/* The file of that name; of several the last in the archive, as tar has it. NULL if
 * there is none. Cost: looks at all of them. */
const struct site_file *site_find(const struct site *site, const char *name);

#endif
