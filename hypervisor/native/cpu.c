/* SPDX-License-Identifier: MIT
 *
 * A vCPU of the native machine: made, run, interrupted. There is little to it, since
 * KVM does what kvm-cpu.c does for paravirtual guests.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../engine-kvm.h"
#include "native.h"

#define CR0_PROTECTION 0x1u
#define CR0_ALWAYS 0x10u /* ET */
#define SEL_CODE 0x8u
#define SEL_DATA 0x10u
#define SEL_TSS 0x18u
#define TSS_BYTES 0x68u

/* ---- making one */

static int make(struct hv_native_cpu *c, unsigned number, struct hv_error *err)
{
	struct hv_native *n = c->native;

	c->fd = ioctl(n->kvm, KVM_CREATE_VCPU, number);
	if (c->fd < 0)
		return hv_kvm_refuses(err, "to create a vCPU");
	c->run = mmap(NULL, n->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		      c->fd, 0);
	if (c->run == MAP_FAILED) {
		c->run = NULL;
		return hv_kvm_refuses(err, "to share a vCPU's state");
	}
	if (hv_native_set_cpuid(n, c->fd, number) < 0)
		return hv_kvm_refuses(err, "the guest's CPUID");
	return 0;
}

int hv_native_cpu_create(struct hv_native *native, unsigned number,
			 struct hv_error *err)
{
	struct hv_native_cpu *c = &native->cpu[number];

	c->cpu.ops = &hv_engine_native;
	c->native = native;
	c->vcpu = &native->vm->vcpu[number];
	if (make(c, number, err) < 0)
		return -1;
	atomic_store(&c->vcpu->cpu, &c->cpu);
	return 0;
}

void hv_native_cpu_done(struct hv_native_cpu *c)
{
	if (!c->native)
		return; /* never made */
	if (c->run)
		munmap(c->run, c->native->run_bytes);
	if (c->fd >= 0)
		close(c->fd);
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX, .selector = selector, .type = type,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
}

/* 32-bit protected mode, paging off: "x86/HVM direct boot ABI" of Xen's
 * documentation, and as little more as a processor wants to be valid. */
static void fill_sregs(struct kvm_sregs *s)
{
	s->cs = flat(SEL_CODE, 11);
	s->ds = s->es = s->fs = s->gs = s->ss = flat(SEL_DATA, 3);
	s->tr = (struct kvm_segment){ .limit = TSS_BYTES - 1,
				      .selector = SEL_TSS, .type = 11,
				      .present = 1 };
	s->ldt = (struct kvm_segment){ .type = 2, .unusable = 1 };
	s->cr0 = CR0_PROTECTION | CR0_ALWAYS;
	s->cr4 = 0;
	s->efer = 0;
}

int hv_native_cpu_boot(struct hv_native *native, pv_gpa_t start_info,
		       struct hv_error *err)
{
	const struct kvm_regs regs = {
		.rip = native->vm->image.entry, .rbx = start_info,
		.rflags = HV_RFLAGS_ALWAYS,
	};
	int fd = native->cpu[0].fd;
	struct kvm_sregs sregs;

	if (ioctl(fd, KVM_GET_SREGS, &sregs) < 0)
		return hv_kvm_refuses(err, "to show a vCPU's registers");
	fill_sregs(&sregs);
	if (ioctl(fd, KVM_SET_SREGS, &sregs) < 0 ||
	    ioctl(fd, KVM_SET_REGS, &regs) < 0)
		return hv_kvm_refuses(err, "a vCPU's entry state");
	return 0;
}

/* ---- running */

static __thread struct hv_cpu *own;

void hv_native_cpu_kick(struct hv_cpu *cpu)
{
	struct hv_native_cpu *c = (struct hv_native_cpu *)(void *)cpu;

	hv_kvm_kick(c->run, atomic_load(&c->thread), cpu == own);
}

/* EAGAIN: a vCPU that waited to be started was. */
static void interrupted(struct hv_native_cpu *c)
{
	if (errno != EINTR && errno != EAGAIN) {
		hv_native_dead(c, "KVM cannot run the vCPU: %s",
			       strerror(errno));
		return;
	}
	__atomic_store_n(&c->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	if (errno == EINTR)
		c->exits[HV_NATIVE_EXIT_KICKED]++;
}

static void start_others(struct hv_vm *vm)
{
	int error;

	for (unsigned i = 1; i < vm->vcpus; i++) {
		error = hv_vcpu_start_thread(&vm->vcpu[i]);
		if (error) {
			hv_vm_fail(vm, "cannot start a thread for vCPU %u: %s", i,
				   strerror(error));
			return;
		}
	}
}

void hv_native_live(struct hv_vcpu *vcpu)
{
	struct hv_native_cpu *c = &vcpu->vm->native->cpu[vcpu->number];

	own = &c->cpu;
	atomic_store(&c->thread, (pid_t)syscall(SYS_gettid));
	if (vcpu->number == 0)
		start_others(vcpu->vm);
	while (!atomic_load(&vcpu->vm->ending)) {
		if (hv_kvm_enter(c->fd) == 0)
			hv_native_exit(c);
		else
			interrupted(c);
	}
}
