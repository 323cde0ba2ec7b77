/* SPDX-License-Identifier: MIT
 *
 * See bare-kvm.h. The machine is as close to the engine's as matters for the
 * cost of an exit: ring 3, 64-bit mode, I/O by permission bitmap, registers kept
 * in the shared page.
 */
#include "bare-kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../engine-kvm.h"
#include "../kvm-cpuid.h"
#include "../kvm-tables.h"

/* The rest of its memory, guest-physical and -virtual from 0. */
#define PDPT 0x4000u
#define PAGE_DIRECTORY 0x5000u
#define USER_TABLES 0x6000u /* three more levels */
#define SYSTEM 0x9000u      /* all of it supervisor's in user mode */
#define GDT 0x9000u
#define IDT 0x9100u
#define RING0_STACK_TOP 0xb000u
#define TASK_STATE 0xb000u /* its bitmap, all zero, allows every port */
#define TASK_STATE_LIMIT (104u + 8192u)
#define SYSTEM_END 0xe000u
#define STACK_TOP 0x18000u /* of the first vCPU; 4 KiB each */
#define MEMORY_BYTES (2u << 20)

#define PRESENT_WRITE 0x3u
#define USER 0x4u
#define PRESENT_WRITE_USER 0x7u
#define LARGE 0x80u
#define PAGE 4096u

#define CR0_BITS UINT64_C(0x80050033) /* PG AM WP NE ET MP PE */
#define CR4_BITS UINT64_C(0x620)      /* PAE OSFXSR OSXMMEXCPT */
#define EFER_BITS UINT64_C(0xd01)     /* SCE LME LMA NXE */
#define RFLAGS_BITS 2u

#define UNDEFINED_INSTRUCTION 6
#define RED_ZONE_BYTES 128
#define OUT_IMM8 0xe6u /* and 0xe7 */
#define OUT_BYTES 2

static void put(uint8_t *memory, uint64_t at, uint64_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void fill_tables(uint8_t *memory)
{
	const uint32_t user_last = USER_TABLES + 2 * PAGE;

	put(memory, HV_BARE_ROOT, PDPT | PRESENT_WRITE_USER);
	put(memory, HV_BARE_ROOT_OTHER, PDPT | PRESENT_WRITE_USER);
	put(memory, PDPT, PAGE_DIRECTORY | PRESENT_WRITE_USER);
	put(memory, PAGE_DIRECTORY, LARGE | PRESENT_WRITE_USER);
	put(memory, HV_BARE_ROOT_USER, USER_TABLES | PRESENT_WRITE_USER);
	put(memory, USER_TABLES, (USER_TABLES + PAGE) | PRESENT_WRITE_USER);
	put(memory, USER_TABLES + PAGE, user_last | PRESENT_WRITE_USER);
	for (uint32_t at = SYSTEM; at < SYSTEM_END; at += PAGE)
		put(memory, user_last + at / PAGE * 8, at | PRESENT_WRITE);
	put(memory, user_last + HV_BARE_USER_CODE / PAGE * 8,
	    HV_BARE_USER_CODE | PRESENT_WRITE_USER);
}

static void fill_memory(uint8_t *memory)
{
	const size_t bytes = (size_t)(hv_bare_code_end - hv_bare_code);
	const uint16_t bitmap = 104;
	const uint64_t gdt[] = {
		[HV_SEL_KERNEL_CODE / 8] = UINT64_C(0x00af9b000000ffff),
		[HV_SEL_USER_DATA / 8] = UINT64_C(0x00cff3000000ffff),
		[HV_SEL_USER_CODE / 8] = UINT64_C(0x00affb000000ffff),
	};

	fill_tables(memory);
	memcpy(memory + GDT, gdt, sizeof(gdt));
	put(memory, TASK_STATE + 4, RING0_STACK_TOP);
	memcpy(memory + TASK_STATE + 102, &bitmap, sizeof(bitmap));
	memcpy(memory + HV_BARE_CODE, hv_bare_code, bytes);
	memcpy(memory + HV_BARE_USER_CODE, hv_bare_code, bytes);
}

void hv_bare_gate(struct hv_bare_kvm *bare, const uint8_t *code, unsigned ring)
{
	uint64_t selector = ring ? HV_SEL_USER_CODE : HV_SEL_KERNEL_CODE;
	const uint64_t interrupt = 0x8e;

	put(bare->memory, IDT + UNDEFINED_INSTRUCTION * 16,
	    (hv_bare_at(code) & 0xffff) | selector << 16 | interrupt << 40 |
		    (hv_bare_at(code) >> 16 & 0xffff) << 48);
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX, .selector = selector, .type = type,
		.present = 1, .dpl = 3, .s = 1, .g = 1,
	};
}

