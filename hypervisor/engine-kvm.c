/* SPDX-License-Identifier: MIT
 *
 * The KVM engine: a vCPU at ring 3 under KVM, no in-kernel interrupt
 * controller. kvm-tables.c has what the processor reads, page-tables.c what it
 * translates with.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest-memory.h"
#include "kvm-cpuid.h"
#include "kvm-tables.h"
#include "page-tables.h"

_Static_assert(sizeof(struct hv_regs) == sizeof(struct kvm_regs) &&
		       offsetof(struct hv_regs, rsp) ==
			       offsetof(struct kvm_regs, rsp) &&
		       offsetof(struct hv_regs, rflags) ==
			       offsetof(struct kvm_regs, rflags),
	       "hv_regs must be laid out as kvm_regs");

#define KICK_SIGNAL SIGUSR1

#define CR0_FLAGS 0x80010033u /* PG WP NE ET MP PE */
#define CR4_FLAGS 0x00010620u /* FSGSBASE OSXMMEXCPT OSFXSR PAE */
#define CR4_OSXSAVE 0x00040000u
#define EFER_FLAGS 0x0d00u /* NXE LMA LME; no SCE: SYSCALL is undefined */
#define MSR_LSTAR 0xc0000082u

struct kvm {
	struct hv_engine engine; /* first: ops take a pointer to it */
	const struct hv_window *window;
	int dev, vm, vcpu;
	struct kvm_run *run;
	size_t run_bytes;
	pthread_t thread;
	bool sync_regs;
	bool regs_given;     /* the last exit handed regs out: give them back */
	struct hv_regs regs; /* without KVM_CAP_SYNC_REGS */
};

static struct kvm *kvm_of(struct hv_engine *engine)
{
	return (struct kvm *)(void *)engine;
}

static int host_fail(struct hv_error *err, const char *what)
{
	return hv_fail(err, HV_STATUS_HOST, "KVM on this host refuses %s: %s",
		       what, strerror(errno));
}

