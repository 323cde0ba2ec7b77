/* SPDX-License-Identifier: MIT
 *
 * A vCPU under KVM; read engine.h first, and kvm-tables.h for how it leaves
 * ring 3. General registers are looked at in place, in the page that KVM shares
 * (KVM_CAP_SYNC_REGS); those of the system only when something needs them, since
 * asking costs as much as a tenth of an exit.
 */
#include "engine-kvm.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm-keys.h"
#include "kvm-tables.h"

_Static_assert(sizeof(struct hv_regs) == sizeof(struct kvm_regs) &&
		       offsetof(struct hv_regs, rsp) ==
			       offsetof(struct kvm_regs, rsp) &&
		       offsetof(struct hv_regs, rflags) ==
			       offsetof(struct kvm_regs, rflags),
	       "hv_regs must be laid out as kvm_regs");

#define CR0_FLAGS 0x80050033u /* PG AM WP NE ET MP PE */
#define CR4_FLAGS 0x00000620u /* OSXMMEXCPT OSFXSR PAE */
#define CR4_FSGSBASE 0x00010000u
#define CR4_OSXSAVE 0x00040000u
#define CR3_WRITE_THROUGH 0x8u
#define EFER_FLAGS 0x0d00u /* NXE LMA LME */
#define EFER_SYSCALL 0x1u

#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define RFLAGS_CLEARED_BY_SYSCALL 0x47700u /* AC NT IOPL DF IF TF */

#define OUT_IMM8 0xe6u /* and 0xe7: `out` with the port in its second byte */
#define OUT_BYTES 2

static struct hv_kvm_cpu *kvm_cpu_of(struct hv_cpu *cpu)
{
	return (struct hv_kvm_cpu *)(void *)cpu;
}

/* ---- making one */

/* Guest counter equal to the host's, or no clock: the first vCPU decides which, and
 * the others must follow. */
static int set_tsc(struct hv_kvm_cpu *c)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};
	int khz;

	if (!c->kvm->cpuid.tsc_invariant)
		return 0;
	if (ioctl(c->fd, KVM_SET_DEVICE_ATTR, &attr) < 0)
		return c->number ? -1 : 0;
	if (c->number)
		return 0;
	khz = ioctl(c->fd, KVM_GET_TSC_KHZ, 0);
	c->kvm->engine.tsc_khz = khz > 0 ? (uint64_t)khz : 0;
	return 0;
}

static int set_cpuid(struct hv_kvm_cpu *c, struct hv_error *err)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1 };
	struct hv_kvm *k = c->kvm;

	if (set_tsc(c) < 0)
		return hv_kvm_refuses(err, "a vCPU's time-stamp counter");
	if (ioctl(c->fd, KVM_SET_CPUID2, &k->cpuid) < 0)
		return hv_kvm_refuses(err, "the guest's CPUID");
	xcrs.xcrs[0].value = k->cpuid.xcr0;
	if (k->cpuid.xcr0 && ioctl(c->fd, KVM_SET_XCRS, &xcrs) == 0 &&
	    c->number == 0)
		k->engine.xcr0 = k->cpuid.xcr0;
	return 0;
}

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX, .selector = selector, .type = type,
		.present = 1, .dpl = selector & 3, .s = 1, .g = 1,
	};
}

static void fill_segments(struct kvm_sregs *s)
{
	struct kvm_segment code = segment(HV_SEL_USER_CODE, 11);
	struct kvm_segment data = segment(HV_SEL_USER_DATA, 3);

	code.l = 1;
	data.db = 1;
	s->cs = code;
	s->ds = s->es = s->fs = s->gs = s->ss = data;
}

static void fill_sregs(const struct hv_kvm_cpu *c, struct kvm_sregs *s)
{
	fill_segments(s);
	/* At reset it is usable and lies at 0: in guest RAM. */
	s->ldt = (struct kvm_segment){ .type = 2, .unusable = 1 };
	s->gdt.base = hv_window_addr(HV_KVM_GDT);
	s->gdt.limit = HV_KVM_GDT_BYTES - 1;
	s->idt.base = hv_window_addr(HV_KVM_IDT);
	s->idt.limit = HV_KVM_IDT_BYTES - 1;
	s->tr = (struct kvm_segment){
		.base = hv_window_addr(hv_kvm_tss(c->number, false)),
		.limit = HV_KVM_TSS_BYTES - 1, .selector = HV_SEL_TSS,
		.type = hv_kvm_task_state_type(), .present = 1,
	};
	s->cr0 = CR0_FLAGS;
	s->cr4 = CR4_FLAGS | (c->kvm->cpuid.fsgsbase ? CR4_FSGSBASE : 0) |
		 (c->kvm->engine.xcr0 ? CR4_OSXSAVE : 0);
	s->efer = EFER_FLAGS | (c->kvm->user_mode ? EFER_SYSCALL : 0);
}