void hv_bare_ring3(struct kvm_sregs *sregs)
{
	sregs->cs = flat(HV_SEL_USER_CODE, 11);
	sregs->cs.l = 1;
	sregs->ss = flat(HV_SEL_USER_DATA, 3);
	sregs->ss.db = 1;
}

static int set_sregs(const struct hv_bare_cpu *cpu)
{
	struct kvm_sregs sregs;

	if (ioctl(cpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	hv_bare_ring3(&sregs);
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss;
	sregs.ldt = (struct kvm_segment){ .type = 2, .unusable = 1 };
	sregs.tr = (struct kvm_segment){ .selector = HV_SEL_TSS,
					 .base = TASK_STATE,
					 .limit = TASK_STATE_LIMIT,
					 .type = cpu->machine->task_state_type,
					 .present = 1 };
	sregs.gdt.base = GDT;
	sregs.gdt.limit = HV_SEL_USER_CODE + 4;
	sregs.idt.base = IDT;
	sregs.idt.limit = HV_VECTORS * 16 - 1;
	sregs.cr0 = CR0_BITS;
	sregs.cr3 = HV_BARE_ROOT;
	sregs.cr4 = CR4_BITS;
	sregs.efer = EFER_BITS;
	return ioctl(cpu->fd, KVM_SET_SREGS, &sregs);
}

int hv_bare_begin(struct hv_bare_cpu *cpu, const uint8_t *code, bool system,
		  struct hv_error *err)
{
	const unsigned number = (unsigned)(cpu - cpu->machine->cpu);
	struct kvm_regs regs = { .rip = hv_bare_at(code),
				 .rsp = STACK_TOP + number * PAGE,
				 .rflags = RFLAGS_BITS };
	int offered = ioctl(cpu->machine->kvm, KVM_CHECK_EXTENSION,
			    KVM_CAP_SYNC_REGS);
	unsigned wanted = KVM_SYNC_X86_REGS | (system ? KVM_SYNC_X86_SREGS : 0);

	if ((system || code != hv_bare_call) &&
	    ((unsigned)offered & wanted) != wanted)
		return hv_fail(err, HV_STATUS_HOST,
			       "no bare guest to compare with: KVM on this host does not share registers (KVM_CAP_SYNC_REGS)");
	cpu->run->kvm_valid_regs = wanted & (unsigned)offered;
	if (set_sregs(cpu) < 0 || ioctl(cpu->fd, KVM_SET_REGS, &regs) < 0)
		return hv_fail(err, HV_STATUS_HOST,
			       "cannot start a bare KVM guest: %s",
			       strerror(errno));
	return 0;
}

/* Not all of SYSCALL's flags are cleared: no more than the guest needs. */
int hv_bare_syscalls(struct hv_bare_cpu *cpu, struct hv_error *err)
{
	const uint64_t to = HV_BARE_USER_CODE +
			    (uint64_t)(hv_bare_syscall - hv_bare_code);
	struct {
		uint32_t count, padding; /* a struct kvm_msrs */
		struct kvm_msr_entry entry[2];
	} msrs = {
		.count = 2,
		.entry = { { .index = 0xc0000082, .data = to }, /* LSTAR */
			   { .index = 0xc0000081,               /* STAR */
			     .data = (uint64_t)HV_SEL_KERNEL_CODE << 32 } },
	};

	if (ioctl(cpu->fd, KVM_SET_MSRS, &msrs) == 2)
		return 0;
	return hv_fail(err, HV_STATUS_HOST,
		       "KVM does not let SYSCALL lead anywhere");
}

static int add_memory(struct hv_bare_kvm *bare)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_BYTES,
	};

	bare->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bare->memory == MAP_FAILED) {
		bare->memory = NULL;
		return -1;
	}
	fill_memory(bare->memory);
	region.userspace_addr = (uintptr_t)bare->memory;
	return ioctl(bare->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

/* The guest's time-stamp counter is the host's: delays are taken on both. */
static int set_tsc(const struct hv_bare_cpu *cpu)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};

	return ioctl(cpu->fd, KVM_SET_DEVICE_ATTR, &attr);
}