static int open_dev(struct kvm *k, struct hv_error *err)
{
	k->dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (k->dev < 0 && errno == ENOENT)
		return hv_fail(err, HV_STATUS_HOST,
			       "there is no /dev/kvm here: load the kvm_intel or kvm_amd module, or enable virtualization in the firmware (`paravane doctor` tells more)");
	if (k->dev < 0 && (errno == EACCES || errno == EPERM))
		return hv_fail(err, HV_STATUS_HOST,
			       "no permission to use /dev/kvm: join its group (usually kvm) or run as root");
	if (k->dev < 0)
		return hv_fail(err, HV_STATUS_HOST, "cannot open /dev/kvm: %s",
			       strerror(errno));
	if (ioctl(k->dev, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return hv_fail(err, HV_STATUS_HOST,
			       "/dev/kvm does not speak KVM's API version %d",
			       KVM_API_VERSION);
	return 0;
}

static int add_memory(struct kvm *k, uint32_t slot, pv_gpa_t gpa,
		      const void *base, uint64_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)base,
	};

	return ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int create_vm(struct kvm *k, const struct hv_memory *memory,
		     struct hv_error *err)
{
	k->vm = ioctl(k->dev, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return host_fail(err, "to create a VM");
	if (ioctl(k->vm, KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT) <= 0)
		return hv_fail(err, HV_STATUS_HOST,
			       "KVM on this host lacks immediate exits: Linux 4.11 or later is needed");
	if (add_memory(k, 0, 0, memory->base, memory->bytes) < 0 ||
	    add_memory(k, 1, k->window->gpa, k->window->base,
		       k->window->bytes) < 0)
		return host_fail(err, "the guest's memory");
	return 0;
}

static int create_vcpu(struct kvm *k, struct hv_error *err)
{
	int bytes = ioctl(k->dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	int wanted = KVM_SYNC_X86_REGS;

	k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (k->vcpu < 0 || bytes < 0)
		return host_fail(err, "to create a vCPU");
	k->run_bytes = (size_t)bytes;
	k->run = mmap(NULL, k->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      k->vcpu, 0);
	if (k->run == MAP_FAILED) {
		k->run = NULL;
		return host_fail(err, "to share a vCPU's state");
	}
	k->sync_regs = (ioctl(k->vm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) &
			wanted) == wanted;
	if (k->sync_regs)
		k->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	return 0;
}

/* Guest counter equal to the host's, or no clock. */
static void set_tsc(struct kvm *k, const struct hv_cpuid *cpuid)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};
	int khz;

	if (!cpuid->tsc_invariant ||
	    ioctl(k->vcpu, KVM_SET_DEVICE_ATTR, &attr) < 0)
		return;
	khz = ioctl(k->vcpu, KVM_GET_TSC_KHZ, 0);
	k->engine.tsc_khz = khz > 0 ? (uint64_t)khz : 0;
}

static int set_cpuid(struct kvm *k, struct hv_error *err)
{
	struct hv_cpuid cpuid;
	struct kvm_xcrs xcrs = { .nr_xcrs = 1 };

	hv_cpuid_fill(&cpuid);
	set_tsc(k, &cpuid);
	if ((k->window->gpa + k->window->bytes) >> cpuid.physical_bits)
		return hv_fail(err, HV_STATUS_USAGE,
			       "--mem asks for more than the %u-bit physical addresses of this host's processor reach",
			       cpuid.physical_bits);
	if (ioctl(k->vcpu, KVM_SET_CPUID2, &cpuid) < 0)
		return host_fail(err, "the guest's CPUID");
	xcrs.xcrs[0].value = cpuid.xcr0;
	if (xcrs.xcrs[0].value && ioctl(k->vcpu, KVM_SET_XCRS, &xcrs) == 0)
		k->engine.xcr0 = xcrs.xcrs[0].value;
	return 0;
}

/* Software KVM runs SYSCALL at ring 3 and goes on at this address, still at ring
 * 3. A host that runs it as the manuals say never gets there. */
static void set_syscall_target(struct kvm *k)
{
	struct {
		uint32_t count, padding; /* a struct kvm_msrs */
		struct kvm_msr_entry lstar;
	} msrs = {
		.count = 1,
		.lstar = { .index = MSR_LSTAR,
			   .data = hv_window_addr(HV_KVM_SYSCALL) },
	};

	ioctl(k->vcpu, KVM_SET_MSRS, &msrs); /* refused: reports are vaguer */
}

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX, .selector = selector, .type = type,
		.present = 1, .dpl = selector & 3, .s = 1, .g = 1,
	};
}

static int set_sregs(struct kvm *k, pv_gpa_t root, struct hv_error *err)
{
	struct kvm_segment code = segment(HV_SEL_USER_CODE, 11);
	struct kvm_segment data = segment(HV_SEL_USER_DATA, 3);
	struct kvm_sregs s;

	if (ioctl(k->vcpu, KVM_GET_SREGS, &s) < 0)
		return host_fail(err, "to show a vCPU's registers");
	code.l = 1;
	data.db = 1;
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	/* At reset it is usable and lies at 0: in guest RAM. */
	s.ldt = (struct kvm_segment){ .type = 2, .unusable = 1 };
	s.gdt.base = hv_window_addr(HV_KVM_GDT);
	s.gdt.limit = HV_KVM_GDT_BYTES - 1;
	s.idt.base = hv_window_addr(HV_KVM_IDT);
	s.idt.limit = HV_KVM_IDT_BYTES - 1;
	s.tr = (struct kvm_segment){
		.base = hv_window_addr(HV_KVM_TSS),
		.limit = HV_KVM_TSS_BYTES - 1,
		.selector = HV_SEL_TSS, .type = 11, .present = 1,
	};
	s.cr0 = CR0_FLAGS;
	s.cr3 = root;
	s.cr4 = CR4_FLAGS | (k->engine.xcr0 ? CR4_OSXSAVE : 0);
	s.efer = EFER_FLAGS;
	if (ioctl(k->vcpu, KVM_SET_SREGS, &s) < 0)
		return host_fail(err, "64-bit mode at ring 3");
	set_syscall_target(k);
	return 0;
}

