/* SPDX-License-Identifier: MIT
 *
 * What the image checks take and what they refuse, but for the boot note
 * (test-image-note.c). Every refusal breaks one thing of the good image of
 * make-elf.h and expects a word of its sentence.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image-parse.h"
#include "symbols.h"

TestSuite(image, .init = setup, .timeout = 20);

static void load_takes(void)
{
	struct hv_error err = { 0 };
	uint8_t *ram = calloc(1, image.end_gpa);

	cr_assert_eq(hv_image_load(&image, ram, &err), 0, "%s", err.text);
	free(ram);
}

/* ---- good images ---- */

Test(image, a_good_image_is_described_as_it_is)
{
	parse_takes();
	cr_assert_eq(image.segments, 2);
	cr_assert_eq(image.segment[0].gpa, MADE_TEXT);
	cr_assert(image.segment[0].exec && !image.segment[0].write);
	cr_assert_eq(image.segment[1].memory_bytes, 0x2100);
	cr_assert_eq(image.segment[1].file_bytes, 0x1800);
	cr_assert(image.segment[1].write && !image.segment[1].exec);
	cr_assert_eq(image.entry, MADE_TEXT + 0x10);
	cr_assert_eq(image.end_gpa, MADE_END);
	cr_assert_eq(image.stack_bytes, PV_STACK_DEFAULT_BYTES);
}

Test(image, segments_without_memory_are_passed_over)
{
	elf.phdr[3] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = 0x77 };
	elf.header.e_phnum = 4;
	parse_takes();
	cr_assert_eq(image.segments, 2);
}

Test(image, a_segment_may_be_all_zeroes_and_leave_its_file_offset_odd)
{
	elf.phdr[MADE_DATA_PHDR].p_filesz = 0;
	elf.phdr[MADE_DATA_PHDR].p_offset = UINT64_MAX;
	parse_takes();
	cr_assert_eq(image.segment[1].file_bytes, 0);
	load_takes();
}

Test(image, physical_addresses_are_ignored)
{
	elf.phdr[MADE_CODE_PHDR].p_paddr = 0x123456789;
	parse_takes();
	cr_assert_eq(image.segment[0].gpa, MADE_TEXT);
}

/* ---- not a guest for this processor ---- */

Test(image, an_empty_file_is_refused)
{
	struct hv_error err = { 0 };

	parse_refuses_bytes(0, "is empty");
	cr_assert_eq(hv_image_parse(&image, NULL, 0, &err), -1);
}

Test(image, what_is_not_an_elf_is_refused)
{
	memcpy(&elf, "#!/bin/sh", 9);
	parse_refuses("not an ELF file");
	parse_refuses_bytes(1, "not an ELF file");
	parse_refuses_bytes(3, "not an ELF file");
}

Test(image, an_elf_cut_at_any_byte_is_refused)
{
	size_t last = offsetof(struct made_elf, data) + 0x1800;

	for (size_t bytes = 4; bytes < sizeof(elf.header); bytes++)
		parse_refuses_bytes(bytes, "truncated");
	for (size_t bytes = sizeof(elf.header); bytes < 0x800; bytes++)
		parse_refuses_bytes(bytes, "truncated");
	parse_refuses_bytes(last - 1, "truncated");
}

Test(image, a_32_bit_program_is_refused)
{
	elf.header.e_ident[EI_CLASS] = ELFCLASS32;
	parse_refuses("32-bit");
	parse_refuses_bytes(sizeof(Elf32_Ehdr), "32-bit");
}

Test(image, an_unknown_class_is_refused)
{
	elf.header.e_ident[EI_CLASS] = 7;
	parse_refuses("ELF class 7");
}

Test(image, a_big_endian_program_is_refused)
{
	elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
	parse_refuses("little-endian");
}

Test(image, another_processor_is_refused)
{
	elf.header.e_machine = EM_AARCH64;
	parse_refuses("another processor");
}

Test(image, an_unknown_elf_version_is_refused)
{
	elf.header.e_version = 2;
	parse_refuses("ELF version 2");
}

Test(image, a_position_independent_program_is_refused)
{
	elf.header.e_type = ET_DYN;
	parse_refuses("-static -no-pie");
}

Test(image, a_dynamic_program_is_refused)
{
	elf.phdr[3].p_type = PT_DYNAMIC;
	elf.header.e_phnum = 4;
	parse_refuses("dynamically linked");
}

