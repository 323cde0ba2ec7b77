/* SPDX-License-Identifier: MIT
 *
 * Checking and loading a guest image. parse() at the end of the checks is the
 * list of them in order; each check above it is one function. Every number in
 * the file is an attacker's until its check has passed.
 */
#include "image.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "image-check.h"
#include "units.h"

/* Linkers make 4 to 10 program headers. The limits keep the work bounded that a
 * hostile file can cause, and everything here on the stack. */
#define PROGRAM_HEADERS_MAX 64

static int check_type(const struct hv_image *image, unsigned type,
		      struct hv_error *err)
{
	switch (type) {
	case ET_EXEC:
		return 0;
	case ET_DYN:
		return hv_file_bad(&image->file, err, "is position-independent or a shared "
			   "library; link the guest with -static -no-pie");
	case ET_REL:
		return hv_file_bad(&image->file, err, "is an object file; link it with "
			   "libpvguest to make a guest of it");
	case ET_CORE:
		return hv_file_bad(&image->file, err, "is a core dump, not a guest");
	default:
		return hv_file_bad(&image->file, err, "is an ELF file of the unknown type %u",
			   type);
	}
}

static int check_ident(const struct hv_image *image, const uint8_t *ident,
		       size_t bytes, struct hv_error *err)
{
	if (bytes < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return hv_file_bad(&image->file, err, "is not an ELF file; a guest is a static "
			   "64-bit ELF program linked with libpvguest");
	if (bytes < EI_NIDENT)
		return hv_file_bad(&image->file, err, "is truncated inside its ELF header");
	if (ident[EI_CLASS] == ELFCLASS32)
		return hv_file_bad(&image->file, err, "is a 32-bit program; compile the guest "
			   "with -m64");
	if (ident[EI_CLASS] != ELFCLASS64)
		return hv_file_bad(&image->file, err, "has the unknown ELF class %u; a guest "
			   "is ELF64", ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return hv_file_bad(&image->file, err, "is not little-endian; a guest is "
			   "compiled for x86-64");
	return 0;
}

static int read_header(const struct hv_image *image, Elf64_Ehdr *ret_header,
		       struct hv_error *err)
{
	size_t bytes = sizeof(*ret_header);

	if (image->file.bytes == 0)
		return hv_file_bad(&image->file, err, "is empty");
	if (bytes > image->file.bytes)
		bytes = (size_t)image->file.bytes;
	memset(ret_header, 0, sizeof(*ret_header));
	if (hv_file_need(&image->file, 0, ret_header, bytes, "became shorter", err) < 0)
		return -1;
	if (check_ident(image, ret_header->e_ident, bytes, err) < 0)
		return -1;
	if (bytes < sizeof(*ret_header))
		return hv_file_bad(&image->file, err, "is truncated inside its ELF header");
	return 0;
}

static int check_header(const struct hv_image *image, const Elf64_Ehdr *header,
			struct hv_error *err)
{
	if (header->e_machine != EM_X86_64)
		return hv_file_bad(&image->file, err, "is for another processor (ELF machine "
			   "%u); a guest is compiled for x86-64",
			   header->e_machine);
	if (header->e_ident[EI_VERSION] != EV_CURRENT ||
	    header->e_version != EV_CURRENT)
		return hv_file_bad(&image->file, err, "has the unknown ELF version %" PRIu32,
			   header->e_version);
	return check_type(image, header->e_type, err);
}

static int read_program_headers(const struct hv_image *image,
				const Elf64_Ehdr *header, Elf64_Phdr *ret_phdr,
				struct hv_error *err)
{
	if (header->e_phnum == 0)
		return hv_file_bad(&image->file, err, "has no program headers; link it as a "
			   "program");
	/* PN_XNUM, the escape to counts beyond 16 bits, is caught here too. */
	if (header->e_phnum > PROGRAM_HEADERS_MAX)
		return hv_file_bad(&image->file, err, "has %u program headers, at most %u are "
			   "taken", header->e_phnum, PROGRAM_HEADERS_MAX);
	if (header->e_phentsize != sizeof(*ret_phdr))
		return hv_file_bad(&image->file, err, "has program headers of %u bytes instead "
			   "of %zu", header->e_phentsize, sizeof(*ret_phdr));
	return hv_file_need(&image->file, header->e_phoff, ret_phdr,
			     header->e_phnum * sizeof(*ret_phdr),
			     "is truncated: its program headers are beyond the "
			     "end of the file", err);
}

static int check_static(const struct hv_image *image, const Elf64_Phdr *phdr,
			unsigned phdrs, struct hv_error *err)
{
	for (unsigned i = 0; i < phdrs; i++)
		if (phdr[i].p_type == PT_INTERP || phdr[i].p_type == PT_DYNAMIC)
			return hv_file_bad(&image->file, err, "is dynamically linked; link the "
				   "guest with -static -no-pie");
	return 0;
}

static int check_segment_place(const struct hv_image *image, unsigned i,
			       const Elf64_Phdr *phdr, struct hv_error *err)
{
	if (phdr->p_vaddr % PV_PAGE_BYTES != 0)
		return hv_file_bad(&image->file, err, "has segment %u at %#" PRIx64 ", which is "
			   "not a multiple of 4096; link it with libpvguest's "
			   "linker script", i, phdr->p_vaddr);
	if (phdr->p_vaddr < PV_PAGE_BYTES)
		return hv_file_bad(&image->file, err, "has segment %u at page 0, which is never "
			   "mapped; link it at 0x10000", i);
	if (phdr->p_memsz > UINT64_MAX - phdr->p_vaddr)
		return hv_file_bad(&image->file, err, "has segment %u of %#" PRIx64 " bytes, "
			   "which wraps around the address space", i,
			   phdr->p_memsz);
	if (phdr->p_vaddr + phdr->p_memsz > PV_WINDOW_BASE)
		return hv_file_bad(&image->file, err, "has segment %u reaching to %#" PRIx64 ", "
			   "beyond any RAM; link it at 0x10000", i,
			   phdr->p_vaddr + phdr->p_memsz);
	return 0;
}

static int check_segment_file(const struct hv_image *image, unsigned i,
			      const Elf64_Phdr *phdr, struct hv_error *err)
{
	if (phdr->p_filesz > phdr->p_memsz)
		return hv_file_bad(&image->file, err, "has segment %u with more bytes in the "
			   "file than in memory", i);
	if (phdr->p_filesz == 0)
		return 0;
	if (!hv_file_has(&image->file, phdr->p_offset, phdr->p_filesz))
		return hv_file_bad(&image->file, err, "is truncated: segment %u is beyond the "
			   "end of the file", i);
	if (phdr->p_offset % PV_PAGE_BYTES != 0)
		return hv_file_bad(&image->file, err, "has segment %u at file offset %#" PRIx64
			   ", which does not match its page-aligned address; "
			   "link it with -z max-page-size=4096", i,
			   phdr->p_offset);
	return 0;
}

/* Segments start on page boundaries, so two that share a page overlap. */
static int check_segment_order(const struct hv_image *image, unsigned i,
			       const Elf64_Phdr *phdr, struct hv_error *err)
{
	const struct hv_segment *last;

	if (image->segments == 0 || phdr->p_vaddr >= image->end_gpa)
		return 0;
	last = &image->segment[image->segments - 1];
	if (phdr->p_vaddr + phdr->p_memsz <= last->gpa)
		return hv_file_bad(&image->file, err, "has segment %u below the one before it; "
			   "ELF wants them in ascending order", i);
	return hv_file_bad(&image->file, err, "has overlapping segments: %u starts at %#" PRIx64
		   ", the one before it ends at %#" PRIx64, i, phdr->p_vaddr,
		   last->gpa + last->memory_bytes);
}

static int check_segment(const struct hv_image *image, unsigned i,
			 const Elf64_Phdr *phdr, struct hv_error *err)
{
	if (image->segments == HV_SEGMENTS_MAX)
		return hv_file_bad(&image->file, err, "has more than %u segments to load",
			   HV_SEGMENTS_MAX);
	if ((phdr->p_flags & PF_W) && (phdr->p_flags & PF_X))
		return hv_file_bad(&image->file, err, "has segment %u both writable and "
			   "executable; keep code and data in separate "
			   "segments", i);
	if (check_segment_place(image, i, phdr, err) < 0 ||
	    check_segment_file(image, i, phdr, err) < 0)
		return -1;
	return check_segment_order(image, i, phdr, err);
}

static void take_segment(struct hv_image *image, const Elf64_Phdr *phdr)
{
	image->segment[image->segments++] = (struct hv_segment){
		.gpa = phdr->p_vaddr,
		.memory_bytes = phdr->p_memsz,
		/* Where nothing is in the file anything may stand here. */
		.file_offset = phdr->p_filesz ? phdr->p_offset : 0,
		.file_bytes = phdr->p_filesz,
		.write = phdr->p_flags & PF_W,
		.exec = phdr->p_flags & PF_X,
	};
	image->end_gpa = hv_round_up(phdr->p_vaddr + phdr->p_memsz,
				     PV_PAGE_BYTES);
}

/* Segments are numbered in messages as `readelf -l` lists program headers. */
static int take_segments(struct hv_image *image, const Elf64_Phdr *phdr,
			 unsigned phdrs, struct hv_error *err)
{
	for (unsigned i = 0; i < phdrs; i++) {
		if (phdr[i].p_type != PT_LOAD)
			continue;
		if (phdr[i].p_memsz == 0 && phdr[i].p_filesz == 0)
			continue;
		if (check_segment(image, i, &phdr[i], err) < 0)
			return -1;
		take_segment(image, &phdr[i]);
	}
	if (image->segments == 0)
		return hv_file_bad(&image->file, err, "has no segments to load");
	return 0;
}

static int check_entry(const struct hv_image *image, struct hv_error *err)
{
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		if (s->exec && image->entry >= s->gpa &&
		    image->entry - s->gpa < s->memory_bytes)
			return 0;
	}
	return hv_file_bad(&image->file, err, "has its entry point at %#" PRIx64 ", outside "
		   "every executable segment", image->entry);
}

static int parse(struct hv_image *image, struct hv_error *err)
{
	Elf64_Phdr phdr[PROGRAM_HEADERS_MAX];
	Elf64_Ehdr header;

	if (read_header(image, &header, err) < 0 ||
	    check_header(image, &header, err) < 0 ||
	    read_program_headers(image, &header, phdr, err) < 0 ||
	    check_static(image, phdr, header.e_phnum, err) < 0 ||
	    hv_image_take_note(image, phdr, header.e_phnum, err) < 0)
		return -1;
	if (image->native)
		return hv_image_take_native(image, phdr, header.e_phnum, err);
	if (take_segments(image, phdr, header.e_phnum, err) < 0)
		return -1;
	image->entry = header.e_entry;
	return check_entry(image, err);
}

int hv_image_parse(struct hv_image *ret_image, const void *data, size_t bytes,
		   struct hv_error *err)
{
	struct hv_image image = { .file = hv_file_of(data, bytes) };

	if (parse(&image, err) < 0)
		return -1;
	*ret_image = image;
	return 0;
}

int hv_image_open(struct hv_image *ret_image, const char *path,
		  struct hv_error *err)
{
	struct hv_image image = { .segments = 0 };

	if (hv_file_open(&image.file, path, "a guest's ELF file", err) < 0)
		return -1;
	if (parse(&image, err) < 0) {
		hv_file_done(&image.file);
		return -1;
	}
	*ret_image = image;
	return 0;
}

void hv_image_done(struct hv_image *image)
{
	hv_file_done(&image->file);
	*image = (struct hv_image){ .file = image->file };
}

uint64_t hv_image_memory_need(const struct hv_image *image)
{
	uint64_t need = image->end_gpa + image->stack_bytes + 2 * PV_PAGE_BYTES;

	if (need < image->note.memory_bytes)
		need = image->note.memory_bytes;
	if (need < HV_RAM_MIN_BYTES)
		need = HV_RAM_MIN_BYTES;
	return hv_round_up(need, PV_PAGE_BYTES);
}

uint64_t hv_image_memory_need_mib(const struct hv_image *image)
{
	return hv_round_up(hv_image_memory_need(image), HV_MIB) / HV_MIB;
}

int hv_image_fits(const struct hv_image *image, uint64_t ram_bytes,
		  struct hv_error *err)
{
	uint64_t mib = hv_image_memory_need_mib(image);

	if (image->end_gpa > ram_bytes)
		return hv_file_bad(&image->file, err, "has segments outside RAM: they reach to "
			   "%#" PRIx64 "; give it --mem %" PRIu64 "M or more",
			   image->end_gpa, mib);
	if (image->note.memory_bytes > ram_bytes)
		return hv_file_bad(&image->file, err, "asks for more RAM; give it --mem %"
			   PRIu64 "M or more", mib);
	return 0;
}

int hv_image_load(const struct hv_image *image, uint8_t *ram,
		  struct hv_error *err)
{
	for (unsigned i = 0; i < image->segments; i++) {
		const struct hv_segment *s = &image->segment[i];

		if (hv_file_need(&image->file, s->file_offset, ram + s->gpa,
				  s->file_bytes, "became shorter", err) < 0)
			return -1;
	}
	return 0;
}
