/* SPDX-License-Identifier: MIT
 *
 * The checks of an image: image.c has those of the ELF file, image-note.c those of
 * the boot note, image-pvh.c those of a bare-metal kernel.
 */
#ifndef HV_IMAGE_CHECK_H
#define HV_IMAGE_CHECK_H

#include <elf.h>

#include "image.h"

/* Find the one boot note, check it, and put it in the image; or else find that the
 * image is native, and its entry. */
int hv_image_take_note(struct hv_image *image, const Elf64_Phdr *phdr,
		       unsigned phdrs, struct hv_error *err);

/* Of a native image: its segments, and whether the entry is in one. */
int hv_image_take_native(struct hv_image *image, const Elf64_Phdr *phdr,
			 unsigned phdrs, struct hv_error *err);

#endif