Test(image, a_program_with_an_interpreter_is_refused)
{
	elf.phdr[3].p_type = PT_INTERP;
	elf.header.e_phnum = 4;
	parse_refuses("dynamically linked");
}

Test(image, object_files_and_core_dumps_are_refused)
{
	elf.header.e_type = ET_REL;
	parse_refuses("object file");
	elf.header.e_type = ET_CORE;
	parse_refuses("core dump");
	elf.header.e_type = 99;
	parse_refuses("unknown type 99");
}

/* ---- program headers ---- */

Test(image, huge_program_header_counts_are_refused)
{
	elf.header.e_phnum = 65;
	parse_refuses("65 program headers");
	elf.header.e_phnum = PN_XNUM;
	parse_refuses("65535 program headers");
}

Test(image, no_program_headers_are_refused)
{
	elf.header.e_phnum = 0;
	parse_refuses("no program headers");
}

Test(image, program_headers_of_another_size_are_refused)
{
	elf.header.e_phentsize = 32;
	parse_refuses("program headers of 32 bytes");
}

Test(image, program_headers_beyond_the_file_are_refused)
{
	elf.header.e_phoff = sizeof(elf) - 100;
	parse_refuses("truncated");
	elf.header.e_phoff = UINT64_MAX - 8;
	parse_refuses("truncated");
}

/* ---- segments ---- */

Test(image, an_image_without_segments_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_type = PT_NULL;
	elf.phdr[MADE_DATA_PHDR].p_type = PT_NULL;
	parse_refuses("no segments");
}

Test(image, too_many_segments_are_refused)
{
	for (unsigned i = MADE_PHDRS; i < MADE_PHDRS_MAX; i++)
		elf.phdr[i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_vaddr = 0x100000 + i * 0x1000,
			.p_memsz = 0x1000,
		};
	elf.header.e_phnum = MADE_PHDRS + HV_SEGMENTS_MAX - 2;
	parse_takes();
	elf.header.e_phnum++;
	parse_refuses("more than 16 segments");
}

Test(image, overlapping_segments_are_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_memsz = 0x1001;
	parse_refuses("overlapping");
}

Test(image, segments_that_overlap_in_the_last_byte_of_a_page_are_refused)
{
	elf.phdr[3] = elf.phdr[MADE_DATA_PHDR];
	elf.phdr[3].p_vaddr = MADE_END - 0x1000;
	elf.header.e_phnum = 4;
	parse_refuses("overlapping");
}

Test(image, segments_in_descending_order_are_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_vaddr = 0x40000;
	parse_refuses("ascending order");
}

Test(image, unaligned_segments_are_refused)
{
	elf.phdr[MADE_DATA_PHDR].p_vaddr += 0x10;
	parse_refuses("not a multiple of 4096");
}

Test(image, a_file_offset_that_does_not_match_the_address_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_offset += 0x10;
	parse_refuses("max-page-size");
}

Test(image, a_writable_and_executable_segment_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_flags |= PF_W;
	parse_refuses("both writable and executable");
}

Test(image, a_segment_on_page_0_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_vaddr = 0;
	parse_refuses("page 0");
}

Test(image, a_segment_in_the_window_is_refused)
{
	elf.phdr[MADE_DATA_PHDR].p_vaddr = PV_WINDOW_BASE - 0x2000;
	parse_refuses("beyond any RAM");
	elf.phdr[MADE_DATA_PHDR].p_vaddr = PV_WINDOW_BASE;
	parse_refuses("beyond any RAM");
	elf.phdr[MADE_DATA_PHDR].p_vaddr = 0xffffffff80000000;
	parse_refuses("beyond any RAM");
}

Test(image, segment_sizes_that_wrap_are_refused)
{
	elf.phdr[MADE_DATA_PHDR].p_memsz = UINT64_MAX - MADE_DATA + 1;
	parse_refuses("wraps");
	elf.phdr[MADE_DATA_PHDR].p_memsz = UINT64_MAX;
	parse_refuses("wraps");
}

Test(image, file_ranges_that_wrap_are_refused)
{
	elf.phdr[MADE_DATA_PHDR].p_offset = UINT64_MAX - 0xfff;
	parse_refuses("beyond the end of the file");
}

Test(image, a_segment_larger_in_the_file_than_in_memory_is_refused)
{
	elf.phdr[MADE_CODE_PHDR].p_filesz = 0x1001;
	parse_refuses("more bytes in the file");
	elf.phdr[MADE_CODE_PHDR].p_memsz = 0;
	parse_refuses("more bytes in the file");
}

