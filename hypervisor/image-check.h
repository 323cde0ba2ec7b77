/* SPDX-License-Identifier: MIT
 *
 * The checks of an image: image.c has those of the ELF file, image-note.c those of
 * the boot note.
 */
#ifndef HV_IMAGE_CHECK_H
#define HV_IMAGE_CHECK_H

#include <elf.h>

#include "image.h"

/* Find the one boot note, check it, and put it in the image. */
int hv_image_take_note(struct hv_image *image, const Elf64_Phdr *phdr,
		       unsigned phdrs, struct hv_error *err);

#endif
