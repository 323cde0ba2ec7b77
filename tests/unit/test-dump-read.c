/* SPDX-License-Identifier: MIT
 *
 * Reading dumps: the good one tells what is in it; each that is broken in one place
 * is refused with a sentence.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "../made-dump.h"
#include "dump.h"
#include "walk-text.h"
#include "walk.h"

static struct made_dump made;
static struct hv_dump dump;
static struct hv_error err;

static void setup(void)
{
	make_dump(&made);
	err = (struct hv_error){ .text = "" };
}

TestSuite(dump_read, .init = setup, .timeout = 60);

static int parse_bytes(size_t bytes)
{
	return hv_dump_parse(&dump, &made, bytes, &err);
}

static void is_good(void)
{
	cr_assert_eq(parse_bytes(sizeof(made)), 0, "%s", err.text);
}

static void is_refused(const char *word)
{
	cr_assert_eq(parse_bytes(sizeof(made)), -1, "it was taken");
	cr_assert_eq(err.status, HV_STATUS_IMAGE);
	cr_assert_not_null(strstr(err.text, word), "\"%s\" lacks \"%s\"",
			   err.text, word);
}

Test(dump_read, a_good_one_tells_what_is_in_it)
{
	char text[300];

	is_good();
	cr_assert_eq(dump.head.vcpus, 2);
	cr_assert_eq(dump.vcpu[1].number, 1);
	cr_assert_eq(dump.range[1].exec, 1);
	cr_assert_eq(hv_dump_tables(&dump.vcpu[0]), MADE_ROOTS_GPA);
	cr_assert_str_eq(hv_dump_end_text(&dump, text, sizeof(text)),
			 "stopped: it was at its end");
}

static bool read_entry(const void *memory, pv_gpa_t gpa, uint64_t *ret_entry)
{
	return hv_dump_read(memory, gpa, ret_entry, sizeof(*ret_entry));
}

Test(dump_read, a_walk_goes_through_all_its_memories)
{
	struct hv_walk walk;
	char text[18], line[HV_WALK_TEXT_BYTES];

	is_good();
	hv_walk(read_entry, &dump, MADE_ROOTS_GPA, MADE_GVA + 8, &walk);
	cr_assert_eq(walk.end, HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x5008);
	cr_assert(!walk.write && walk.user && walk.exec);
	cr_assert(hv_dump_read(&dump, 0x5000, text, sizeof(text)));
	cr_assert_str_eq(text, "content of a page");
	cr_assert_str_eq(hv_walk_line(&walk, line, sizeof(line)),
			 "PML4[0]=0x2007 PDPT[0]=0x3007 PD[0]=0x4007 PT[1]=0x5005 "
			 "-> guest-physical 0x5008, 4 KiB page: read, execute");
	hv_walk(read_entry, &dump, MADE_ROOTS_GPA, MADE_GVA_WINDOW, &walk);
	cr_assert_eq(walk.gpa, MADE_WINDOW_GPA);
	hv_walk(read_entry, &dump, MADE_ROOTS_GPA, MADE_GVA_LOOP, &walk);
	cr_assert_eq(walk.end, HV_WALK_MAPPED);
	cr_assert_eq(walk.gpa, 0x4000);
}

/* A line that is cut short is still a line. */
Test(dump_read, texts_fit_where_they_go)
{
	struct hv_walk walk;
	char line[HV_WALK_TEXT_BYTES];

	is_good();
	hv_walk(read_entry, &dump, MADE_ROOTS_GPA, MADE_GVA, &walk);
	for (size_t bytes = 1; bytes < sizeof(line); bytes++) {
		memset(line, 'x', sizeof(line));
		hv_walk_line(&walk, line, bytes);
		cr_assert_lt(strnlen(line, sizeof(line)), bytes);
		hv_walk_entry_text(&walk, 3, line, bytes);
		hv_walk_end_text(&walk, line, bytes);
		hv_dump_place(&dump, 0x5000, line, bytes);
		cr_assert_lt(strnlen(line, sizeof(line)), bytes);
	}
	memset(made.head.reason, 'r', sizeof(made.head.reason));
	is_good();
	for (size_t bytes = 1; bytes < sizeof(line); bytes++) {
		memset(line, 'x', sizeof(line));
		hv_dump_end_text(&dump, line, bytes);
		cr_assert_lt(strnlen(line, sizeof(line)), bytes);
	}
}

Test(dump_read, memory_ends_where_it_does)
{
	uint8_t bytes[16];

	is_good();
	cr_assert(hv_dump_read(&dump, MADE_RAM_BYTES - 16, bytes, 16));
	cr_assert_not(hv_dump_read(&dump, MADE_RAM_BYTES - 15, bytes, 16));
	cr_assert_not(hv_dump_read(&dump, MADE_RAM_BYTES, bytes, 1));
	cr_assert_not(hv_dump_read(&dump, MADE_WINDOW_GPA - 1, bytes, 1));
	cr_assert(hv_dump_read(&dump, MADE_WINDOW_GPA, bytes, 1));
	cr_assert(hv_dump_read(&dump, MADE_ROOTS_GPA + MADE_ROOTS_BYTES - 1, bytes,
			       1));
	cr_assert_not(hv_dump_read(&dump, UINT64_MAX, bytes, 1));
	cr_assert_not(hv_dump_read(&dump, UINT64_MAX - 7, bytes, 16));
	cr_assert_null(hv_dump_memory_at(&dump, 0, UINT64_MAX));
}

