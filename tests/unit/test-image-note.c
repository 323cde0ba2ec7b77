/* SPDX-License-Identifier: MIT
 *
 * The boot note of an image: where it is found, and what in it is refused. As
 * test-image.c.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "feature-names.h"
#include "image-parse.h"

TestSuite(image_note, .init = setup, .timeout = 20);

Test(image_note, the_stack_is_rounded_up_to_pages)
{
	elf.note.desc.stack_bytes = 5000;
	parse_takes();
	cr_assert_eq(image.stack_bytes, 8192);
}

Test(image_note, wanted_features_may_be_unknown)
{
	elf.note.desc.wanted = UINT64_MAX;
	parse_takes();
}

Test(image_note, known_features_may_be_required)
{
	elf.note.desc.required = PV_FEATURES_V1;
	parse_takes();
}

Test(image_note, a_note_padded_to_four_bytes_is_found)
{
	elf.phdr[MADE_NOTE_PHDR].p_align = 4;
	elf.phdr[MADE_NOTE_PHDR].p_filesz -= 4;
	memmove(elf.note.name + 8, &elf.note.desc, sizeof(elf.note.desc));
	parse_takes();
	cr_assert_eq(image.note.abi_version, PV_ABI_VERSION);
}

Test(image_note, notes_of_others_are_passed_over)
{
	memcpy(elf.note.name, "Linux", 6);
	elf.phdr[MADE_NOTE_PHDR].p_filesz *= 2;
	parse_takes();
}

Test(image_note, a_missing_note_is_refused)
{
	elf.phdr[MADE_NOTE_PHDR].p_type = PT_NULL;
	parse_refuses("no PVABI note");
}

Test(image_note, a_note_of_another_name_or_type_does_not_count)
{
	elf.note.name[4] = 'X';
	parse_refuses("no PVABI note");
	make_elf_note(&elf.note);
	elf.note.header.n_type = 2;
	parse_refuses("no PVABI note");
	make_elf_note(&elf.note);
	elf.note.header.n_namesz = 5;
	parse_refuses("no PVABI note");
}

Test(image_note, two_notes_in_one_segment_are_refused)
{
	elf.phdr[MADE_NOTE_PHDR].p_filesz *= 2;
	parse_refuses("more than one PVABI note");
}

Test(image_note, two_note_segments_with_a_note_each_are_refused)
{
	elf.phdr[3] = elf.phdr[MADE_NOTE_PHDR];
	elf.phdr[3].p_offset = offsetof(struct made_elf, second_note);
	elf.header.e_phnum = 4;
	parse_refuses("more than one PVABI note");
}

Test(image_note, a_note_of_another_size_is_refused)
{
	elf.note.header.n_descsz = 56;
	parse_refuses("56 bytes");
}

Test(image_note, a_note_longer_than_its_segment_is_refused)
{
	elf.note.header.n_descsz = UINT32_MAX;
	parse_refuses("longer than its segment");
	make_elf_note(&elf.note);
	elf.note.header.n_namesz = UINT32_MAX;
	parse_refuses("longer than its segment");
	make_elf_note(&elf.note);
	elf.phdr[MADE_NOTE_PHDR].p_filesz = 11;
	parse_refuses("truncated note");
}

Test(image_note, notes_beyond_the_file_are_refused)
{
	elf.phdr[MADE_NOTE_PHDR].p_offset = UINT64_MAX - 4;
	parse_refuses("truncated");
	elf.phdr[MADE_NOTE_PHDR].p_offset = 0;
	elf.phdr[MADE_NOTE_PHDR].p_filesz = UINT64_MAX;
	parse_refuses("truncated");
}

Test(image_note, too_many_bytes_of_notes_are_refused)
{
	size_t bytes = sizeof(elf) + (1u << 20);
	struct hv_error err = { 0 };
	uint8_t *big = calloc(1, bytes);

	elf.phdr[MADE_NOTE_PHDR].p_offset = sizeof(elf);
	elf.phdr[MADE_NOTE_PHDR].p_filesz = 1u << 20;
	memcpy(big, &elf, sizeof(elf));
	cr_assert_eq(hv_image_parse(&image, big, bytes, &err), -1);
	cr_sentence(&err, "1048576 bytes of notes");
	free(big);
}

Test(image_note, another_abi_major_version_is_refused)
{
	elf.note.desc.abi_version = (PV_ABI_MAJOR + 1) << 16;
	parse_refuses("ABI version 2.0");
	elf.note.desc.abi_version = 0;
	parse_refuses("ABI version 0.0");
}

Test(image_note, a_newer_abi_minor_version_is_refused)
{
	elf.note.desc.abi_version = PV_ABI_VERSION + 1;
	parse_refuses("update paravane");
}

Test(image_note, set_reserved_fields_of_the_note_are_refused)
{
	elf.note.desc.flags = 1;
	parse_refuses("reserved fields");
	make_elf_note(&elf.note);
	elf.note.desc.reserved[2] = 1;
	parse_refuses("reserved fields");
}

Test(image_note, unknown_required_features_are_refused_by_name)
{
	elf.note.desc.required = PV_FEATURE_BLOCK | PV_FEATURE_DIRECT |
				 UINT64_C(1) << 40;
	parse_refuses(": direct, bit 40");
}

Test(image_note, every_feature_bit_required_still_makes_a_sentence)
{
	elf.note.desc.required = UINT64_MAX;
	parse_refuses("bit 4, bit 5");
}

Test(image_note, a_stack_beyond_the_limit_is_refused)
{
	elf.note.desc.stack_bytes = PV_STACK_MAX_BYTES + 1;
	parse_refuses("boot stack of 16777217 bytes");
	elf.note.desc.stack_bytes = UINT64_MAX;
	parse_refuses("boot stack");
}

Test(image_note, an_absurd_wish_for_memory_is_refused)
{
	elf.note.desc.memory_bytes = UINT64_MAX;
	parse_refuses("more than any guest can have");
}

Test(image_note, features_are_told_by_name)
{
	char text[32];

	cr_assert_str_eq(hv_features_text(0, text, sizeof(text)), "none");
	cr_assert_str_eq(hv_features_text(PV_FEATURE_CLOCK | PV_FEATURE_BLOCK,
					  text, sizeof(text)), "clock, block");
	hv_features_text(UINT64_MAX, text, sizeof(text));
	cr_assert_eq(strlen(text), sizeof(text) - 1);
}
