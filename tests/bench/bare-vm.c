/* SPDX-License-Identifier: MIT
 *
 * The least a start of a VM can cost: one VM of 2 MiB, one vCPU, one exit, and
 * the end of the process takes it all down. A host program, linked statically.
 * It leaves CPUID alone, since an `out` in real mode needs none.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define MEMORY_BYTES (2u << 20)
#define CODE 0x1000u

static int add_memory(int vm)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_BYTES,
	};
	uint8_t *memory = mmap(0, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	memory[CODE] = 0xe6; /* out %al, $0x10 */
	memory[CODE + 1] = 0x10;
	region.userspace_addr = (uintptr_t)memory;
	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int point_at_code(int vcpu)
{
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(vcpu, KVM_SET_SREGS, &sregs) ||
	       ioctl(vcpu, KVM_SET_REGS, &regs);
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	struct kvm_run *run;
	int vcpu, bytes;

	if (vm < 0 || add_memory(vm))
		return 1;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu < 0 || bytes < 0)
		return 1;
	run = mmap(0, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu,
		   0);
	if (run == MAP_FAILED || point_at_code(vcpu) || ioctl(vcpu, KVM_RUN, 0))
		return 1;
	return run->exit_reason != KVM_EXIT_IO;
}
