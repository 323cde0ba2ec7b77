/* SPDX-License-Identifier: MIT
 *
 * What is in a dump; read dump.h first, and then this from its end.
 */
#include "dump.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "units.h"
#include "vm.h"

#define NAME_BYTES 12 /* of a note, padded: "PARAVANE" and "CORE" fit */

_Static_assert(sizeof(struct hv_dump_head) == 152 + HV_DUMP_REASON_BYTES +
						      HV_DUMP_PATH_BYTES,
	       "no holes in the head");
_Static_assert(sizeof(struct hv_dump_vcpu) == 200, "nor in a vCPU");
_Static_assert(sizeof(struct hv_dump_range) == 32, "nor in a range");

struct own_note {
	struct hv_dump_head head;
	/* Then as many as there are: */
	struct hv_dump_vcpu vcpu[PV_VCPUS_MAX];
	struct hv_dump_range range[HV_RANGES_MAX];
};

/* What the file begins with. */
struct front {
	Elf64_Ehdr header;
	Elf64_Phdr phdr[1 + HV_DUMP_MEMORIES];
	uint8_t notes[PV_VCPUS_MAX * (sizeof(Elf64_Nhdr) + NAME_BYTES +
				      sizeof(struct elf_prstatus)) +
		      sizeof(Elf64_Nhdr) + NAME_BYTES + sizeof(struct own_note)];
	size_t note_bytes;
};

/* ---- notes */

static void add_note(struct front *f, const char *name, uint32_t type,
		     const void *content, size_t bytes)
{
	Elf64_Nhdr header = {
		.n_namesz = (Elf64_Word)strlen(name) + 1,
		.n_descsz = (Elf64_Word)bytes,
		.n_type = type,
	};
	uint8_t *at = f->notes + f->note_bytes;

	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), name, header.n_namesz);
	at += sizeof(header) + hv_round_up(header.n_namesz, 4);
	memcpy(at, content, bytes);
	f->note_bytes = (size_t)(at - f->notes) + bytes;
}

static void add_status(struct front *f, const struct hv_dump_vcpu *vcpu,
		       const struct hv_engine *engine)
{
	const struct hv_regs *r = &vcpu->regs;
	const struct user_regs_struct regs = {
		.r15 = r->r15, .r14 = r->r14, .r13 = r->r13, .r12 = r->r12,
		.rbp = r->rbp, .rbx = r->rbx, .r11 = r->r11, .r10 = r->r10,
		.r9 = r->r9, .r8 = r->r8, .rax = r->rax, .rcx = r->rcx,
		.rdx = r->rdx, .rsi = r->rsi, .rdi = r->rdi,
		.orig_rax = UINT64_MAX, .rip = r->rip, .cs = engine->frame_cs,
		.eflags = r->rflags, .rsp = r->rsp, .ss = engine->frame_ss,
		.fs_base = vcpu->fs_base, .gs_base = vcpu->gs_base,
	};
	struct elf_prstatus status = { .pr_pid = (pid_t)vcpu->number + 1 };

	_Static_assert(sizeof(status.pr_reg) == sizeof(regs), "the same registers");
	memcpy(&status.pr_reg, &regs, sizeof(regs));
	add_note(f, "CORE", NT_PRSTATUS, &status, sizeof(status));
}

/* Of one that is served, the registers are those of the operation, and stay; the
 * bases may be changing hands. */
static void take_registers(const struct hv_vcpu *vcpu, struct hv_dump_vcpu *ret)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;
	const struct hv_regs *regs = NULL;
	struct hv_bases bases = { .gs = 0 };

	if (vcpu->cpu && vcpu->begun) {
		regs = ops->cpu_regs(vcpu->cpu);
		if (!(ret->flags & HV_DUMP_SERVED))
			ops->cpu_bases(vcpu->cpu, &bases);
	}
	ret->regs = regs ? *regs : vcpu->entry_regs;
	ret->fs_base = bases.fs;
	ret->gs_base = bases.gs;
}

static void take_vcpu(struct hv_vcpu *vcpu, bool running,
		      struct hv_dump_vcpu *ret)
{
	bool up = atomic_load(&vcpu->up);

	*ret = (struct hv_dump_vcpu){
		.number = vcpu->number,
		.flags = up ? HV_DUMP_UP : 0,
		.kernel_root = vcpu->kernel_root.guest,
		.kernel_tables = vcpu->kernel_root.copy,
		.user_root = vcpu->user_root.guest,
		.user_tables = vcpu->user_root.copy,
	};
	if (atomic_load(&vcpu->in_user))
		ret->flags |= HV_DUMP_USER;
	if (up && running && atomic_load(&vcpu->place) == HV_PLACE_ASLEEP)
		ret->flags |= HV_DUMP_ASLEEP;
	if (up && running && !hv_vcpu_at_rest(vcpu))
		ret->flags |= HV_DUMP_SERVED;
	take_registers(vcpu, ret);
}

static void take_ranges(const struct hv_layout *layout,
			struct hv_dump_range ret[])
{
	for (unsigned i = 0; i < layout->ranges; i++) {
		const struct hv_range *r = &layout->range[i];

		ret[i] = (struct hv_dump_range){
			.base = r->base, .bytes = r->bytes, .type = r->type,
			.write = r->write, .exec = r->exec,
		};
	}
}

static void take_image(const struct hv_image *image, struct hv_dump_head *head)
{
	char *path = realpath(image->file.path, NULL);

	if (path && strlen(path) < sizeof(head->image_path))
		strcpy(head->image_path, path);
	free(path);
	head->image_bytes = image->file.bytes;
	head->image_mtime_ns = image->file.mtime_ns;
}

