/* SPDX-License-Identifier: MIT
 *
 * A guest image: a static ELF64 file with a boot note (pvabi/note.h), checked
 * from end to end before anything of it is used. symbols.h looks deeper into
 * the same file. One that has a PVH note instead is a bare-metal kernel, for the
 * native machine (native/native.h).
 */
#ifndef HV_IMAGE_H
#define HV_IMAGE_H

#include <pvabi/pvabi.h>
#include <stdbool.h>

#include "error.h"
#include "file.h"

#define HV_SEGMENTS_MAX 16

/* A loaded piece: page-aligned at its start, readable always, never both
 * writable and executable. Its address is p_vaddr; p_paddr is ignored. */
struct hv_segment {
	pv_gpa_t gpa;
	uint64_t memory_bytes; /* not rounded; what is past file_bytes is zero */
	uint64_t file_offset;
	uint64_t file_bytes;
	bool write, exec;
	/* Of a bare-metal kernel none of that holds: it has what the file says,
	 * at p_paddr. */
};

struct hv_image {
	struct hv_file file; /* kept open for symbols */
	uint64_t entry;      /* inside an executable segment */
	unsigned segments;
	struct hv_segment segment[HV_SEGMENTS_MAX]; /* ascending, disjoint; those
						     * of a bare-metal kernel as
						     * they come */
	uint64_t end_gpa;    /* first page after the highest segment */
	uint64_t stack_bytes; /* of the boot stack: whole pages, never 0 */
	struct pv_note note;
	/* A bare-metal kernel: entry is physical, from its PVH note; no note, no
	 * stack. */
	bool native;
};

/* Check the image in [data, data + bytes), which must outlive *ret_image. No
 * I/O and nothing to free. */
int hv_image_parse(struct hv_image *ret_image, const void *data, size_t bytes,
		   struct hv_error *err);
/* Open and check the file. path must outlive *ret_image. */
int hv_image_open(struct hv_image *ret_image, const char *path,
		  struct hv_error *err);
void hv_image_done(struct hv_image *image);

/* RAM this image surely starts in: its segments, above them the boot stack
 * between two guard pages, and what its note asks for. Whole pages. */
uint64_t hv_image_memory_need(const struct hv_image *image);
/* The same as an argument for --mem: whole MiB. */
uint64_t hv_image_memory_need_mib(const struct hv_image *image);
/* Its segments lie within RAM and its note is content with it. Whether a gap is
 * left for the boot stack is hv_layout_make's to say. */
int hv_image_fits(const struct hv_image *image, uint64_t ram_bytes,
		  struct hv_error *err);
/* Copy the segments into zeroed RAM, which the image fits. */
int hv_image_load(const struct hv_image *image, uint8_t *ram,
		  struct hv_error *err);

#endif
