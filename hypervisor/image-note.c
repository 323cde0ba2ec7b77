/* SPDX-License-Identifier: MIT
 *
 * The boot note of an image (pvabi/note.h): found among the notes of the file,
 * and checked. A kernel for bare metal has another, that of PVH: the physical
 * address of its entry.
 */
#include <inttypes.h>
#include <string.h>

#include "feature-names.h"
#include "image-check.h"
#include "units.h"

#define NOTE_SEGMENT_MAX_BYTES (64u << 10)

#define PVH_NAME "Xen"
#define PVH_TYPE 18u /* XEN_ELFNOTE_PHYS32_ENTRY */

/* Where the parts of one note lie in the file. */
struct note_place {
	Elf64_Nhdr header;
	char name[sizeof(PV_NOTE_NAME)]; /* the first bytes of it */
	uint64_t desc_offset;
	uint64_t next_offset;
};

/* The note at offset in a note segment that ends at end. Sizes are 32 bits and
 * the segment lies in the file, so none of these sums can wrap. */
static int note_at(const struct hv_image *image, uint64_t offset, uint64_t end,
		   uint64_t align, struct note_place *ret_note,
		   struct hv_error *err)
{
	Elf64_Nhdr *header = &ret_note->header;
	uint64_t name_offset = offset + sizeof(*header), name_bytes;

	memset(ret_note->name, 0, sizeof(ret_note->name));
	if (name_offset > end)
		return hv_file_bad(&image->file, err, "has a truncated note segment");
	if (hv_file_need(&image->file, offset, header, sizeof(*header),
			  "has a truncated note segment", err) < 0)
		return -1;
	ret_note->desc_offset = offset + hv_round_up(sizeof(*header) +
						  header->n_namesz, align);
	if (ret_note->desc_offset + header->n_descsz > end)
		return hv_file_bad(&image->file, err, "has a note longer than its segment");
	ret_note->next_offset = ret_note->desc_offset +
				hv_round_up(header->n_descsz, align);
	name_bytes = header->n_namesz < sizeof(ret_note->name)
		     ? header->n_namesz : sizeof(ret_note->name);
	return hv_file_need(&image->file, name_offset, ret_note->name, name_bytes,
			     "has a truncated note", err);
}

static bool is_boot_note(const struct note_place *note)
{
	return note->header.n_namesz == sizeof(PV_NOTE_NAME) &&
	       memcmp(note->name, PV_NOTE_NAME, sizeof(PV_NOTE_NAME)) == 0 &&
	       note->header.n_type == PV_NOTE_TYPE;
}

static bool is_pvh_note(const struct note_place *note)
{
	return note->header.n_namesz == sizeof(PVH_NAME) &&
	       memcmp(note->name, PVH_NAME, sizeof(PVH_NAME)) == 0 &&
	       note->header.n_type == PVH_TYPE;
}

/* A number of 32 bits, or of 64 as Linux has it. */
static int take_pvh_note(struct hv_image *image, const struct note_place *note,
			 struct hv_error *err)
{
	uint32_t bytes = note->header.n_descsz;

	if (image->native)
		return hv_file_bad(&image->file, err, "has more than one PVH note");
	if (bytes != 4 && bytes != 8)
		return hv_file_bad(&image->file, err, "has a PVH note of %" PRIu32
				   " bytes instead of 4 or 8", bytes);
	image->native = true;
	return hv_file_need(&image->file, note->desc_offset, &image->entry, bytes,
			    "has a truncated PVH note", err);
}

static int take_note(struct hv_image *image, const struct note_place *note,
		     bool *found, struct hv_error *err)
{
	if (*found)
		return hv_file_bad(&image->file, err, "has more than one PVABI note; "
			   "libpvguest brings one, the guest must not add its "
			   "own");
	if (note->header.n_descsz != sizeof(image->note))
		return hv_file_bad(&image->file, err, "has a PVABI note of %" PRIu32 " bytes "
			   "instead of %zu", note->header.n_descsz,
			   sizeof(image->note));
	*found = true;
	return hv_file_need(&image->file, note->desc_offset, &image->note,
			     sizeof(image->note), "has a truncated PVABI note",
			     err);
}

static int scan_note_segment(struct hv_image *image, const Elf64_Phdr *phdr,
			     bool *found, struct hv_error *err)
{
	/* As binutils: 8 pads to 8, all else is the traditional 4. */
	uint64_t align = phdr->p_align == 8 ? 8 : 4;
	uint64_t offset = phdr->p_offset, end;
	struct note_place note;

	if (!hv_file_has(&image->file, phdr->p_offset, phdr->p_filesz))
		return hv_file_bad(&image->file, err, "is truncated: its notes are beyond the "
			   "end of the file");
	if (phdr->p_filesz > NOTE_SEGMENT_MAX_BYTES)
		return hv_file_bad(&image->file, err, "has %" PRIu64 " bytes of notes, at most "
			   "%u are taken", phdr->p_filesz,
			   NOTE_SEGMENT_MAX_BYTES);
	end = phdr->p_offset + phdr->p_filesz;
	while (offset < end) {
		if (note_at(image, offset, end, align, &note, err) < 0)
			return -1;
		if (is_boot_note(&note) &&
		    take_note(image, &note, found, err) < 0)
			return -1;
		if (is_pvh_note(&note) && take_pvh_note(image, &note, err) < 0)
			return -1;
		offset = note.next_offset;
	}
	return 0;
}

