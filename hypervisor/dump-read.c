/* SPDX-License-Identifier: MIT
 *
 * Reading a dump; read dump.h first. check() is the list of the checks in order.
 */
#include "dump.h"

#include <elf.h>
#include <string.h>

#include "units.h"

/* We write four. */
#define PROGRAM_HEADERS_MAX 16
#define NOTES_MAX (PV_VCPUS_MAX + 8)
/* Of physical addresses in page tables: 52 bits. */
#define GPA_END (UINT64_C(1) << 52)

/* ---- checks */

static int check_header(const struct hv_dump *dump, Elf64_Ehdr *ret_header,
			struct hv_error *err)
{
	if (hv_file_read(&dump->file, 0, ret_header, sizeof(*ret_header)) ||
	    memcmp(ret_header->e_ident, ELFMAG, SELFMAG))
		return hv_file_bad(&dump->file, err, "is not a dump: not an ELF file");
	if (ret_header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ret_header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    ret_header->e_machine != EM_X86_64)
		return hv_file_bad(&dump->file, err, "is not a dump of an x86-64 guest");
	if (ret_header->e_type != ET_CORE)
		return hv_file_bad(&dump->file, err, "is not a dump: an ELF file, but no core file; `paravane run --dump FILE` makes one");
	if (ret_header->e_phentsize != sizeof(Elf64_Phdr) ||
	    ret_header->e_phnum == 0 ||
	    ret_header->e_phnum > PROGRAM_HEADERS_MAX)
		return hv_file_bad(&dump->file, err, "is not a dump of Paravane's: it has %u program headers of %u bytes",
				   ret_header->e_phnum, ret_header->e_phentsize);
	return 0;
}

static int read_phdrs(const struct hv_dump *dump, const Elf64_Ehdr *header,
		      Elf64_Phdr ret[], struct hv_error *err)
{
	if (hv_file_need(&dump->file, header->e_phoff, ret,
			 header->e_phnum * sizeof(ret[0]),
			 "is truncated: its program headers are not all there",
			 err) < 0)
		return -1;
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (!hv_file_has(&dump->file, ret[i].p_offset, ret[i].p_filesz))
			return hv_file_bad(&dump->file, err, "is truncated: segment %u is not all there",
					   i);
	return 0;
}

/* Where the content of the note of ours is; false, if it is not among these. */
static bool find_note(const struct hv_dump *dump, const Elf64_Phdr *notes,
		      uint64_t *ret_at, uint64_t *ret_bytes)
{
	uint64_t at = notes->p_offset, end = at + notes->p_filesz;

	for (unsigned i = 0; i < NOTES_MAX; i++) {
		char name[sizeof(HV_DUMP_NOTE_NAME)];
		Elf64_Nhdr n;
		uint64_t content;

		if (end - at < sizeof(n) || hv_file_read(&dump->file, at, &n, sizeof(n)))
			return false;
		content = at + sizeof(n) + hv_round_up(n.n_namesz, 4);
		if (content > end || n.n_descsz > end - content)
			return false;
		if (n.n_type == HV_DUMP_NOTE_TYPE && n.n_namesz == sizeof(name) &&
		    !hv_file_read(&dump->file, at + sizeof(n), name, sizeof(name)) &&
		    !memcmp(name, HV_DUMP_NOTE_NAME, sizeof(name))) {
			*ret_at = content;
			*ret_bytes = n.n_descsz;
			return true;
		}
		at = content + hv_round_up(n.n_descsz, 4);
		if (at > end)
			return false;
	}
	return false;
}

static int check_head(struct hv_dump *dump, uint64_t bytes, struct hv_error *err)
{
	const struct hv_dump_head *h = &dump->head;

	if (h->version != HV_DUMP_VERSION)
		return hv_file_bad(&dump->file, err, "is a dump of version %u, this paravane reads version %u",
				   h->version, HV_DUMP_VERSION);
	if (h->head_bytes != sizeof(*h) ||
	    h->vcpu_bytes != sizeof(dump->vcpu[0]) ||
	    h->range_bytes != sizeof(dump->range[0]))
		return hv_file_bad(&dump->file, err, "is a bad dump: its note has other parts than version %u",
				   HV_DUMP_VERSION);
	if (h->vcpus < 1 || h->vcpus > PV_VCPUS_MAX)
		return hv_file_bad(&dump->file, err, "is a bad dump: it has %u vCPUs", h->vcpus);
	if (h->ranges > HV_RANGES_MAX)
		return hv_file_bad(&dump->file, err, "is a bad dump: it has %u ranges of memory",
				   h->ranges);
	if (bytes != sizeof(*h) + h->vcpus * sizeof(dump->vcpu[0]) +
			     h->ranges * sizeof(dump->range[0]))
		return hv_file_bad(&dump->file, err, "is a bad dump: its note is too long or too short");
	return 0;
}

static int read_note(struct hv_dump *dump, uint64_t at, uint64_t bytes,
		     struct hv_error *err)
{
	struct hv_dump_head *h = &dump->head;