static void take_memories(const struct hv_vm *vm, struct hv_dump_memory ret[])
{
	ret[HV_DUMP_RAM] = (struct hv_dump_memory){
		0, vm->memory.bytes, (uintptr_t)vm->memory.base,
	};
	ret[HV_DUMP_WINDOW] = (struct hv_dump_memory){
		vm->window.gpa, vm->window.bytes, (uintptr_t)vm->window.base,
	};
	if (vm->roots.base)
		ret[HV_DUMP_ROOTS] = (struct hv_dump_memory){
			vm->roots.gpa, HV_ROOTS_MAX * HV_PAGE,
			(uintptr_t)vm->roots.base,
		};
}

static void take_head(const struct hv_vm *vm, struct hv_dump_head *ret)
{
	int end = atomic_load(&vm->ending);

	*ret = (struct hv_dump_head){
		.version = HV_DUMP_VERSION,
		.head_bytes = sizeof(struct hv_dump_head),
		.vcpu_bytes = sizeof(struct hv_dump_vcpu),
		.range_bytes = sizeof(struct hv_dump_range),
		.vcpus = vm->vcpus,
		.ranges = vm->layout.ranges,
		.end = (uint32_t)end,
		.root_initial = vm->engine->root_initial,
	};
	take_memories(vm, ret->memory);
	take_image(&vm->image, ret);
	if (end == HV_END_NOT)
		return;
	ret->end_detail = vm->end_detail;
	ret->crashed = vm->crashed;
	ret->crash_vcpu = vm->crash_vcpu;
	ret->faulted = vm->crash_faulted;
	ret->fault_address = vm->crash_address;
	memcpy(ret->reason, vm->reason, sizeof(vm->reason));
}

static void make_notes(struct hv_vm *vm, struct front *f)
{
	struct own_note *own = calloc(1, sizeof(*own));
	uint8_t *at = (uint8_t *)own;

	if (!own)
		return;
	take_head(vm, &own->head);
	at += sizeof(own->head);
	for (unsigned i = 0; i < vm->vcpus; i++) {
		struct hv_dump_vcpu vcpu;

		take_vcpu(&vm->vcpu[i], own->head.end == HV_END_NOT, &vcpu);
		if (vcpu.flags & HV_DUMP_UP)
			add_status(f, &vcpu, vm->engine);
		memcpy(at, &vcpu, sizeof(vcpu));
		at += sizeof(vcpu);
	}
	take_ranges(&vm->layout, (struct hv_dump_range *)(void *)at);
	at += vm->layout.ranges * sizeof(struct hv_dump_range);
	add_note(f, HV_DUMP_NOTE_NAME, HV_DUMP_NOTE_TYPE, own,
		 (size_t)(at - (uint8_t *)own));
	free(own);
}

/* ---- the file */

static void make_header(struct front *f, unsigned phdrs)
{
	f->header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct front, phdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)phdrs,
	};
	f->phdr[0] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = offsetof(struct front, notes),
		.p_filesz = f->note_bytes,
		.p_align = 4,
	};
}

static uint64_t virtual_of(enum hv_dump_memory_kind kind, uint64_t gpa)
{
	return kind == HV_DUMP_WINDOW ? PV_WINDOW_BASE : gpa;
}

/* Front and memories, each on a page of the file. Its size, or -errno. */
static int64_t write_parts(struct front *f, const struct hv_dump_memory memory[],
			   int fd)
{
	uint64_t at = hv_round_up(offsetof(struct front, notes) + f->note_bytes,
				  HV_PAGE);
	unsigned phdrs = 1;

	for (unsigned i = 0; i < HV_DUMP_MEMORIES; i++) {
		const struct hv_dump_memory *m = &memory[i];
		int status;

		if (!m->bytes)
			continue;
		f->phdr[phdrs++] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = i == HV_DUMP_RAM ? PF_R | PF_W | PF_X : PF_R,
			.p_offset = at,
			.p_vaddr = virtual_of(i, m->gpa),
			.p_paddr = m->gpa,
			.p_filesz = m->bytes,
			.p_memsz = m->bytes,
			.p_align = HV_PAGE,
		};
		status = hv_dump_pages(fd, at, (const uint8_t *)m->host, m->bytes);
		if (status < 0)
			return status;
		at += m->bytes;
	}
	make_header(f, phdrs);
	return (int64_t)at;
}

static int write_file(struct hv_vm *vm, struct front *f, int fd)
{
	struct hv_dump_memory memory[HV_DUMP_MEMORIES] = { { .bytes = 0 } };
	size_t front_bytes;
	int64_t bytes;
	ssize_t n;

	make_notes(vm, f);
	if (!f->note_bytes)
		return -ENOMEM;
	take_memories(vm, memory);
	bytes = write_parts(f, memory, fd);
	if (bytes < 0)
		return (int)bytes;
	/* The end may be a hole, which only the size tells. */
	if (ftruncate(fd, (off_t)bytes) < 0)
		return -errno;
	front_bytes = offsetof(struct front, notes) + f->note_bytes;
	n = pwrite(fd, f, front_bytes, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == front_bytes ? 0 : -ENOSPC;
}

int hv_dump_write_to(struct hv_vm *vm, int fd)
{
	struct front *front = calloc(1, sizeof(*front));
	int status = front ? write_file(vm, front, fd) : -ENOMEM;

	free(front);
	return status;
}
