/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: the image checks and the symbol look-up. The input is taken
 * as a file, and as patches to a good image of either kind, which reach the deep checks
 * at once. What passes must keep every promise of image.h.
 */
#include <assert.h>
#include <stdlib.h>

#include "../make-elf.h"
#include "image.h"
#include "symbols.h"

#define RAM_MAX_BYTES (2u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_segments(const struct hv_image *image)
{
	uint64_t end = PV_PAGE_BYTES;

	assert(image->segments > 0 && image->segments <= HV_SEGMENTS_MAX);
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		assert(s->gpa >= end && s->gpa % PV_PAGE_BYTES == 0);
		assert(!(s->write && s->exec));
		assert(s->file_bytes <= s->memory_bytes);
		assert(s->memory_bytes > 0);
		end = s->gpa + s->memory_bytes;
		assert(end > s->gpa && end <= PV_WINDOW_BASE);
	}
	assert(image->end_gpa >= end && image->end_gpa - end < PV_PAGE_BYTES);
	assert(hv_image_memory_need(image) >= image->end_gpa);
}

static void check_native(const struct hv_image *image)
{
	assert(image->segments > 0 && image->segments <= HV_SEGMENTS_MAX);
	assert(image->entry < UINT64_C(1) << 32);
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		assert(s->file_bytes <= s->memory_bytes);
		assert(s->gpa + s->memory_bytes >= s->gpa);
		assert(s->gpa + s->memory_bytes <= image->end_gpa);
	}
}

static void load(const struct hv_image *image)
{
	struct hv_error err = { 0 };
	uint8_t *ram;

	if (image->end_gpa > RAM_MAX_BYTES)
		return;
	ram = calloc(1, image->end_gpa);
	assert(ram);
	assert(hv_image_load(image, ram, &err) == 0);
	free(ram);
}

static void ask_symbols(const struct hv_image *image)
{
	uint64_t offset;

	hv_symbol_at(image, image->entry, &offset);
	hv_symbol_at(image, MADE_TEXT + 0x44, &offset);
	hv_symbol_at(image, UINT64_MAX, &offset);
}

static void try_image(const void *data, size_t bytes)
{
	struct hv_error err = { 0 };
	struct hv_image image;

	if (hv_image_parse(&image, data, bytes, &err) < 0) {
		assert(err.status == HV_STATUS_IMAGE && err.text[0]);
		return;
	}
	if (image.native)
		check_native(&image);
	else
		check_segments(&image);
	load(&image);
	ask_symbols(&image);
}

/* Two bytes of where, one of what; the first two bytes are how much of the file
 * to cut off. Headers, notes and tables lie in the first 4 KiB. */
static void try_patches(const uint8_t *data, size_t bytes,
			void (*make)(struct made_elf *elf))
{
	static struct made_elf elf;
	uint8_t *file = (uint8_t *)&elf;
	size_t left = sizeof(elf);

	if (bytes < 2)
		return;
	make(&elf);
	left -= (size_t)(data[0] | data[1] << 8) % sizeof(elf);
	for (size_t i = 2; i + 3 <= bytes; i += 3)
		file[(data[i] | data[i + 1] << 8) % 0x1000] = data[i + 2];
	try_image(file, left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	try_image(data, bytes);
	try_patches(data, bytes, make_elf);
	try_patches(data, bytes, make_elf_native);
	return 0;
}
