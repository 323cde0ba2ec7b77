/* SPDX-License-Identifier: MIT
 *
 * Probe: is ring 0 of a guest executed by the processor, or by an interpreter
 * in KVM? Paravane's guests run at ring 3 and do not care, but where it is
 * interpreted other hypervisors crawl, and this tells why.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

#define RING0_COUNT 20000
#define RING0_LIMIT_NS UINT64_C(2000000000)
#define RING0_NATIVE_NS 20.0 /* a pass takes 0.2 to 2, interpreted hundreds */
#define PAGE_BYTES 4096
#define CODE_GPA 0x1000

/* The smallest ring 0 there is: 32-bit protected mode without paging, and one
 * page of code that counts down and reports at a port. */
struct tiny_vm {
	int kvm, vm, vcpu;
	uint8_t *page;
	struct kvm_run *run;
	size_t run_bytes;
};

static const uint8_t ring0_code[] = {
	0xb9, RING0_COUNT & 0xff, RING0_COUNT >> 8, 0, 0, /* mov $COUNT, %ecx */
	0x49,       /* dec %ecx */
	0x75, 0xfd, /* jnz to dec */
	0xe6, 0x50, /* out %al, $0x50 */
	0xeb, 0xf4, /* jmp to mov */
};

static void *map(size_t bytes, int flags, int fd)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static bool add_page(struct tiny_vm *tiny)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = CODE_GPA, .memory_size = PAGE_BYTES,
	};

	tiny->page = map(PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!tiny->page)
		return false;
	memcpy(tiny->page, ring0_code, sizeof(ring0_code));
	region.userspace_addr = (uintptr_t)tiny->page;
	return ioctl(tiny->vm, KVM_SET_USER_MEMORY_REGION, &region) == 0;
}

static bool add_vcpu(struct tiny_vm *tiny)
{
	int bytes = ioctl(tiny->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	tiny->vcpu = ioctl(tiny->vm, KVM_CREATE_VCPU, 0);
	if (tiny->vcpu < 0 || bytes < 0)
		return false;
	tiny->run_bytes = (size_t)bytes;
	tiny->run = map(tiny->run_bytes, MAP_SHARED, tiny->vcpu);
	return tiny->run;
}

static bool set_ring0(const struct tiny_vm *tiny)
{
	struct kvm_regs regs = { .rip = CODE_GPA, .rflags = 2 };
	struct kvm_segment flat = {
		.limit = UINT32_MAX, .selector = 0x10, .type = 3,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_sregs sregs;

	if (ioctl(tiny->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return false;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat;
	flat.selector = 0x08;
	flat.type = 11;
	sregs.cs = flat;
	sregs.cr0 |= 1; /* protection */
	return ioctl(tiny->vcpu, KVM_SET_SREGS, &sregs) == 0 &&
	       ioctl(tiny->vcpu, KVM_SET_REGS, &regs) == 0;
}

static bool tiny_create(struct tiny_vm *tiny)
{
	*tiny = (struct tiny_vm){ .kvm = -1, .vm = -1, .vcpu = -1 };
	tiny->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	tiny->vm = ioctl(tiny->kvm, KVM_CREATE_VM, 0);
	return tiny->vm >= 0 && add_page(tiny) && add_vcpu(tiny) &&
	       set_ring0(tiny);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void tiny_done(struct tiny_vm *tiny)
{
	if (tiny->run)
		munmap(tiny->run, tiny->run_bytes);
	close_if_open(tiny->vcpu);
	close_if_open(tiny->vm);
	close_if_open(tiny->kvm);
	if (tiny->page)
		munmap(tiny->page, PAGE_BYTES);
}

static bool run_to_port(const struct tiny_vm *tiny)
{
	while (!hv_probe_over()) {
		if (ioctl(tiny->vcpu, KVM_RUN, 0) == 0)
			return tiny->run->exit_reason == KVM_EXIT_IO;
		if (errno != EINTR && errno != EAGAIN)
			return false;
	}
	return false;
}

/* Nanoseconds a pass of the loop takes; 0 if it does not get through. */
static double measure(const struct tiny_vm *tiny)
{
	uint64_t start_ns;

	/* The first round fills the processor's caches and KVM's tables. */
	if (!run_to_port(tiny))
		return 0;
	start_ns = hv_host_ns();
	if (!run_to_port(tiny))
		return 0;
	return (double)(hv_host_ns() - start_ns) / RING0_COUNT;
}

static double ring0_pass_ns(void)
{
	struct tiny_vm tiny;
	double ns = 0;

	hv_probe_begin(RING0_LIMIT_NS);
	if (tiny_create(&tiny))
		ns = measure(&tiny);
	tiny_done(&tiny);
	hv_probe_end();
	return ns;
}

void hv_probe_ring0(struct hv_report *report)
{
	static const char name[] = "guest code at ring 0";
	double ns = ring0_pass_ns();

	if (ns == 0)
		hv_report_add(report, HV_VERDICT_SLOW, name,
			      "does not matter: Paravane runs guests at ring 3",
			      "does not run");
	else if (ns < RING0_NATIVE_NS)
		hv_report_measured(report, HV_VERDICT_GOOD, name,
				   "native, but Paravane does not need it: "
				   "guests run at ring 3", ns,
				   "ns per loop pass");
	else
		hv_report_measured(report, HV_VERDICT_SLOW, name,
				   "interpreted: KVM here is software. Guests of "
				   "other hypervisors crawl, Paravane's do not: "
				   "they run at ring 3", ns,
				   "ns per loop pass");
}
