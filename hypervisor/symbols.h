/* SPDX-License-Identifier: MIT
 *
 * Names for addresses, from the image's own symbol table. Only fault reports
 * and `paravane inspect` ask, so nothing is read before they do and nothing is
 * kept: a question costs one pass over the table.
 */
#ifndef HV_SYMBOLS_H
#define HV_SYMBOLS_H

#include "image.h"

/* The function that contains the address, and how far into it that is; NULL if
 * the image does not tell. The name is printable whatever the file holds, cut
 * at 127 characters, and good until this thread asks again. */
const char *hv_symbol_at(const struct hv_image *image, uint64_t address,
			 uint64_t *ret_offset);

#endif
