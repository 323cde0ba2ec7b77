/* SPDX-License-Identifier: MIT
 *
 * Names for addresses, and addresses for names, from the image's own symbol table.
 * Only fault reports, `paravane inspect` and `paravane walk` ask, so nothing is read
 * before they do and nothing is kept: a question costs one pass over the table.
 */
#ifndef HV_SYMBOLS_H
#define HV_SYMBOLS_H

#include "image.h"

/* The function that contains the address, and how far into it that is; NULL if
 * the image does not tell. The name is printable whatever the file holds, cut
 * at 127 characters, and good until this thread asks again. */
const char *hv_symbol_at(const struct hv_image *image, uint64_t address,
			 uint64_t *ret_offset);

/* The address of the symbol that is called so, a function or whatever else the image
 * defines; the first, if there are several. False if none is. */
bool hv_symbol_named(const struct hv_image *image, const char *name,
		     uint64_t *ret_address);

#endif