/* Software KVM runs SYSCALL at ring 3 and goes on at LSTAR, still at ring 3,
 * whatever EFER says. A host that runs it as the manuals say gets there, at ring
 * 0, for a guest with user mode only. Refused: reports are vaguer. */
static void set_syscall_target(const struct hv_kvm_cpu *c)
{
	struct {
		uint32_t count, padding; /* a struct kvm_msrs */
		struct kvm_msr_entry entry[3];
	} msrs = {
		.count = 3,
		.entry = {
			{ .index = MSR_LSTAR,
			  .data = hv_window_addr(HV_KVM_SYSCALL) },
			{ .index = MSR_STAR,
			  .data = (uint64_t)HV_SEL_KERNEL_CODE << 32 },
			{ .index = MSR_SFMASK,
			  .data = RFLAGS_CLEARED_BY_SYSCALL },
		},
	};

	ioctl(c->fd, KVM_SET_MSRS, &msrs);
}

static int map_run(struct hv_kvm_cpu *c)
{
	c->run = mmap(NULL, c->kvm->run_bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED, c->fd, 0);
	if (c->run == MAP_FAILED) {
		c->run = NULL;
		return -1;
	}
	return 0;
}

static int make(struct hv_kvm_cpu *c, struct hv_error *err)
{
	c->fd = ioctl(c->kvm->vm, KVM_CREATE_VCPU, c->number);
	if (c->fd < 0)
		return hv_kvm_refuses(err, "to create a vCPU");
	if (map_run(c) < 0)
		return hv_kvm_refuses(err, "to share a vCPU's state");
	if (set_cpuid(c, err) < 0)
		return -1;
	if (ioctl(c->fd, KVM_GET_SREGS, &c->entry_sregs) < 0)
		return hv_kvm_refuses(err, "to show a vCPU's registers");
	fill_sregs(c, &c->entry_sregs);
	set_syscall_target(c);
	return 0;
}

void hv_kvm_cpu_free(struct hv_kvm_cpu *c)
{
	if (!c)
		return;
	if (c->run)
		munmap(c->run, c->kvm->run_bytes);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

int hv_kvm_cpu_create(struct hv_engine *engine, unsigned number,
		      struct hv_cpu **ret_cpu, struct hv_error *err)
{
	struct hv_kvm *k = hv_kvm_of(engine);
	struct hv_kvm_cpu *c = calloc(1, sizeof(*c));

	if (!c)
		return hv_fail(err, HV_STATUS_FAILED, "out of memory");
	c->cpu.ops = &hv_engine_kvm;
	c->kvm = k;
	c->number = number;
	c->fd = -1;
	if (make(c, err) < 0) {
		hv_kvm_cpu_free(c);
		return -1;
	}
	k->cpu[number] = c;
	*ret_cpu = &c->cpu;
	return 0;
}

/* Whose thread this is, for signal handlers. */
static __thread struct hv_cpu *own;

void hv_kvm_cpu_adopt(struct hv_cpu *cpu)
{
	own = cpu;
	atomic_store(&kvm_cpu_of(cpu)->thread, (pid_t)syscall(SYS_gettid));
}

/* ---- registers */

struct hv_regs *hv_kvm_raw_regs(struct hv_kvm_cpu *c)
{
	if (c->kvm->sync_regs)
		return (struct hv_regs *)(void *)&c->run->s.regs.regs;
	if (!c->regs_given && ioctl(c->fd, KVM_GET_REGS, &c->regs) < 0)
		return NULL;
	return &c->regs;
}

/* The code of the window that an address is in, or NULL. */
static const uint8_t *window_code(const struct hv_kvm_cpu *c, uint64_t gva)
{
	uint64_t offset = gva - PV_WINDOW_BASE;

	if (offset < HV_WINDOW_OPS || offset >= HV_WINDOW_MAPPED - 1)
		return NULL;
	return c->kvm->window->base + offset;
}

/* Where an `out` has exited, KVM shows it as still to be executed or as done,
 * depending on the host, and steps over it at the next run in the first case,
 * unless rip was changed. So it is changed, to what is right for both. */
static void step_over_out(const struct hv_kvm_cpu *c, struct hv_regs *regs)
{
	const uint8_t *code = window_code(c, regs->rip);

	if (c->run->exit_reason == KVM_EXIT_IO && code &&
	    (*code == OUT_IMM8 || *code == OUT_IMM8 + 1))
		regs->rip += OUT_BYTES;
}

struct hv_regs *hv_kvm_regs(struct hv_kvm_cpu *c)
{
	struct hv_regs *regs = hv_kvm_raw_regs(c);

	if (regs && !c->regs_given)
		step_over_out(c, regs);
	c->regs_given = regs != NULL;
	return regs;
}

struct hv_regs *hv_kvm_cpu_regs(struct hv_cpu *cpu)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);

	return c->allowing ? &c->after_keys : hv_kvm_regs(c);
}

