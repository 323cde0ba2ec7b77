/* SPDX-License-Identifier: MIT
 *
 * A good guest image in memory, whose parts tests then break one at a time.
 * Nothing in it runs: the code is zeroes.
 */
#ifndef MAKE_ELF_H
#define MAKE_ELF_H

#include <elf.h>
#include <pvabi/note.h>
#include <string.h>

#define MADE_TEXT 0x10000u /* guest address of the code */
#define MADE_DATA 0x11000u
#define MADE_END 0x14000u  /* first page after the data */
#define MADE_PHDRS_MAX 20u
#define MADE_STRINGS "\0start\0helper\0bell\a"

struct made_note {
	Elf64_Nhdr header;
	char name[12]; /* padded to 8, so that desc is aligned: p_align is 8 */
	struct pv_note desc;
};

enum { MADE_CODE_PHDR, MADE_DATA_PHDR, MADE_NOTE_PHDR, MADE_PHDRS };
enum { MADE_NO_SYMBOL, MADE_START, MADE_HELPER, MADE_BELL, MADE_SYMBOLS };

/* The file, byte for byte. */
struct made_elf {
	Elf64_Ehdr header;
	Elf64_Phdr phdr[MADE_PHDRS_MAX];
	struct made_note note, second_note; /* the second is beyond p_filesz */
	Elf64_Shdr section[3]; /* none, symbols, strings */
	Elf64_Sym symbol[MADE_SYMBOLS];
	char strings[sizeof(MADE_STRINGS)];
	uint8_t code[0x1000] __attribute__((aligned(0x1000)));
	uint8_t data[0x1800];
};

static inline void make_elf_header(Elf64_Ehdr *ret_header)
{
	*ret_header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = MADE_TEXT + 0x10,
		.e_phoff = offsetof(struct made_elf, phdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = MADE_PHDRS,
		.e_shoff = offsetof(struct made_elf, section),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_ehsize = sizeof(Elf64_Ehdr),
	};
}

static inline void make_elf_segments(Elf64_Phdr *ret_phdr)
{
	ret_phdr[MADE_CODE_PHDR] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = MADE_TEXT,
		.p_offset = offsetof(struct made_elf, code),
		.p_filesz = 0x1000,
		.p_memsz = 0x1000,
	};
	ret_phdr[MADE_DATA_PHDR] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_vaddr = MADE_DATA,
		.p_offset = offsetof(struct made_elf, data),
		.p_filesz = 0x1800,
		.p_memsz = 0x2100,
	};
	ret_phdr[MADE_NOTE_PHDR] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_flags = PF_R,
		.p_offset = offsetof(struct made_elf, note),
		.p_filesz = sizeof(struct made_note),
		.p_align = 8,
	};
}

static inline void make_elf_note(struct made_note *ret_note)
{
	*ret_note = (struct made_note){
		.header = { .n_namesz = sizeof(PV_NOTE_NAME),
			    .n_descsz = sizeof(struct pv_note),
			    .n_type = PV_NOTE_TYPE },
		.name = PV_NOTE_NAME,
		.desc = { .abi_version = PV_ABI_VERSION },
	};
}

static inline Elf64_Sym made_function(uint32_t name, uint64_t at,
				      uint64_t bytes)
{
	return (Elf64_Sym){
		.st_name = name,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = 1,
		.st_value = at,
		.st_size = bytes,
	};
}

static inline void make_elf_symbols(struct made_elf *elf)
{
	elf->section[1] = (Elf64_Shdr){
		.sh_type = SHT_SYMTAB,
		.sh_offset = offsetof(struct made_elf, symbol),
		.sh_size = sizeof(elf->symbol),
		.sh_entsize = sizeof(Elf64_Sym),
		.sh_link = 2,
	};
	elf->section[2] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct made_elf, strings),
		.sh_size = sizeof(elf->strings),
	};
	memcpy(elf->strings, MADE_STRINGS, sizeof(MADE_STRINGS));
	elf->symbol[MADE_START] = made_function(1, MADE_TEXT + 0x10, 0x20);
	elf->symbol[MADE_HELPER] = made_function(7, MADE_TEXT + 0x40, 0);
	elf->symbol[MADE_BELL] = made_function(14, MADE_TEXT + 0x80, 0x10);
}

static inline void make_elf(struct made_elf *ret_elf)
{
	memset(ret_elf, 0, sizeof(*ret_elf));
	make_elf_header(&ret_elf->header);
	make_elf_segments(ret_elf->phdr);
	make_elf_note(&ret_elf->note);
	make_elf_note(&ret_elf->second_note);
	make_elf_symbols(ret_elf);
}

#define MADE_PHYSICAL 0x100000u /* where a bare-metal kernel's code lies */

static inline void make_elf_entry(struct made_elf *elf, uint64_t entry)
{
	memcpy(elf->note.name + 4, &entry, sizeof(entry));
}

/* The same as a bare-metal kernel: a PVH note in the place of the other, and physical
 * addresses. */
static inline void make_elf_native(struct made_elf *ret_elf)
{
	make_elf(ret_elf);
	memset(&ret_elf->note, 0, sizeof(ret_elf->note));
	ret_elf->note.header =
		(Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 8, .n_type = 18 };
	memcpy(ret_elf->note.name, "Xen", 4);
	make_elf_entry(ret_elf, MADE_PHYSICAL + 0x10);
	ret_elf->phdr[MADE_NOTE_PHDR].p_align = 4;
	ret_elf->phdr[MADE_NOTE_PHDR].p_filesz = 12 + 4 + 8;
	ret_elf->phdr[MADE_CODE_PHDR].p_paddr = MADE_PHYSICAL;
	ret_elf->phdr[MADE_DATA_PHDR].p_paddr = MADE_PHYSICAL + 0x5123;
}

#endif