	if (bytes < sizeof(*h) || hv_file_read(&dump->file, at, h, sizeof(*h)))
		return hv_file_bad(&dump->file, err, "is a bad dump: its note is too short");
	if (check_head(dump, bytes, err) < 0)
		return -1;
	at += sizeof(*h);
	if (hv_file_need(&dump->file, at, dump->vcpu,
			 h->vcpus * sizeof(dump->vcpu[0]), "became shorter", err) < 0 ||
	    hv_file_need(&dump->file, at + h->vcpus * sizeof(dump->vcpu[0]),
			 dump->range, h->ranges * sizeof(dump->range[0]),
			 "became shorter", err) < 0)
		return -1;
	h->reason[sizeof(h->reason) - 1] = '\0';
	h->image_path[sizeof(h->image_path) - 1] = '\0';
	return 0;
}

static bool overlap(const struct hv_dump_memory *a, const struct hv_dump_memory *b)
{
	return a->bytes && b->bytes && a->gpa < b->gpa + b->bytes &&
	       b->gpa < a->gpa + a->bytes;
}

static int check_memories(const struct hv_dump *dump, struct hv_error *err)
{
	const struct hv_dump_memory *m = dump->head.memory;

	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++)
		if (m[i].gpa > GPA_END || m[i].bytes > GPA_END - m[i].gpa ||
		    (m[i].gpa | m[i].bytes) % PV_PAGE_BYTES)
			return hv_file_bad(&dump->file, err, "is a bad dump: it has memory at no guest-physical address");
	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++)
		for (unsigned j = 0; j < i; j++)
			if (overlap(&m[i], &m[j]))
				return hv_file_bad(&dump->file, err, "is a bad dump: two pieces of its memory overlap");
	return 0;
}

/* The segment of each memory: one, and all of it. */
static int find_segment(struct hv_dump *dump, enum hv_dump_memory_kind kind,
			const Elf64_Phdr phdr[], unsigned phdrs,
			struct hv_error *err)
{
	static const char *const names[HV_DUMP_MEMORIES] = {
		"RAM", "the window", "page-table roots",
	};
	const struct hv_dump_memory *m = &dump->head.memory[kind];
	unsigned found = 0;

	if (!m->bytes)
		return 0;
	for (unsigned i = 0; i < phdrs; i++) {
		if (phdr[i].p_type != PT_LOAD || phdr[i].p_paddr != m->gpa)
			continue;
		if (phdr[i].p_filesz != m->bytes || phdr[i].p_memsz != m->bytes)
			return hv_file_bad(&dump->file, err, "is a bad dump: the segment of %s has another size than its note tells",
					   names[kind]);
		dump->offset[kind] = phdr[i].p_offset;
		found++;
	}
	if (found != 1)
		return hv_file_bad(&dump->file, err, "is a bad dump: it has %u segments of %s",
				   found, names[kind]);
	return 0;
}

static int check(struct hv_dump *dump, struct hv_error *err)
{
	Elf64_Phdr phdr[PROGRAM_HEADERS_MAX];
	uint64_t at = 0, bytes = 0;
	bool noted = false;
	Elf64_Ehdr header;

	if (check_header(dump, &header, err) < 0 ||
	    read_phdrs(dump, &header, phdr, err) < 0)
		return -1;
	for (unsigned i = 0; i < header.e_phnum && !noted; i++)
		noted = phdr[i].p_type == PT_NOTE &&
			find_note(dump, &phdr[i], &at, &bytes);
	if (!noted)
		return hv_file_bad(&dump->file, err, "is a core file, but not of a guest of Paravane's: it has no note of that name");
	if (read_note(dump, at, bytes, err) < 0 || check_memories(dump, err) < 0)
		return -1;
	for (unsigned kind = 0; kind < HV_DUMP_MEMORIES; kind++)
		if (find_segment(dump, kind, phdr, header.e_phnum, err) < 0)
			return -1;
	return 0;
}

/* ---- the reader */

int hv_dump_parse(struct hv_dump *ret_dump, const void *data, size_t bytes,
		  struct hv_error *err)
{
	memset(ret_dump, 0, sizeof(*ret_dump));
	ret_dump->file = hv_file_of(data, bytes);
	return check(ret_dump, err);
}

int hv_dump_open(struct hv_dump *ret_dump, const char *path, struct hv_error *err)
{
	memset(ret_dump, 0, sizeof(*ret_dump));
	if (hv_file_open(&ret_dump->file, path, "a dump", err) < 0)
		return -1;
	if (check(ret_dump, err) < 0) {
		hv_dump_done(ret_dump);
		return -1;
	}
	return 0;
}

void hv_dump_done(struct hv_dump *dump)
{
	hv_file_done(&dump->file);
}

const struct hv_dump_memory *hv_dump_memory_at(const struct hv_dump *dump,
					       pv_gpa_t gpa, uint64_t len)
{
	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++) {
		const struct hv_dump_memory *m = &dump->head.memory[i];

		if (gpa >= m->gpa && gpa - m->gpa < m->bytes &&
		    len <= m->bytes - (gpa - m->gpa))
			return m;
	}
	return NULL;
}

bool hv_dump_read(const struct hv_dump *dump, pv_gpa_t gpa, void *ret, uint64_t len)
{
	const struct hv_dump_memory *m = hv_dump_memory_at(dump, gpa, len);

	return m && !hv_file_read(&dump->file,
				  dump->offset[m - dump->head.memory] +
					  (gpa - m->gpa),
				  ret, len);
}

pv_gpa_t hv_dump_tables(const struct hv_dump_vcpu *vcpu)
{
	return vcpu->flags & HV_DUMP_USER ? vcpu->user_tables
					  : vcpu->kernel_tables;
}
