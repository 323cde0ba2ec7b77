/* SPDX-License-Identifier: MIT
 *
 * Programs: from an ELF file on the disk to a space with a beginning. Nothing is
 * read into memory here: regions are told where their content is, and the first
 * access brings it.
 *
 * A program finds argc in rdi and argv in rsi; both, and the strings, are at the top
 * of its stack.
 */
#include <elf.h>

#include "minikernel.h"

bool arguments_add(struct arguments *arguments, const char *text)
{
	size_t len = strlen(text) + 1;

	if (arguments->count == ARGUMENTS_MAX ||
	    len > sizeof(arguments->text) - arguments->bytes)
		return false;
	memcpy(arguments->text + arguments->bytes, text, len);
	arguments->bytes += len;
	arguments->count++;
	return true;
}

/* A file is as good as whoever wrote it: every number is looked at. */

static bool is_program(const struct image_file *file, const Elf64_Ehdr *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_type == ET_EXEC && header->e_machine == EM_X86_64 &&
	       header->e_phentsize == sizeof(Elf64_Phdr) &&
	       header->e_phoff <= file->len &&
	       header->e_phnum <=
		       (file->len - header->e_phoff) / sizeof(Elf64_Phdr);
}

static int add_segment(struct space *space, const struct image_file *file,
		       const Elf64_Phdr *segment)
{
	unsigned rights = (segment->p_flags & PF_W ? PVG_WRITE : 0) |
			  (segment->p_flags & PF_X ? PVG_EXEC : 0);
	/* From the start of its page on: what is before it in the file comes
	 * along. */
	uint64_t before = segment->p_vaddr % PVG_PAGE_BYTES;
	uint64_t end = segment->p_vaddr + segment->p_memsz;
	struct image_file content;

	if (segment->p_offset > file->len || segment->p_offset < before ||
	    segment->p_filesz > file->len - segment->p_offset ||
	    segment->p_filesz > segment->p_memsz || end < segment->p_vaddr)
		return -E_FORMAT;
	content.bytes = file->bytes + segment->p_offset - before;
	content.len = segment->p_filesz + before;
	return space_add(space, segment->p_vaddr - before, end, rights,
			 content);
}

static int load(struct space *space, const struct image_file *file,
		uint64_t *ret_entry)
{
	Elf64_Ehdr header;
	int error = 0;

	if (file->len < sizeof(header))
		return -E_FORMAT;
	memcpy(&header, file->bytes, sizeof(header));
	if (!is_program(file, &header))
		return -E_FORMAT;
	for (unsigned i = 0; i < header.e_phnum && !error; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file->bytes + header.e_phoff +
				 i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && segment.p_memsz > 0)
			error = add_segment(space, file, &segment);
	}
	*ret_entry = header.e_entry;
	return error ? error : space_add_heap_and_stack(space);
}

/* The strings, and below them the pointers; argv is then the stack's top. */
static bool put_arguments(struct space *space,
			  const struct arguments *arguments, uint64_t *ret_argv)
{
	uint64_t argv[ARGUMENTS_MAX + 1] = { 0 };
	uint64_t strings = (USER_END - arguments->bytes) & ~15ul;
	const char *text = arguments->text;

	for (unsigned i = 0; i < arguments->count; i++) {
		argv[i] = strings + (uint64_t)(text - arguments->text);
		text += strlen(text) + 1;
	}
	*ret_argv = (strings - sizeof(argv)) & ~15ul;
	return user_out(space, strings, arguments->text, arguments->bytes) &&
	       user_out(space, *ret_argv, argv, sizeof(argv));
}

int exec_program(struct process *process, const char *name,
		 const struct arguments *arguments)
{
	struct image_file file;
	struct space space;
	uint64_t entry, argv;
	int error;

	if (!image_find(name, &file))
		return -E_NAME;
	if (space_init(&space) < 0)
		return -E_MEMORY;
	error = load(&space, &file, &entry);
	if (!error && !put_arguments(&space, arguments, &argv))
		error = -E_MEMORY;
	/* The registers of a program are canonical, or it cannot run. */
	if (!error && entry >= USER_END)
		error = -E_FORMAT;
	if (error) {
		space_done(&space);
		return error;
	}
	space_done(&process->space);
	process->space = space;
	process->user = (struct pv_user){
		.root = pvg_space_root(&process->space.tables),
		.rip = entry,
		.rsp = argv,
		.rdi = arguments->count,
		.rsi = argv,
	};
	pvg_xstate_init(process->xstate);
	return 0;
}

/* Copied before the space it is in goes away. */
static int copy_arguments(struct space *space, uint64_t argv,
			  struct arguments *ret_arguments)
{
	char text[ARGUMENT_BYTES_MAX];

	ret_arguments->count = 0;
	ret_arguments->bytes = 0;
	for (;; argv += sizeof(argv)) {
		uint64_t at;
		int64_t len;

		if (!user_in(space, &at, argv, sizeof(at)))
			return -E_FAULT;
		if (at == 0)
			return 0;
		len = user_string(space, text, sizeof(text), at);
		if (len < 0)
			return (int)len;
		if (!arguments_add(ret_arguments, text))
			return -E_ARGUMENT;
	}
}

int64_t exec_call(struct process *process, uint64_t name_at, uint64_t argv)
{
	struct arguments arguments;
	char name[64];
	int64_t answer = user_string(&process->space, name, sizeof(name),
				     name_at);

	if (answer >= 0)
		answer = copy_arguments(&process->space, argv, &arguments);
	if (answer >= 0)
		answer = exec_program(process, name, &arguments);
	return answer;
}