Test(dump_read, places_have_names)
{
	char text[128];

	is_good();
	cr_assert_str_eq(hv_dump_place(&dump, 0x10, text, sizeof(text)),
			 "RAM, page 0");
	cr_assert_str_eq(hv_dump_place(&dump, 0x1fff, text, sizeof(text)),
			 "RAM, image segment 0x1000 (read, execute)");
	cr_assert_str_eq(hv_dump_place(&dump, 0x5000, text, sizeof(text)),
			 "RAM, free at the start");
	cr_assert_str_eq(hv_dump_place(&dump, MADE_WINDOW_GPA + 0x1000, text,
				       sizeof(text)),
			 "window, page of vCPU 1");
	cr_assert_str_eq(hv_dump_place(&dump, MADE_ROOTS_GPA, text, sizeof(text)),
			 "copy of a page-table root");
	cr_assert_str_eq(hv_dump_place(&dump, 0x300000, text, sizeof(text)),
			 "no memory");
	made.range[2].type = 77;
	is_good();
	cr_assert_str_eq(hv_dump_place(&dump, 0x5000, text, sizeof(text)), "RAM");
}

Test(dump_read, user_mode_has_its_own_tables)
{
	made.vcpu[0].flags |= HV_DUMP_USER;
	made.vcpu[0].user_tables = 0x7000;
	is_good();
	cr_assert_eq(hv_dump_tables(&dump.vcpu[0]), 0x7000);
}

Test(dump_read, without_root_copies_it_has_none)
{
	made.head.memory[HV_DUMP_ROOTS].bytes = 0;
	is_good();
	cr_assert_null(hv_dump_memory_at(&dump, MADE_ROOTS_GPA, 1));
}

/* A heap block of the very size, so that a sanitizer sees the byte behind it. */
Test(dump_read, cut_anywhere_it_is_refused)
{
	for (size_t bytes = 0; bytes < sizeof(made); bytes += bytes < 3000 ? 1 : 999) {
		void *copy = malloc(bytes ? bytes : 1);

		memcpy(copy, &made, bytes);
		err = (struct hv_error){ .text = "" };
		cr_assert_eq(hv_dump_parse(&dump, copy, bytes, &err), -1,
			     "cut after %zu bytes", bytes);
		cr_assert_eq(err.status, HV_STATUS_IMAGE);
		free(copy);
	}
}

Test(dump_read, what_is_no_elf_file_is_refused)
{
	made.header.e_ident[0] = 0;
	is_refused("not an ELF file");
}

Test(dump_read, another_class_of_elf_is_refused)
{
	made.header.e_ident[EI_CLASS] = ELFCLASS32;
	is_refused("x86-64");
}

Test(dump_read, an_image_is_no_dump)
{
	made.header.e_type = ET_EXEC;
	is_refused("no core file");
}

Test(dump_read, program_headers_are_few_and_of_the_right_size)
{
	made.header.e_phnum = 0xffff;
	is_refused("65535 program headers");
	setup();
	made.header.e_phnum = 0;
	is_refused("0 program headers");
	setup();
	made.header.e_phentsize = 1;
	is_refused("of 1 bytes");
}

Test(dump_read, program_headers_are_in_the_file)
{
	static const uint64_t at[] = { sizeof(made), UINT64_MAX, UINT64_MAX - 100 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		setup();
		made.header.e_phoff = at[i];
		is_refused("truncated");
	}
}

Test(dump_read, segments_are_in_the_file)
{
	for (unsigned part = 0; part < MADE_PARTS; part++) {
		setup();
		made.phdr[part].p_offset = UINT64_MAX - 8;
		is_refused("truncated");
		setup();
		made.phdr[part].p_filesz = UINT64_MAX;
		is_refused("truncated");
		setup();
		made.phdr[part].p_filesz = sizeof(made);
		is_refused("truncated");
	}
}

Test(dump_read, a_core_file_of_another_program_is_refused)
{
	made.name[0] = 'p';
	is_refused("no note of that name");
	setup();
	made.note.n_type = 1;
	is_refused("no note of that name");
	setup();
	made.phdr[MADE_NOTES].p_type = PT_NULL;
	is_refused("no note of that name");
}

Test(dump_read, notes_end_where_their_segment_does)
{
	static const uint32_t bad[] = { 0x7fffffff, 0x80000000, 0xfffffffc,
					0xffffffff };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup();
		made.core.n_namesz = bad[i];
		is_refused("no note of that name");
		setup();
		made.core.n_descsz = bad[i];
		is_refused("no note of that name");
		setup();
		made.note.n_descsz = bad[i];
		is_refused("no note of that name");
	}
}