static int give_regs_back(struct hv_kvm_cpu *c)
{
	c->regs_given = false;
	if (!c->kvm->sync_regs)
		return ioctl(c->fd, KVM_SET_REGS, &c->regs);
	c->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	return 0;
}

static int give_sregs_back(struct hv_kvm_cpu *c)
{
	c->sregs_changed = false;
	c->cr3_given = c->sregs.cr3;
	if (!c->kvm->sync_regs)
		return ioctl(c->fd, KVM_SET_SREGS, &c->sregs);
	c->run->s.regs.sregs = c->sregs;
	c->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
	return 0;
}

/* What is not taken back ends it: user mode must not go on in the kernel's stead. */
static bool give_back(struct hv_kvm_cpu *c)
{
	return (!c->regs_given || give_regs_back(c) == 0) &&
	       (!c->sregs_changed || give_sregs_back(c) == 0);
}

/* What an exit needed beside the general registers the next few will need too: a
 * guest that has faults, loads page tables, runs user mode or is kicked does and is
 * so again and again. KVM then shows it with each of these, where asking takes a
 * call. Kicks are further apart, and events cost less to show. */
#define SREGS_SHOWN_ON 4
#define EVENTS_SHOWN_ON 32

static uint32_t shown_next(struct hv_kvm_cpu *c)
{
	uint32_t shown = KVM_SYNC_X86_REGS;

	if (!c->kvm->sync_regs)
		return 0;
	if (c->sregs_used && c->sregs_used--)
		shown |= KVM_SYNC_X86_SREGS;
	if (c->events_used && c->events_used--)
		shown |= KVM_SYNC_X86_EVENTS;
	return shown;
}

/* KVM shows a task state as busy that was not. */
int hv_kvm_take_sregs(struct hv_kvm_cpu *c)
{
	if (c->sregs_changed)
		return 0;
	c->sregs_used = SREGS_SHOWN_ON;
	if (c->shown & KVM_SYNC_X86_SREGS)
		c->sregs = c->run->s.regs.sregs;
	else if (ioctl(c->fd, KVM_GET_SREGS, &c->sregs) < 0)
		return -errno;
	c->sregs.tr.type = c->entry_sregs.tr.type;
	c->sregs_changed = true;
	return 0;
}

int hv_kvm_cpu_bases(struct hv_cpu *cpu, struct hv_bases *ret_bases)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);
	int status = hv_kvm_take_sregs(c);

	if (status < 0)
		return status;
	ret_bases->fs = c->sregs.fs.base;
	ret_bases->gs = c->sregs.gs.base;
	return 0;
}

/* KVM flushes when CR3 changes, and only then: the same root is told apart by a
 * bit that means nothing to memory that is cached anyway. Told apart from what KVM
 * has: a second flush before the vCPU goes in again must not undo the first. */
static void set_root(struct hv_kvm_cpu *c, pv_gpa_t root)
{
	uint64_t other = ~c->cr3_given & CR3_WRITE_THROUGH;

	c->sregs.cr3 = root | other;
}

void hv_kvm_cpu_enter(struct hv_cpu *cpu, bool user, pv_gpa_t root,
		      const struct hv_bases *bases)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);

	c->user = user;
	c->sregs = c->entry_sregs;
	c->sregs.fs.base = bases->fs;
	c->sregs.gs.base = bases->gs;
	c->sregs.tr.base = hv_window_addr(hv_kvm_tss(c->number, user));
	c->sregs_changed = true;
	set_root(c, root);
}

int hv_kvm_cpu_flush(struct hv_cpu *cpu, pv_gpa_t root)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);
	int status = hv_kvm_take_sregs(c);

	if (status == 0)
		set_root(c, root);
	return status;
}

/* What another life of this vCPU left. */
static int reset_extended_state(struct hv_kvm_cpu *c)
{
	const uint32_t x87_control = 0x37f, sse_control = 0x1f80;
	/* What the header, at 512, does not name is as after reset; but MXCSR is
	 * left alone then. */
	const uint32_t x87_and_sse = 3;
	struct kvm_xsave initial = {
		.region = { [0] = x87_control, [6] = sse_control,
			    [512 / 4] = x87_and_sse },
	};

	if (!c->started) {
		c->started = true;
		return 0;
	}
	return ioctl(c->fd, KVM_SET_XSAVE, &initial) < 0 ? -errno : 0;
}

