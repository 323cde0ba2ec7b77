/* SPDX-License-Identifier: MIT
 *
 * What the tests of the image checks share: the good image of make-elf.h for
 * each to change, and what the checks say to it.
 */
#ifndef TESTS_UNIT_IMAGE_PARSE_H
#define TESTS_UNIT_IMAGE_PARSE_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "image.h"
#include "../make-elf.h"

static struct made_elf elf;
static struct hv_image image;

static inline void setup(void)
{
	make_elf(&elf);
}

/* One sentence, with the status of a bad image. */
static inline void cr_sentence(const struct hv_error *err, const char *word)
{
	cr_assert_eq(err->status, HV_STATUS_IMAGE);
	cr_assert(strstr(err->text, word), "\"%s\" does not say \"%s\"",
		  err->text, word);
	cr_assert_not(strchr(err->text, '\n'));
}

static inline void parse_refuses_bytes(size_t bytes, const char *word)
{
	struct hv_error err = { 0 };

	/* A copy of just that size, for the address sanitizer to guard. */
	void *copy = calloc(1, bytes + !bytes);

	memcpy(copy, &elf, bytes);
	cr_assert_eq(hv_image_parse(&image, copy, bytes, &err), -1);
	cr_sentence(&err, word);
	free(copy);
}

static inline void parse_refuses(const char *word)
{
	parse_refuses_bytes(sizeof(elf), word);
}

static inline void parse_takes(void)
{
	struct hv_error err = { 0 };

	cr_assert_eq(hv_image_parse(&image, &elf, sizeof(elf), &err), 0, "%s",
		     err.text);
}

#endif