Test(dump_read, notes_without_end_are_given_up)
{
	struct { Elf64_Nhdr none[4000]; } *notes = calloc(1, sizeof(*notes));
	uint8_t *file = malloc(sizeof(made) + sizeof(*notes));

	made.phdr[MADE_NOTES].p_offset = sizeof(made);
	made.phdr[MADE_NOTES].p_filesz = sizeof(*notes);
	memcpy(file, &made, sizeof(made));
	memcpy(file + sizeof(made), notes, sizeof(*notes));
	cr_assert_eq(hv_dump_parse(&dump, file, sizeof(made) + sizeof(*notes), &err),
		     -1);
	free(file);
	free(notes);
}

Test(dump_read, another_version_is_refused)
{
	made.head.version = 2;
	is_refused("version 2");
}

Test(dump_read, parts_of_another_size_are_refused)
{
	made.head.head_bytes--;
	is_refused("other parts");
	setup();
	made.head.vcpu_bytes = 0;
	is_refused("other parts");
	setup();
	made.head.range_bytes = UINT32_MAX;
	is_refused("other parts");
}

Test(dump_read, huge_counts_are_refused)
{
	static const uint32_t bad[] = { PV_VCPUS_MAX + 1, 0x10000000, UINT32_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup();
		made.head.vcpus = bad[i];
		is_refused("vCPUs");
		setup();
		made.head.ranges = bad[i];
		is_refused("ranges");
	}
	setup();
	made.head.vcpus = 0;
	is_refused("vCPUs");
	setup();
	made.head.vcpus = 1;
	is_refused("too long or too short");
	setup();
	made.head.ranges = HV_RANGES_MAX;
	is_refused("too long or too short");
}

Test(dump_read, memory_at_no_physical_address_is_refused)
{
	made.head.memory[HV_DUMP_RAM].bytes = UINT64_MAX & ~UINT64_C(0xfff);
	is_refused("no guest-physical address");
	setup();
	made.head.memory[HV_DUMP_WINDOW].gpa = UINT64_MAX & ~UINT64_C(0xfff);
	is_refused("no guest-physical address");
	setup();
	made.head.memory[HV_DUMP_WINDOW].gpa++;
	is_refused("no guest-physical address");
}

Test(dump_read, memories_do_not_overlap)
{
	made.head.memory[HV_DUMP_WINDOW].gpa = MADE_RAM_BYTES - PV_PAGE_BYTES;
	is_refused("overlap");
	setup();
	made.head.memory[HV_DUMP_ROOTS].gpa = MADE_WINDOW_GPA;
	is_refused("overlap");
	setup();
	made.head.memory[HV_DUMP_RAM].bytes = MADE_ROOTS_GPA;
	is_refused("overlap");
}

Test(dump_read, each_memory_has_one_segment_of_its_size)
{
	made.phdr[MADE_WINDOW].p_paddr = 0;
	is_refused("another size");
	setup();
	made.phdr[MADE_ROOTS].p_type = PT_NULL;
	is_refused("0 segments of page-table roots");
	setup();
	made.phdr[MADE_RAM].p_filesz = PV_PAGE_BYTES;
	is_refused("another size");
	setup();
	made.phdr[MADE_RAM].p_memsz *= 2;
	is_refused("another size");
	setup();
	made.phdr[MADE_WINDOW] = made.phdr[MADE_RAM];
	is_refused("2 segments of RAM");
}

/* They may lie on each other in the file: all that is read is in it. */
Test(dump_read, segments_may_share_bytes_of_the_file)
{
	uint64_t word;

	made.phdr[MADE_WINDOW].p_offset = made.phdr[MADE_RAM].p_offset;
	is_good();
	cr_assert(hv_dump_read(&dump, MADE_WINDOW_GPA + 0x2000, &word, 8));
	cr_assert_eq(word, 0x3000 | MADE_PAGE_ALL);
}

Test(dump_read, texts_in_it_end)
{
	memset(made.head.reason, 'r', sizeof(made.head.reason));
	memset(made.head.image_path, 'p', sizeof(made.head.image_path));
	is_good();
	cr_assert_eq(strlen(dump.head.reason), HV_DUMP_REASON_BYTES - 1);
	cr_assert_eq(strlen(dump.head.image_path), HV_DUMP_PATH_BYTES - 1);
}

Test(dump_read, files_that_are_none_are_refused)
{
	static const struct {
		const char *path, *word;
	} cases[] = {
		{ "/nonexistent/dump", "cannot be opened" },
		{ "/", "not a regular file" },
		{ "/dev/zero", "not a regular file" },
		{ "/proc/self/status", "not an ELF file" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct hv_error){ .text = "" };
		cr_assert_eq(hv_dump_open(&dump, cases[i].path, &err), -1);
		cr_assert_not_null(strstr(err.text, cases[i].word), "%s", err.text);
		cr_assert_not_null(strstr(err.text, cases[i].path), "%s", err.text);
	}
}
