/* SPDX-License-Identifier: MIT
 *
 * Images of bare-metal kernels: what makes one of a file, and what is refused. As
 * test-image.c.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "image-parse.h"

#define PHYSICAL MADE_PHYSICAL

static void setup_native(void)
{
	make_elf_native(&elf);
}

static void set_entry(uint64_t entry)
{
	make_elf_entry(&elf, entry);
}

TestSuite(image_pvh, .init = setup_native, .timeout = 20);

Test(image_pvh, a_kernel_is_taken_as_its_file_says)
{
	parse_takes();
	cr_assert(image.native);
	cr_assert_eq(image.entry, PHYSICAL + 0x10);
	cr_assert_eq(image.segments, 2);
	cr_assert_eq(image.segment[0].gpa, PHYSICAL);
	cr_assert_eq(image.segment[1].gpa, PHYSICAL + 0x5123);
	cr_assert_eq(image.end_gpa, PHYSICAL + 0x8000);
}

Test(image_pvh, an_entry_of_32_bits_will_do)
{
	elf.note.header.n_descsz = 4;
	elf.phdr[MADE_NOTE_PHDR].p_filesz -= 4;
	parse_takes();
	cr_assert_eq(image.entry, PHYSICAL + 0x10);
}

Test(image_pvh, segments_may_overlap_and_be_writable_code)
{
	elf.phdr[MADE_DATA_PHDR].p_paddr = PHYSICAL;
	elf.phdr[MADE_CODE_PHDR].p_flags |= PF_W;
	parse_takes();
	cr_assert(image.segment[0].write && image.segment[0].exec);
}

Test(image_pvh, a_note_of_another_size_is_refused)
{
	elf.note.header.n_descsz = 5;
	parse_refuses("PVH note of 5 bytes");
	elf.note.header.n_descsz = 0;
	parse_refuses("PVH note of 0 bytes");
}

Test(image_pvh, two_notes_are_refused)
{
	uint8_t *second = (uint8_t *)&elf.note + 24;

	memcpy(second, &elf.note, 24);
	elf.phdr[MADE_NOTE_PHDR].p_filesz *= 2;
	parse_refuses("more than one PVH note");
}

Test(image_pvh, with_both_notes_it_is_paravirtual)
{
	uint8_t *second = (uint8_t *)&elf.note + 24;
	struct made_note note;

	make_elf_note(&note);
	memcpy(second, &note.header, sizeof(note.header));
	memcpy(second + 12, PV_NOTE_NAME, sizeof(PV_NOTE_NAME));
	memcpy(second + 12 + 8, &note.desc, sizeof(note.desc));
	elf.phdr[MADE_NOTE_PHDR].p_filesz = 24 + 12 + 8 + sizeof(note.desc);
	parse_takes();
	cr_assert_not(image.native);
	cr_assert_eq(image.entry, MADE_TEXT + 0x10);
}

Test(image_pvh, an_entry_outside_is_refused)
{
	static const uint64_t bad[] = {
		0, PHYSICAL - 1, PHYSICAL + 0x1000, PHYSICAL + 0x5123 + 0x2100,
		(UINT64_C(1) << 32) + PHYSICAL, UINT64_MAX,
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_entry(bad[i]);
		parse_refuses("PVH entry point");
	}
}

Test(image_pvh, an_entry_beyond_4_gib_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_paddr = UINT64_C(1) << 32;
	set_entry(UINT64_C(1) << 32);
	parse_refuses("PVH entry point");
}

Test(image_pvh, segments_that_wrap_or_end_nowhere_are_refused)
{
	elf.phdr[MADE_DATA_PHDR].p_paddr = UINT64_MAX - 0x1000;
	parse_refuses("beyond any RAM");
	elf.phdr[MADE_DATA_PHDR].p_paddr = 0;
	elf.phdr[MADE_DATA_PHDR].p_memsz = UINT64_MAX;
	parse_refuses("beyond any RAM");
}

Test(image_pvh, segments_outside_the_file_are_refused)
{
	elf.phdr[MADE_DATA_PHDR].p_offset = UINT64_MAX;
	parse_refuses("truncated: segment 1");
	elf.phdr[MADE_DATA_PHDR].p_offset = sizeof(elf) - 1;
	parse_refuses("truncated: segment 1");
	elf.phdr[MADE_DATA_PHDR].p_filesz = 0x2101;
	parse_refuses("more bytes in the file than in memory");
}

Test(image_pvh, a_kernel_without_segments_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_type = PT_NULL;
	elf.phdr[MADE_DATA_PHDR].p_type = PT_NULL;
	parse_refuses("PVH entry point");
}

Test(image_pvh, a_truncated_note_is_refused)
{
	elf.phdr[MADE_NOTE_PHDR].p_filesz = 20;
	parse_refuses("note longer than its segment");
}