int hv_kvm_cpu_start(struct hv_cpu *cpu, const struct hv_regs *regs,
		     pv_gpa_t root, const struct hv_bases *bases)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);

	hv_kvm_cpu_enter(cpu, false, root, bases);
	c->sregs_changed = false;
	c->run->kvm_dirty_regs = c->shown = 0;
	if (ioctl(c->fd, KVM_SET_SREGS, &c->sregs) < 0)
		return -errno;
	c->cr3_given = c->sregs.cr3;
	/* The general ones lie where they are looked for, which may be before it
	 * first runs: instead of those of another life. */
	c->regs_given = true;
	*hv_kvm_raw_regs(c) = *regs;
	if (c->started)
		hv_kvm_keys_begin(c, hv_kvm_raw_regs(c));
	return reset_extended_state(c);
}

/* ---- running */

static __thread volatile bool in_kvm_run;

void hv_kvm_on_bus_error(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code == BUS_ADRALN && in_kvm_run)
		return;
	signal(number, SIG_DFL);
	raise(number); /* when this has returned */
}

int hv_kvm_enter(int fd)
{
	int status;

	in_kvm_run = true;
	status = ioctl(fd, KVM_RUN, 0);
	in_kvm_run = false;
	return status;
}

void hv_kvm_cpu_run(struct hv_cpu *cpu, struct hv_exit *ret_exit)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);

	c->interrupted = false;
	c->run->kvm_valid_regs = c->shown = shown_next(c);
	ret_exit->regs = NULL;
	if (give_back(c) && hv_kvm_enter(c->fd) == 0) {
		hv_kvm_exit(c, ret_exit);
	} else if (errno == EINTR || errno == EAGAIN) {
		__atomic_store_n(&c->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		c->run->exit_reason = KVM_EXIT_INTR;
		c->interrupted = true;
		ret_exit->kind = HV_EXIT_KICKED;
	} else {
		ret_exit->regs = hv_kvm_regs(c);
		hv_kvm_dead(ret_exit, "KVM cannot run the vCPU: %s", strerror(errno));
	}
}

/* First the flag, for a vCPU about to enter; then the signal, for one that has. By
 * number: a thread may have ended, or be waited for. Who kicks itself is in a signal's
 * handler and has left the guest by that. */
void hv_kvm_kick(struct kvm_run *run, pid_t thread, bool is_own)
{
	__atomic_store_n(&run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (thread && !is_own)
		syscall(SYS_tgkill, getpid(), thread, HV_KVM_KICK_SIGNAL);
}

void hv_kvm_cpu_kick(struct hv_cpu *cpu)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);

	hv_kvm_kick(c->run, atomic_load(&c->thread), cpu == own);
}

uint8_t *hv_kvm_cpu_kick_byte(struct hv_cpu *cpu)
{
	return &kvm_cpu_of(cpu)->run->immediate_exit;
}

/* A kick can come between an exception and its delivery. KVM would then deliver it
 * to whatever the vCPU was made to do instead. Of those of INT3 and its like KVM
 * tells the number alone. Software KVM has stepped over the instruction by then: it
 * would not raise them again. */
static bool delivering(struct hv_kvm_cpu *c)
{
	struct kvm_vcpu_events asked, *events = &c->run->s.regs.events;

	if (!c->interrupted)
		return false;
	c->events_used = EVENTS_SHOWN_ON;
	if (!(c->shown & KVM_SYNC_X86_EVENTS)) {
		events = &asked;
		if (ioctl(c->fd, KVM_GET_VCPU_EVENTS, events) < 0)
			return false;
	}
	return events->exception.injected || events->exception.pending ||
	       hv_kvm_is_soft(events->exception.nr);
}

/* Before the `out` of a stub of either kind, or on the way to one. */
bool hv_kvm_cpu_busy(struct hv_cpu *cpu)
{
	struct hv_kvm_cpu *c = kvm_cpu_of(cpu);
	uint64_t stubs = hv_window_addr(HV_WINDOW_USER);
	struct hv_regs *regs;

	if (delivering(c)) /* and what KVM has in hand goes if regs are set */
		return true;
	regs = hv_kvm_regs(c);
	return regs && (regs->rip - stubs < HV_WINDOW_MAPPED - HV_WINDOW_USER ||
			hv_kvm_keys_divert(c, regs));
}

bool hv_kvm_cpu_returning(struct hv_cpu *cpu)
{
	struct hv_regs *regs = hv_kvm_regs(kvm_cpu_of(cpu));
	uint64_t from = hv_window_addr(HV_KVM_RETURN_FROM);

	return regs && regs->rip - from < HV_KVM_RETURN_TO - HV_KVM_RETURN_FROM;
}
