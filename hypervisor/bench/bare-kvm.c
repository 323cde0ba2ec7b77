/* SPDX-License-Identifier: MIT
 *
 * See bare-kvm.h. The machine is as close to the engine's as matters for the
 * cost of an exit: ring 3, 64-bit mode, I/O by permission bitmap, the same port
 * and width, registers kept in the shared page where KVM offers that.
 */
#include "bare-kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../clock.h"
#include "../kvm-cpuid.h"
#include "../kvm-tables.h"

/* All of its memory, guest-physical and -virtual from 0. */
#define PML4 0x1000u
#define PDPT 0x2000u
#define PAGE_DIRECTORY 0x3000u
#define TASK_STATE 0x4000u /* its bitmap, all zero, allows every port */
#define TASK_STATE_LIMIT (104u + 8192u)
#define CODE 0x10000u
#define MEMORY_BYTES (2u << 20)

#define PRESENT_WRITE_USER 0x7u
#define LARGE 0x80u

#define CR0_BITS UINT64_C(0x80050033) /* PG AM WP NE ET MP PE */
#define CR4_BITS UINT64_C(0x620)      /* PAE OSFXSR OSXMMEXCPT */
#define EFER_BITS UINT64_C(0xd01)     /* SCE LME LMA NXE */

static void put(uint8_t *memory, uint32_t at, uint64_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void fill_memory(uint8_t *memory)
{
	static const uint8_t code[] = {
		0x31, 0xc0,              /* again: xor %eax, %eax */
		0xe7, HV_PORT_OPERATION, /* out %eax, $... */
		0xeb, 0xfa,              /* jmp again */
	};
	const uint16_t bitmap = 104;

	put(memory, PML4, PDPT | PRESENT_WRITE_USER);
	put(memory, PDPT, PAGE_DIRECTORY | PRESENT_WRITE_USER);
	put(memory, PAGE_DIRECTORY, LARGE | PRESENT_WRITE_USER);
	memcpy(memory + TASK_STATE + 102, &bitmap, sizeof(bitmap));
	memcpy(memory + CODE, code, sizeof(code));
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX, .selector = selector, .type = type,
		.present = 1, .dpl = 3, .s = 1, .g = 1,
	};
}

static int set_registers(const struct hv_bare_kvm *bare)
{
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(bare->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	sregs.cs = flat(HV_SEL_USER_CODE, 11);
	sregs.cs.l = 1;
	sregs.ss = flat(HV_SEL_USER_DATA, 3);
	sregs.ss.db = 1;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss;
	sregs.tr = (struct kvm_segment){ .selector = HV_SEL_TSS,
					 .base = TASK_STATE,
					 .limit = TASK_STATE_LIMIT,
					 .type = 11,
					 .present = 1 };
	sregs.cr0 = CR0_BITS;
	sregs.cr3 = PML4;
	sregs.cr4 = CR4_BITS;
	sregs.efer = EFER_BITS;
	if (ioctl(bare->vcpu, KVM_SET_SREGS, &sregs) < 0)
		return -1;
	return ioctl(bare->vcpu, KVM_SET_REGS, &regs);
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

static int add_vcpu(struct hv_bare_kvm *bare)
{
	int bytes = ioctl(bare->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct hv_cpuid cpuid;

	bare->vcpu = ioctl(bare->vm, KVM_CREATE_VCPU, 0);
	if (bare->vcpu < 0 || bytes < 0)
		return -1;
	bare->run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED, bare->vcpu, 0);
	if (bare->run == MAP_FAILED) {
		bare->run = NULL;
		return -1;
	}
	bare->run_bytes = (uint64_t)bytes;
	if (ioctl(bare->kvm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) > 0)
		bare->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	hv_cpuid_fill(&cpuid);
	return ioctl(bare->vcpu, KVM_SET_CPUID2, &cpuid);
}

int hv_bare_kvm_create(struct hv_bare_kvm *bare, struct hv_error *err)
{
	*bare = (struct hv_bare_kvm){ .kvm = -1, .vm = -1, .vcpu = -1 };
	bare->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (bare->kvm < 0)
		return hv_fail(err, HV_STATUS_HOST, "cannot open /dev/kvm: %s",
			       strerror(errno));
	bare->vm = ioctl(bare->kvm, KVM_CREATE_VM, 0);
	if (bare->vm >= 0 && add_memory(bare) >= 0 && add_vcpu(bare) >= 0 &&
	    set_registers(bare) >= 0)
		return 0;
	hv_fail(err, HV_STATUS_HOST, "cannot make a bare KVM guest: %s",
		strerror(errno));
	hv_bare_kvm_done(bare);
	return -1;
}

int hv_bare_kvm_exits(struct hv_bare_kvm *bare, uint64_t exits,
		      uint64_t *ret_ns, struct hv_error *err)
{
	uint64_t start_ns = hv_host_ns();

	for (uint64_t i = 0; i < exits; i++) {
		if (ioctl(bare->vcpu, KVM_RUN, 0) < 0 && errno != EINTR)
			return hv_fail(err, HV_STATUS_HOST,
				       "the bare KVM guest cannot run: %s",
				       strerror(errno));
		if (bare->run->exit_reason != KVM_EXIT_IO)
			return hv_fail(
				err, HV_STATUS_HOST,
				"the bare KVM guest exited for reason %u "
				"instead of its port",
				bare->run->exit_reason);
	}
	*ret_ns = hv_host_ns() - start_ns;
	return 0;
}

void hv_bare_kvm_done(struct hv_bare_kvm *bare)
{
	if (bare->run)
		munmap(bare->run, bare->run_bytes);
	if (bare->vcpu >= 0)
		close(bare->vcpu);
	if (bare->vm >= 0)
		close(bare->vm);
	if (bare->kvm >= 0)
		close(bare->kvm);
	if (bare->memory)
		munmap(bare->memory, MEMORY_BYTES);
}