static int add_cpu(struct hv_bare_kvm *bare, unsigned number)
{
	struct hv_bare_cpu *cpu = &bare->cpu[number];
	struct hv_cpuid cpuid;

	cpu->machine = bare;
	cpu->fd = ioctl(bare->vm, KVM_CREATE_VCPU, number);
	if (cpu->fd < 0)
		return -1;
	bare->cpus++;
	cpu->run = mmap(NULL, bare->run_bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		cpu->run = NULL;
		return -1;
	}
	hv_cpuid_fill(&cpuid);
	if (!cpuid.tsc_invariant || set_tsc(cpu) < 0)
		bare->tsc_differs = true;
	return ioctl(cpu->fd, KVM_SET_CPUID2, &cpuid);
}

static int add_cpus(struct hv_bare_kvm *bare, unsigned cpus)
{
	int bytes = ioctl(bare->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (bytes < 0)
		return -1;
	bare->run_bytes = (uint64_t)bytes;
	for (unsigned i = 0; i < cpus; i++)
		if (add_cpu(bare, i) < 0)
			return -1;
	return 0;
}

int hv_bare_kvm_create(struct hv_bare_kvm *bare, unsigned cpus,
		       struct hv_error *err)
{
	*bare = (struct hv_bare_kvm){ .kvm = -1, .vm = -1 };
	bare->task_state_type = hv_kvm_task_state_type();
	bare->kvm = hv_kvm_open(err);
	if (bare->kvm < 0)
		return -1;
	bare->vm = ioctl(bare->kvm, KVM_CREATE_VM, 0);
	if (bare->vm >= 0 && add_memory(bare) >= 0 && add_cpus(bare, cpus) >= 0)
		return 0;
	hv_fail(err, HV_STATUS_HOST, "cannot make a bare KVM guest: %s",
		strerror(errno));
	hv_bare_kvm_done(bare);
	return -1;
}

void hv_bare_kvm_done(struct hv_bare_kvm *bare)
{
	for (unsigned i = 0; i < bare->cpus; i++) {
		if (bare->cpu[i].run)
			munmap(bare->cpu[i].run, bare->run_bytes);
		close(bare->cpu[i].fd);
	}
	if (bare->vm >= 0)
		close(bare->vm);
	if (bare->kvm >= 0)
		close(bare->kvm);
	if (bare->memory)
		munmap(bare->memory, MEMORY_BYTES);
}

int hv_bare_run(struct hv_bare_cpu *cpu, struct hv_error *err)
{
	if (ioctl(cpu->fd, KVM_RUN, 0) < 0) {
		if (errno == EINTR) {
			cpu->run->exit_reason = KVM_EXIT_INTR;
			return 0;
		}
		return hv_fail(err, HV_STATUS_HOST,
			       "the bare KVM guest cannot run: %s",
			       strerror(errno));
	}
	if (cpu->run->exit_reason == KVM_EXIT_IO)
		return cpu->run->io.port;
	return hv_fail(err, HV_STATUS_HOST,
		       "the bare KVM guest exited for reason %u instead of its port",
		       cpu->run->exit_reason);
}

int hv_bare_run_to(struct hv_bare_cpu *cpu, int port, struct hv_error *err)
{
	int by;

	do
		by = hv_bare_run(cpu, err);
	while (by == 0);
	if (by < 0 || by == port)
		return by < 0 ? -1 : 0;
	return hv_fail(err, HV_STATUS_FAILED,
		       "the bare KVM guest used port 0x%x instead of 0x%x",
		       (unsigned)by, (unsigned)port);
}

void hv_bare_step(struct hv_bare_cpu *cpu)
{
	struct kvm_regs *regs = hv_bare_regs(cpu);
	const uint8_t *code = cpu->machine->memory + regs->rip % MEMORY_BYTES;

	if (cpu->run->exit_reason == KVM_EXIT_IO && (*code & ~1u) == OUT_IMM8)
		regs->rip += OUT_BYTES;
}

void hv_bare_enter(struct hv_bare_cpu *cpu, const uint8_t *handler)
{
	struct kvm_regs *regs = hv_bare_regs(cpu);
	const uint64_t frame[] = { regs->rip, HV_SEL_USER_CODE, regs->rflags,
				   regs->rsp, HV_SEL_USER_DATA };
	uint64_t at = (regs->rsp - RED_ZONE_BYTES - sizeof(frame)) & ~15u;

	memcpy(cpu->machine->memory + at, frame, sizeof(frame));
	regs->rip = hv_bare_at(handler);
	regs->rsp = at;
	regs->rflags = RFLAGS_BITS;
	hv_bare_dirty(cpu, false);
}

void hv_bare_interrupt(struct hv_bare_cpu *cpu, const uint8_t *handler)
{
	hv_bare_step(cpu);
	hv_bare_enter(cpu, handler);
}
