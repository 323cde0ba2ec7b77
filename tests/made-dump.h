/* SPDX-License-Identifier: MIT
 *
 * A good dump in memory, whose parts tests then break one at a time: two vCPUs, 8
 * pages of RAM with a guest's page tables in them, a window and a root copy.
 */
#ifndef MADE_DUMP_H
#define MADE_DUMP_H

#include <elf.h>
#include <string.h>

#include "dump.h"
#include "page-tables.h"
#include "vm.h"

#define MADE_RAM_BYTES (8u * PV_PAGE_BYTES)
#define MADE_WINDOW_GPA 0x200000u
#define MADE_WINDOW_BYTES (3u * PV_PAGE_BYTES)
#define MADE_ROOTS_GPA 0x400000u
#define MADE_ROOTS_BYTES PV_PAGE_BYTES
#define MADE_RAM_HOST UINT64_C(0x7f0000000000)

#define MADE_PAGE_ALL (HV_PT_PRESENT | HV_PT_WRITE | HV_PT_USER)
/* Guest-virtual: a small page at 0x5000, read-only, on top of that a loop; and one
 * that leads to the window. */
#define MADE_GVA UINT64_C(0x1000)
#define MADE_GVA_WINDOW UINT64_C(0x2000)
#define MADE_GVA_LOOP UINT64_C(0x8000000000)

enum { MADE_NOTES, MADE_RAM, MADE_WINDOW, MADE_ROOTS, MADE_PARTS };

struct made_dump {
	Elf64_Ehdr header;
	Elf64_Phdr phdr[MADE_PARTS];
	Elf64_Nhdr core;         /* another's note, before ours */
	char core_name[8];
	uint32_t core_content[3];
	Elf64_Nhdr note;
	char name[12];
	struct hv_dump_head head;
	struct hv_dump_vcpu vcpu[2];
	struct hv_dump_range range[3];
	uint64_t ram[MADE_RAM_BYTES / 8];
	uint64_t window[MADE_WINDOW_BYTES / 8];
	uint64_t roots[MADE_ROOTS_BYTES / 8];
};

static inline Elf64_Phdr made_part(uint64_t gpa, size_t at, uint64_t bytes)
{
	return (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R, .p_offset = at,
		.p_vaddr = gpa, .p_paddr = gpa, .p_filesz = bytes,
		.p_memsz = bytes,
	};
}

static inline void make_dump_elf(struct made_dump *d)
{
	d->header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct made_dump, phdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = MADE_PARTS,
		.e_ehsize = sizeof(Elf64_Ehdr),
	};
	d->phdr[MADE_NOTES] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = offsetof(struct made_dump, core),
		.p_filesz = offsetof(struct made_dump, ram) -
			    offsetof(struct made_dump, core),
	};
	d->phdr[MADE_RAM] = made_part(0, offsetof(struct made_dump, ram),
				      MADE_RAM_BYTES);
	d->phdr[MADE_WINDOW] = made_part(MADE_WINDOW_GPA,
					 offsetof(struct made_dump, window),
					 MADE_WINDOW_BYTES);
	d->phdr[MADE_ROOTS] = made_part(MADE_ROOTS_GPA,
					offsetof(struct made_dump, roots),
					MADE_ROOTS_BYTES);
	d->core = (Elf64_Nhdr){ 5, sizeof(d->core_content), 99 };
	memcpy(d->core_name, "CORE", 5);
	d->note = (Elf64_Nhdr){
		sizeof(HV_DUMP_NOTE_NAME),
		sizeof(d->head) + sizeof(d->vcpu) + sizeof(d->range),
		HV_DUMP_NOTE_TYPE,
	};
	memcpy(d->name, HV_DUMP_NOTE_NAME, sizeof(HV_DUMP_NOTE_NAME));
}

static inline void make_dump_note(struct made_dump *d)
{
	d->head = (struct hv_dump_head){
		.version = HV_DUMP_VERSION,
		.head_bytes = sizeof(d->head),
		.vcpu_bytes = sizeof(d->vcpu[0]),
		.range_bytes = sizeof(d->range[0]),
		.vcpus = 2,
		.ranges = 3,
		.end = HV_END_KILLED,
		.root_initial = MADE_WINDOW_GPA,
		.memory = {
			{ 0, MADE_RAM_BYTES, MADE_RAM_HOST },
			{ MADE_WINDOW_GPA, MADE_WINDOW_BYTES, 0x1000 },
			{ MADE_ROOTS_GPA, MADE_ROOTS_BYTES, 0x9000 },
		},
		.reason = "it was\aat its end",
	};
	for (unsigned i = 0; i < 2; i++)
		d->vcpu[i] = (struct hv_dump_vcpu){
			.number = i, .flags = HV_DUMP_UP,
			.kernel_root = 0x1000,
			.kernel_tables = MADE_ROOTS_GPA,
		};
	d->range[0] = (struct hv_dump_range){ 0, 0x1000, PV_MEMORY_GUARD, 0, 0, 0 };
	d->range[1] = (struct hv_dump_range){ 0x1000, 0x4000, PV_MEMORY_IMAGE, 0,
					      1, 0 };
	d->range[2] = (struct hv_dump_range){ 0x5000, 0x3000, PV_MEMORY_FREE, 1, 0,
					      0 };
}

static inline void make_dump_tables(struct made_dump *d)
{
	d->roots[0] = 0x2000 | MADE_PAGE_ALL;
	d->roots[1] = MADE_ROOTS_GPA | MADE_PAGE_ALL;
	d->ram[0x2000 / 8] = 0x3000 | MADE_PAGE_ALL;
	d->ram[0x3000 / 8] = 0x4000 | MADE_PAGE_ALL;
	d->ram[0x4000 / 8 + 1] = 0x5000 | HV_PT_PRESENT | HV_PT_USER;
	d->ram[0x4000 / 8 + 2] = MADE_WINDOW_GPA | MADE_PAGE_ALL;
	memcpy((uint8_t *)d->ram + 0x5000, "content of a page", 18);
}

static inline void make_dump(struct made_dump *ret_dump)
{
	memset(ret_dump, 0, sizeof(*ret_dump));
	make_dump_elf(ret_dump);
	make_dump_note(ret_dump);
	make_dump_tables(ret_dump);
}

#endif