Test(image, an_entry_outside_executable_segments_is_refused)
{
	elf.header.e_entry = 0;
	parse_refuses("entry point");
	elf.header.e_entry = MADE_DATA;
	parse_refuses("entry point");
	elf.header.e_entry = MADE_TEXT - 1;
	parse_refuses("entry point");
}

/* ---- memory ---- */

static void fits_refuses(uint64_t ram_bytes, const char *word)
{
	struct hv_error err = { 0 };

	cr_assert_eq(hv_image_fits(&image, ram_bytes, &err), -1);
	cr_sentence(&err, word);
}

Test(image, a_small_image_needs_2_mib)
{
	struct hv_error err = { 0 };

	parse_takes();
	cr_assert_eq(hv_image_memory_need(&image), 2u << 20);
	cr_assert_eq(hv_image_memory_need_mib(&image), 2);
	cr_assert_eq(hv_image_fits(&image, 2u << 20, &err), 0);
}

Test(image, segments_outside_ram_are_refused_with_what_to_give)
{
	elf.phdr[MADE_DATA_PHDR].p_memsz = 4u << 20;
	parse_takes();
	cr_assert_eq(hv_image_memory_need_mib(&image), 5);
	fits_refuses(2u << 20, "--mem 5M");
}

Test(image, less_ram_than_the_note_asks_for_is_refused)
{
	elf.note.desc.memory_bytes = (8u << 20) + 1;
	parse_takes();
	fits_refuses(8u << 20, "--mem 9M");
}

/* The highest segment there can be: no sum may wrap on the way. */
Test(image, an_image_at_the_top_needs_what_no_host_has)
{
	elf.phdr[MADE_DATA_PHDR].p_vaddr = PV_WINDOW_BASE - 0x3000;
	elf.note.desc.stack_bytes = PV_STACK_MAX_BYTES;
	parse_takes();
	fits_refuses(UINT64_C(1) << 40, "outside RAM");
}

Test(image, loading_copies_what_the_file_has_and_no_more)
{
	struct hv_error err = { 0 };
	uint8_t *ram = calloc(1, MADE_END);

	memset(elf.data, 0xd5, sizeof(elf.data));
	elf.code[0x10] = 0xc0;
	parse_takes();
	cr_assert_eq(hv_image_load(&image, ram, &err), 0);
	cr_assert_eq(ram[MADE_TEXT + 0x10], 0xc0);
	cr_assert_eq(ram[MADE_DATA], 0xd5);
	cr_assert_eq(ram[MADE_DATA + 0x17ff], 0xd5);
	cr_assert_eq(ram[MADE_DATA + 0x1800], 0);
	free(ram);
}

/* ---- files ---- */

static void open_refuses(const char *path, const char *word)
{
	struct hv_error err = { 0 };

	cr_assert_eq(hv_image_open(&image, path, &err), -1);
	cr_sentence(&err, word);
	cr_sentence(&err, path);
}

/* Writes the image to a file of its own name and opens it for writing. */
static int make_file(char *path)
{
	int fd = mkostemp(path, O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, &elf, sizeof(elf)), (ssize_t)sizeof(elf));
	return fd;
}

Test(image, a_file_is_opened_and_loaded)
{
	char path[] = "/tmp/paravane-test-XXXXXX";
	struct hv_error err = { 0 };
	uint8_t *ram = calloc(1, MADE_END);
	uint64_t offset;

	memset(elf.data, 0xd5, sizeof(elf.data));
	close(make_file(path));
	cr_assert_eq(hv_image_open(&image, path, &err), 0, "%s", err.text);
	unlink(path);
	cr_assert_eq(hv_image_load(&image, ram, &err), 0, "%s", err.text);
	cr_assert_eq(ram[MADE_DATA + 0x17ff], 0xd5);
	cr_assert_str_eq(hv_symbol_at(&image, image.entry, &offset), "start");
	hv_image_done(&image);
	free(ram);
}

Test(image, a_file_that_shrinks_after_the_check_is_a_sentence_and_no_crash)
{
	char path[] = "/tmp/paravane-test-XXXXXX";
	struct hv_error err = { 0 };
	uint8_t *ram = calloc(1, MADE_END);
	int fd = make_file(path);
	uint64_t offset;

	cr_assert_eq(hv_image_open(&image, path, &err), 0, "%s", err.text);
	cr_assert_eq(ftruncate(fd, 100), 0);
	cr_assert_eq(hv_image_load(&image, ram, &err), -1);
	cr_sentence(&err, "became shorter");
	cr_assert_null(hv_symbol_at(&image, image.entry, &offset));
	hv_image_done(&image);
	close(fd);
	unlink(path);
	free(ram);
}

