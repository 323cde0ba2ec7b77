/* SPDX-License-Identifier: MIT
 *
 * Address to function name, and back. Section headers and symbols were not looked at when
 * the image was checked: everything here goes through hv_file_read, which
 * refuses what is not in the file, and an odd table only means no name.
 */
#include "symbols.h"

#include <elf.h>
#include <string.h>

#include "printable.h"

/* A pass is bounded whatever the file claims: 24 MiB of symbols. */
#define SYMBOLS_MAX (1u << 20)
#define SYMBOLS_AT_ONCE 64
#define NAME_MAX_BYTES 128

static bool section_at(const struct hv_image *image, const Elf64_Ehdr *header,
		       uint32_t index, Elf64_Shdr *ret_section)
{
	uint64_t at = (uint64_t)index * sizeof(*ret_section);

	if (index >= header->e_shnum || header->e_shoff > UINT64_MAX - at)
		return false;
	return hv_file_read(&image->file, header->e_shoff + at, ret_section,
			     sizeof(*ret_section)) == 0;
}

static bool find_tables(const struct hv_image *image, Elf64_Shdr *ret_symbols,
			Elf64_Shdr *ret_strings)
{
	Elf64_Ehdr header;

	if (hv_file_read(&image->file, 0, &header, sizeof(header)) < 0 ||
	    header.e_shentsize != sizeof(*ret_symbols))
		return false;
	for (uint32_t i = 0; section_at(image, &header, i, ret_symbols); i++)
		if (ret_symbols->sh_type == SHT_SYMTAB &&
		    ret_symbols->sh_entsize == sizeof(Elf64_Sym))
			return section_at(image, &header, ret_symbols->sh_link,
					  ret_strings);
	return false;
}

static bool contains(const Elf64_Sym *symbol, uint64_t address)
{
	/* Hand-written assembly often states no size: anything behind it. */
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
	       symbol->st_shndx != SHN_UNDEF && symbol->st_value <= address &&
	       (symbol->st_size == 0 ||
		address - symbol->st_value < symbol->st_size);
}

/* The nearest function at or below the address that contains it. */
static bool find_symbol(const struct hv_image *image, const Elf64_Shdr *table,
			uint64_t address, Elf64_Sym *ret_symbol)
{
	uint64_t left = table->sh_size / sizeof(Elf64_Sym);
	uint64_t offset = table->sh_offset;
	Elf64_Sym symbol[SYMBOLS_AT_ONCE];
	bool found = false;

	if (left > SYMBOLS_MAX)
		left = SYMBOLS_MAX;
	while (left > 0) {
		uint64_t n = left < SYMBOLS_AT_ONCE ? left : SYMBOLS_AT_ONCE;

		if (hv_file_read(&image->file, offset, symbol, n * sizeof(*symbol)) < 0)
			return found;
		for (uint64_t i = 0; i < n; i++) {
			if (!contains(&symbol[i], address))
				continue;
			if (found && symbol[i].st_value <= ret_symbol->st_value)
				continue;
			*ret_symbol = symbol[i];
			found = true;
		}
		offset += n * sizeof(*symbol);
		left -= n;
	}
	return found;
}

static bool read_name(const struct hv_image *image, const Elf64_Shdr *strings,
		      uint32_t at, char *ret_name)
{
	uint64_t bytes;

	if (at >= strings->sh_size || strings->sh_offset > UINT64_MAX - at)
		return false;
	bytes = strings->sh_size - at;
	if (bytes > NAME_MAX_BYTES - 1)
		bytes = NAME_MAX_BYTES - 1;
	if (hv_file_read(&image->file, strings->sh_offset + at, ret_name, bytes) < 0)
		return false;
	ret_name[bytes] = '\0';
	hv_make_printable(ret_name, '?');
	return *ret_name != '\0';
}

/* A function without a size does not reach into another segment. */
static bool same_segment(const struct hv_image *image, uint64_t a, uint64_t b)
{
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		if (a - s->gpa < s->memory_bytes)
			return b - s->gpa < s->memory_bytes;
	}
	return false;
}

const char *hv_symbol_at(const struct hv_image *image, uint64_t address,
			 uint64_t *ret_offset)
{
	static _Thread_local char name[NAME_MAX_BYTES];
	Elf64_Shdr symbols, strings;
	Elf64_Sym symbol;

	if (!find_tables(image, &symbols, &strings) ||
	    !find_symbol(image, &symbols, address, &symbol) ||
	    !same_segment(image, symbol.st_value, address) ||
	    !read_name(image, &strings, symbol.st_name, name))
		return NULL;
	*ret_offset = address - symbol.st_value;
	return name;
}

static bool is_called(const struct hv_image *image, const Elf64_Shdr *strings,
		      const Elf64_Sym *symbol, const char *name)
{
	char its[NAME_MAX_BYTES];

	return symbol->st_shndx != SHN_UNDEF &&
	       ELF64_ST_TYPE(symbol->st_info) <= STT_FUNC &&
	       read_name(image, strings, symbol->st_name, its) &&
	       !strcmp(name, its);
}

bool hv_symbol_named(const struct hv_image *image, const char *name,
		     uint64_t *ret_address)
{
	Elf64_Shdr symbols, strings;
	Elf64_Sym symbol;
	uint64_t left;

	if (!find_tables(image, &symbols, &strings))
		return false;
	left = symbols.sh_size / sizeof(symbol);
	for (uint64_t i = 0; i < left && i < SYMBOLS_MAX; i++) {
		uint64_t at = i * sizeof(symbol);

		if (symbols.sh_offset > UINT64_MAX - at ||
		    hv_file_read(&image->file, symbols.sh_offset + at, &symbol,
				  sizeof(symbol)) < 0)
			return false;
		if (is_called(image, &strings, &symbol, name)) {
			*ret_address = symbol.st_value;
			return true;
		}
	}
	return false;
}