static void on_kick(int signal)
{
	(void)signal; /* interrupting KVM_RUN is all it is for */
}

static void kvm_free(struct hv_engine *engine)
{
	struct kvm *k = kvm_of(engine);

	if (k->run)
		munmap(k->run, k->run_bytes);
	if (k->vcpu >= 0)
		close(k->vcpu);
	if (k->vm >= 0)
		close(k->vm);
	if (k->dev >= 0)
		close(k->dev);
	free(k);
}

static int kvm_create(struct hv_engine **ret_engine, const struct hv_memory *memory,
		      const struct hv_layout *layout, struct hv_window *window,
		      struct hv_error *err)
{
	struct sigaction action = { .sa_handler = on_kick };
	struct kvm *k = calloc(1, sizeof(*k));

	if (!k)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	k->engine.ops = &hv_engine_kvm;
	k->window = window;
	k->thread = pthread_self();
	k->dev = k->vm = k->vcpu = -1;
	hv_kvm_tables_fill(window);
	if (open_dev(k, err) < 0 || create_vm(k, memory, err) < 0 ||
	    create_vcpu(k, err) < 0 || set_cpuid(k, err) < 0 ||
	    set_sregs(k, hv_page_tables_build(window, layout), err) < 0) {
		kvm_free(&k->engine);
		return -1;
	}
	sigaction(KICK_SIGNAL, &action, NULL);
	*ret_engine = &k->engine;
	return 0;
}

static struct hv_regs *take_regs(struct kvm *k)
{
	if (k->sync_regs)
		return (struct hv_regs *)(void *)&k->run->s.regs.regs;
	if (ioctl(k->vcpu, KVM_GET_REGS, &k->regs) < 0)
		return NULL;
	return &k->regs;
}

static void give_regs_back(struct kvm *k)
{
	if (k->sync_regs)
		k->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	else
		ioctl(k->vcpu, KVM_SET_REGS, &k->regs);
	k->regs_given = false;
}

static void __attribute__((format(printf, 2, 3)))
dead(struct hv_exit *exit, const char *format, ...)
{
	va_list args;

	exit->kind = HV_EXIT_DEAD;
	va_start(args, format);
	vsnprintf(exit->dead_reason, sizeof(exit->dead_reason), format, args);
	va_end(args);
}

/* What SYSCALL leads to on any other host: undefined, at the instruction. */
static void mend_syscall(struct hv_exit *exit)
{
	const unsigned undefined = 6, page_fault = 14, length = 2;

	if (exit->vector != page_fault ||
	    exit->regs->rip != hv_window_addr(HV_KVM_SYSCALL))
		return;
	exit->vector = undefined;
	exit->error_code = 0;
	exit->regs->rip = exit->regs->rcx - length;
}

static void on_fault(struct kvm *k, struct hv_exit *exit)
{
	struct hv_fault_frame frame;
	struct kvm_sregs sregs;

	exit->kind = HV_EXIT_FAULT;
	if (!exit->regs ||
	    hv_kvm_fault_frame(k->window, exit->regs->rsp, &frame) < 0) {
		dead(exit, "an exception left no frame");
		return;
	}
	exit->vector = (unsigned)frame.vector;
	exit->error_code = frame.error_code;
	exit->regs->rip = frame.rip;
	exit->regs->rsp = frame.rsp;
	exit->regs->rflags = frame.rflags;
	exit->fault_address = ioctl(k->vcpu, KVM_GET_SREGS, &sregs) < 0
				      ? 0 : sregs.cr2;
	mend_syscall(exit);
}

