/* SPDX-License-Identifier: MIT
 *
 * The segments of a bare-metal kernel: they go where p_paddr says, may overlap, and
 * may be writable and executable at once, as on real hardware. What they may not is
 * lie outside the file, or wrap.
 */
#include <inttypes.h>

#include "image-check.h"
#include "units.h"

/* The entry is in 32-bit mode. */
#define ENTRY_END (UINT64_C(1) << 32)

static int take_segment(struct hv_image *image, unsigned i,
			const Elf64_Phdr *phdr, struct hv_error *err)
{
	uint64_t end = phdr->p_paddr + phdr->p_memsz;

	if (image->segments == HV_SEGMENTS_MAX)
		return hv_file_bad(&image->file, err, "has more than %u segments to load",
				   HV_SEGMENTS_MAX);
	if (phdr->p_filesz > phdr->p_memsz)
		return hv_file_bad(&image->file, err, "has segment %u with more bytes in the "
				   "file than in memory", i);
	if (end < phdr->p_paddr || end > PV_WINDOW_BASE)
		return hv_file_bad(&image->file, err, "has segment %u of %#" PRIx64
				   " bytes at physical %#" PRIx64 ", beyond any RAM",
				   i, phdr->p_memsz, phdr->p_paddr);
	if (phdr->p_filesz &&
	    !hv_file_has(&image->file, phdr->p_offset, phdr->p_filesz))
		return hv_file_bad(&image->file, err, "is truncated: segment %u is beyond the "
				   "end of the file", i);
	image->segment[image->segments++] = (struct hv_segment){
		.gpa = phdr->p_paddr,
		.memory_bytes = phdr->p_memsz,
		.file_offset = phdr->p_filesz ? phdr->p_offset : 0,
		.file_bytes = phdr->p_filesz,
		.write = phdr->p_flags & PF_W,
		.exec = phdr->p_flags & PF_X,
	};
	if (image->end_gpa < hv_round_up(end, PV_PAGE_BYTES))
		image->end_gpa = hv_round_up(end, PV_PAGE_BYTES);
	return 0;
}

static int check_entry(const struct hv_image *image, struct hv_error *err)
{
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		if (image->entry >= s->gpa && image->entry < ENTRY_END &&
		    image->entry - s->gpa < s->memory_bytes)
			return 0;
	}
	return hv_file_bad(&image->file, err, "has its PVH entry point at %#" PRIx64
			   ", outside every segment", image->entry);
}

int hv_image_take_native(struct hv_image *image, const Elf64_Phdr *phdr,
			 unsigned phdrs, struct hv_error *err)
{
	for (unsigned i = 0; i < phdrs; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_memsz &&
		    take_segment(image, i, &phdr[i], err) < 0)
			return -1;
	return check_entry(image, err);
}