Test(image, a_missing_file_is_refused)
{
	open_refuses("/nowhere/guest.elf", "cannot be opened: No such file");
}

Test(image, a_directory_is_refused)
{
	open_refuses("/", "is a directory");
}

Test(image, a_device_is_refused)
{
	open_refuses("/dev/null", "not a regular file");
}

Test(image, a_named_pipe_is_refused_without_waiting_for_a_writer)
{
	char dir[] = "/tmp/paravane-test-XXXXXX";
	char path[64];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pipe", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	open_refuses(path, "not a regular file");
	unlink(path);
	rmdir(dir);
}

Test(image, an_unreadable_file_is_refused)
{
	char path[] = "/tmp/paravane-test-XXXXXX";

	if (geteuid() == 0)
		cr_skip("root may read everything");
	close(make_file(path));
	cr_assert_eq(chmod(path, 0), 0);
	open_refuses(path, "cannot be opened: Permission denied");
	unlink(path);
}

Test(image, an_empty_file_on_disk_is_refused)
{
	char path[] = "/tmp/paravane-test-XXXXXX";
	int fd = make_file(path);

	cr_assert_eq(ftruncate(fd, 0), 0);
	open_refuses(path, "is empty");
	close(fd);
	unlink(path);
}

Test(image, a_long_path_leaves_room_for_the_reason)
{
	char path[3000];
	struct hv_error err = { 0 };

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(hv_image_open(&image, path, &err), -1);
	cr_sentence(&err, "ppp: cannot be opened: File name too long");
}

/* ---- symbols ---- */

static void cr_symbol(uint64_t address, const char *name, uint64_t offset)
{
	uint64_t got_offset = 0;
	const char *got = hv_symbol_at(&image, address, &got_offset);

	if (!name) {
		cr_assert_null(got);
		return;
	}
	cr_assert_not_null(got);
	cr_assert_str_eq(got, name);
	cr_assert_eq(got_offset, offset);
}

Test(image, an_address_is_named_by_the_function_that_contains_it)
{
	parse_takes();
	cr_symbol(MADE_TEXT + 0x10, "start", 0);
	cr_symbol(MADE_TEXT + 0x2f, "start", 0x1f);
	cr_symbol(MADE_TEXT + 0x30, NULL, 0);
	cr_symbol(MADE_TEXT + 0x0f, NULL, 0);
}

Test(image, a_function_without_a_size_reaches_to_the_end_of_its_segment)
{
	parse_takes();
	cr_symbol(MADE_TEXT + 0x44, "helper", 4);
	cr_symbol(MADE_TEXT + 0xfff, "helper", 0xfff - 0x40);
	cr_symbol(MADE_DATA, NULL, 0);
	cr_symbol(UINT64_MAX, NULL, 0);
}

Test(image, control_characters_in_a_name_are_not_printed)
{
	parse_takes();
	cr_symbol(MADE_TEXT + 0x80, "bell?", 0);
}

Test(image, an_image_without_symbols_names_nothing)
{
	elf.header.e_shnum = 0;
	parse_takes();
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
}

Test(image, broken_symbol_tables_name_nothing)
{
	const Elf64_Shdr good_symbols = elf.section[1];

	parse_takes();
	elf.section[1].sh_offset = UINT64_MAX - 8;
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
	elf.section[1] = good_symbols;
	elf.section[1].sh_entsize = 1;
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
	elf.section[1] = good_symbols;
	elf.section[1].sh_link = 3;
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
	elf.section[1] = good_symbols;
	elf.section[2].sh_offset = UINT64_MAX;
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
	elf.header.e_shoff = UINT64_MAX - 8;
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
}

Test(image, a_symbol_table_longer_than_the_file_ends_where_the_file_does)
{
	parse_takes();
	elf.section[1].sh_size = UINT64_MAX;
	cr_symbol(MADE_TEXT + 0x10, "start", 0);
	cr_symbol(MADE_TEXT + 0x30, NULL, 0);
}

Test(image, a_name_that_leaves_its_string_table_is_no_name)
{
	parse_takes();
	elf.symbol[MADE_START].st_name = sizeof(elf.strings);
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
	elf.symbol[MADE_START].st_name = UINT32_MAX;
	cr_symbol(MADE_TEXT + 0x10, NULL, 0);
}