static int find_note(struct hv_image *image, const Elf64_Phdr *phdr,
		     unsigned phdrs, struct hv_error *err)
{
	bool found = false;

	for (unsigned i = 0; i < phdrs; i++)
		if (phdr[i].p_type == PT_NOTE &&
		    scan_note_segment(image, &phdr[i], &found, err) < 0)
			return -1;
	if (!found && !image->native)
		return hv_file_bad(&image->file, err, "has no PVABI note, so it is not a "
			   "Paravane guest; link it with libpvguest");
	if (found) /* with both it is meant for here */
		image->native = false;
	return 0;
}

static int check_note_version(const struct hv_image *image,
			      struct hv_error *err)
{
	unsigned major = image->note.abi_version >> 16;
	unsigned minor = image->note.abi_version & 0xffff;

	if (major != PV_ABI_MAJOR)
		return hv_file_bad(&image->file, err, "was built for ABI version %u.%u and this "
			   "paravane serves %u.x; rebuild the guest", major,
			   minor, PV_ABI_MAJOR);
	if (minor > PV_ABI_MINOR)
		return hv_file_bad(&image->file, err, "was built for ABI version %u.%u and this "
			   "paravane serves up to %u.%u; update paravane", major,
			   minor, PV_ABI_MAJOR, PV_ABI_MINOR);
	return 0;
}

/* What comes with another feature only. */
static const struct {
	uint64_t feature, needs;
} pairs[] = {
	{ PV_FEATURE_USER, PV_FEATURE_MMU },
	{ PV_FEATURE_HUGE_PAGES, PV_FEATURE_MMU },
	{ PV_FEATURE_NET_OFFLOAD, PV_FEATURE_NET },
};

static int check_pairs(const struct hv_image *image, struct hv_error *err)
{
	const struct pv_note *note = &image->note;
	char text[64], needs[64];

	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (note->required & pairs[i].feature &&
		    !((note->required | note->wanted) & pairs[i].needs))
			return hv_file_bad(&image->file, err, "requires %s, which comes with %s only; "
					   "ask for both",
					   hv_features_text(pairs[i].feature, text, sizeof(text)),
					   hv_features_text(pairs[i].needs, needs, sizeof(needs)));
	return 0;
}

static int check_note_features(const struct hv_image *image,
			       struct hv_error *err)
{
	uint64_t unknown = image->note.required &
			   ~(PV_FEATURES_V1 | PV_FEATURES_KERNEL |
			     PV_FEATURE_HUGE_PAGES | PV_FEATURE_NET |
			     PV_FEATURE_NET_OFFLOAD);
	char text[160];

	if (check_pairs(image, err) < 0)
		return -1;
	if (!unknown)
		return 0;
	return hv_file_bad(&image->file, err, "requires features this paravane does not have: "
		   "%s", hv_features_text(unknown, text, sizeof(text)));
}

static int check_note(struct hv_image *image, struct hv_error *err)
{
	const struct pv_note *note = &image->note;
	uint64_t reserved = note->flags | note->reserved[0] |
			    note->reserved[1] | note->reserved[2];

	if (check_note_version(image, err) < 0)
		return -1;
	if (reserved)
		return hv_file_bad(&image->file, err, "has reserved fields of its PVABI note "
			   "set; they must be 0");
	if (check_note_features(image, err) < 0)
		return -1;
	if (note->stack_bytes > PV_STACK_MAX_BYTES)
		return hv_file_bad(&image->file, err, "asks for a boot stack of %" PRIu64
			   " bytes, at most %u are given", note->stack_bytes,
			   PV_STACK_MAX_BYTES);
	if (note->memory_bytes > PV_WINDOW_BASE)
		return hv_file_bad(&image->file, err, "asks for %#" PRIx64 " bytes of RAM, more "
			   "than any guest can have", note->memory_bytes);
	image->stack_bytes = hv_round_up(note->stack_bytes ? note->stack_bytes
						       : PV_STACK_DEFAULT_BYTES,
				   PV_PAGE_BYTES);
	return 0;
}

int hv_image_take_note(struct hv_image *image, const Elf64_Phdr *phdr,
		       unsigned phdrs, struct hv_error *err)
{
	if (find_note(image, phdr, phdrs, err) < 0)
		return -1;
	return image->native ? 0 : check_note(image, err);
}
