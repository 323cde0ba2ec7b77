/* SPDX-License-Identifier: MIT
 *
 * What the checks of an image share: image.c has those of the ELF file,
 * image-note.c those of the boot note.
 */
#ifndef HV_IMAGE_CHECK_H
#define HV_IMAGE_CHECK_H

#include <elf.h>

#include "image.h"

/* Fail with "PATH: " and what is wrong. -1. */
int hv_image_bad(const struct hv_image *image, struct hv_error *err,
		 const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether the file has all these bytes. */
bool hv_image_has(const struct hv_image *image, uint64_t offset, uint64_t bytes);

/* As hv_image_read, but fails with a reason: `lack` if the bytes are not all
 * there. */
int hv_image_need(const struct hv_image *image, uint64_t offset, void *ret,
		  size_t bytes, const char *lack, struct hv_error *err);

/* Find the one boot note, check it, and put it in the image. */
int hv_image_take_note(struct hv_image *image, const Elf64_Phdr *phdr,
		       unsigned phdrs, struct hv_error *err);

#endif