static void on_port(struct kvm *k, struct hv_exit *exit)
{
	const struct kvm_run *run = k->run;
	bool plain = run->io.direction == KVM_EXIT_IO_OUT &&
		     run->io.size == 4 && run->io.count == 1;
	uint32_t value = 0;

	if (plain)
		memcpy(&value, (const uint8_t *)run + run->io.data_offset,
		       sizeof(value));
	exit->number = value;
	if (plain && run->io.port == HV_PORT_OPERATION) {
		exit->kind = HV_EXIT_OPERATION;
		exit->regs = take_regs(k);
		k->regs_given = true;
		if (!exit->regs)
			dead(exit, "KVM does not show its registers");
	} else if (plain && run->io.port == HV_PORT_DOORBELL) {
		exit->kind = HV_EXIT_DOORBELL;
	} else if (run->io.port == HV_PORT_FAULT) {
		exit->regs = take_regs(k);
		on_fault(k, exit);
	} else {
		exit->regs = take_regs(k);
		dead(exit,
		     "it used I/O port 0x%x itself instead of calling an operation",
		     run->io.port);
	}
}

static void on_exit_reason(struct kvm *k, struct hv_exit *exit)
{
	if (k->run->exit_reason == KVM_EXIT_IO) {
		on_port(k, exit);
		return;
	}
	if (k->run->exit_reason == KVM_EXIT_INTR) {
		exit->kind = HV_EXIT_KICKED;
		return;
	}
	exit->regs = take_regs(k);
	switch (k->run->exit_reason) {
	case KVM_EXIT_SHUTDOWN:
		dead(exit, "triple fault: an exception could not be delivered");
		break;
	case KVM_EXIT_HLT:
		dead(exit, "the processor halted");
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		dead(exit, "KVM cannot execute this instruction (suberror %u)",
		     k->run->internal.suberror);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		dead(exit, "the processor refuses the guest's state (0x%llx)",
		     (unsigned long long)
			     k->run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_MMIO:
		dead(exit, "it touched guest-physical 0x%llx, where nothing is",
		     (unsigned long long)k->run->mmio.phys_addr);
		break;
	default:
		dead(exit, "KVM exit %u", k->run->exit_reason);
	}
}

static void kvm_run(struct hv_engine *engine, struct hv_exit *ret_exit)
{
	struct kvm *k = kvm_of(engine);

	if (k->regs_given)
		give_regs_back(k);
	ret_exit->regs = NULL;
	if (ioctl(k->vcpu, KVM_RUN, 0) == 0) {
		on_exit_reason(k, ret_exit);
	} else if (errno == EINTR || errno == EAGAIN) {
		__atomic_store_n(&k->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		ret_exit->kind = HV_EXIT_KICKED;
	} else {
		ret_exit->regs = take_regs(k);
		dead(ret_exit, "KVM cannot run the vCPU: %s", strerror(errno));
	}
}

static void kvm_kick(struct hv_engine *engine)
{
	struct kvm *k = kvm_of(engine);

	/* First the flag, for a vCPU about to enter; then the signal, for one
	 * that has. */
	__atomic_store_n(&k->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (!pthread_equal(k->thread, pthread_self()))
		pthread_kill(k->thread, KICK_SIGNAL);
}

static int kvm_set_doorbell(struct hv_engine *engine, uint32_t number,
			    int eventfd, bool on)
{
	struct kvm_ioeventfd bind = {
		.datamatch = number,
		.addr = HV_PORT_DOORBELL,
		.len = 4,
		.fd = eventfd,
		.flags = KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_DATAMATCH |
			 (on ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN),
	};

	return ioctl(kvm_of(engine)->vm, KVM_IOEVENTFD, &bind) < 0 ? -errno : 0;
}

/* The entry state of boot.h. */
static int kvm_start(struct hv_engine *engine, uint64_t rip, uint64_t rsp,
		     uint64_t rdi, struct hv_error *err)
{
	struct kvm *k = kvm_of(engine);
	struct kvm_regs regs = {
		.rip = rip, .rsp = rsp, .rdi = rdi, .rflags = 2,
	};

	if (ioctl(k->vcpu, KVM_SET_REGS, &regs) < 0)
		return host_fail(err, "the entry state");
	return 0;
}

const struct hv_engine_ops hv_engine_kvm = {
	.name = "kvm",
	.create = kvm_create,
	.start = kvm_start,
	.run = kvm_run,
	.kick = kvm_kick,
	.set_doorbell = kvm_set_doorbell,
	.free = kvm_free,
};
