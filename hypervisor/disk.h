/* SPDX-License-Identifier: MIT
 *
 * A disk of the host: a file or block device, opened, locked against a second
 * writer, and measured. What a guest does with it is block.h.
 */
#ifndef HV_DISK_H
#define HV_DISK_H

#include <pvabi/boot.h>
#include <stdbool.h>

#include "error.h"

/* What --block PATH[,ro][,direct][,id=NAME] says. */
struct hv_disk_spec {
	const char *path;
	char id[PV_DEVICE_NAME_BYTES]; /* "" if not given */
	bool read_only;
	bool direct; /* O_DIRECT: past the host's page cache */
};

struct hv_disk {
	int fd;
	bool read_only;
	bool direct;
	uint64_t size_bytes;
	uint32_t logical_block_bytes;
	uint32_t buffer_align_bytes;
	bool can_discard;
};

/* A comma in a path is written twice. The text is taken to pieces and must
 * outlive *ret_spec, which points into it. */
int hv_disk_parse(char *text, struct hv_disk_spec *ret_spec,
		  struct hv_error *err);
int hv_disk_open(const struct hv_disk_spec *spec, struct hv_disk *ret_disk,
		 struct hv_error *err);
void hv_disk_done(struct hv_disk *disk);

#endif
