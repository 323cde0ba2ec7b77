/* SPDX-License-Identifier: MIT
 *
 * The life of a vCPU; read vcpu.h first, then hv_vcpu_live.
 */
#include "vcpu.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "event.h"
#include "exit.h"
#include "futex.h"
#include "native/native.h"
#include "run-state.h"
#include "sleep.h"
#include "space.h"
#include "vm.h"

/* Before it must make a step: out of user mode, then into the handler. More is
 * wanted only if another vCPU meddles with this one's page. */
#define UPCALLS_MAX 2
/* How long one that was kicked may take before it is kicked again. */
#define AWAITED_NS 1000000

struct hv_vcpu *hv_vcpu_numbered(struct hv_vm *vm, uint64_t number)
{
	return number < vm->vcpus ? &vm->vcpu[number] : NULL;
}

/* ---- others want something of it */

void hv_vcpu_kick(struct hv_vcpu *vcpu)
{
	if (atomic_load(&vcpu->place) != HV_PLACE_GUEST)
		return;
	vcpu->vm->engine->ops->cpu_kick(vcpu->cpu);
}

/* A kick may come a moment before the thread enters the guest, and be used up by
 * an exit for another reason: so it is looked again after a while. */
void hv_vcpu_kick_out(struct hv_vcpu *vcpu)
{
	uint32_t seen;

	atomic_fetch_add(&vcpu->awaited, 1);
	seen = atomic_load(&vcpu->departures);
	while (atomic_load(&vcpu->place) == HV_PLACE_GUEST &&
	       atomic_load(&vcpu->departures) == seen &&
	       !atomic_load(&vcpu->vm->ending)) {
		vcpu->vm->engine->ops->cpu_kick(vcpu->cpu);
		hv_futex_wait_until(&vcpu->departures, seen,
				    hv_host_ns() + AWAITED_NS);
	}
	atomic_fetch_sub(&vcpu->awaited, 1);
}

void hv_vcpus_pause(struct hv_vm *vm)
{
	pthread_mutex_lock(&vm->pausing);
	atomic_store(&vm->paused, 1);
	for (unsigned i = 0; i < vm->vcpus; i++)
		hv_vcpu_kick(&vm->vcpu[i]);
	for (unsigned i = 0; i < vm->vcpus; i++)
		hv_vcpu_kick_out(&vm->vcpu[i]);
}

void hv_vcpus_resume(struct hv_vm *vm)
{
	atomic_store(&vm->paused, 0);
	hv_futex_wake(&vm->paused);
	pthread_mutex_unlock(&vm->pausing);
}

bool hv_vcpu_at_rest(struct hv_vcpu *vcpu)
{
	uint32_t place = atomic_load(&vcpu->place);

	return place == HV_PLACE_PAUSED || place == HV_PLACE_ASLEEP ||
	       !atomic_load(&vcpu->up);
}

/* ---- its own thread */

void hv_vcpu_stay_out(struct hv_vcpu *vcpu)
{
	struct hv_vm *vm = vcpu->vm;

	while (atomic_load(&vm->paused) && !atomic_load(&vm->ending)) {
		atomic_store(&vcpu->place, HV_PLACE_PAUSED);
		hv_futex_wait(&vm->paused, 1);
		atomic_store(&vcpu->place, HV_PLACE_OUT);
	}
}

static void leave_guest(struct hv_vcpu *vcpu)
{
	atomic_store(&vcpu->place, HV_PLACE_OUT);
	if (!atomic_load(&vcpu->awaited))
		return;
	/* It may be in again before who waits has looked. */
	atomic_fetch_add(&vcpu->departures, 1);
	hv_futex_wake(&vcpu->departures);
}

/* One message that was left, or false if there is none: then it is in the guest,
 * as far as others can tell. */
static bool serve_message(struct hv_vcpu *vcpu, unsigned *upcalls)
{
	struct hv_vm *vm = vcpu->vm;

	atomic_store(&vcpu->place, HV_PLACE_GUEST);
	if (atomic_load(&vm->paused)) {
		leave_guest(vcpu);
		hv_vcpu_stay_out(vcpu);
		return !atomic_load(&vm->ending);
	}
	if (atomic_load(&vcpu->reload)) {
		leave_guest(vcpu);
		atomic_store(&vcpu->reload, false);
		hv_space_reload(vcpu);
		return true;
	}
	if (hv_timer_rang(&vcpu->timer)) {
		leave_guest(vcpu);
		hv_timer_look(vcpu);
		return true;
	}
	if (*upcalls < UPCALLS_MAX && hv_upcall_due(vcpu)) {
		leave_guest(vcpu);
		++*upcalls;
		hv_upcall_deliver(vcpu);
		return true;
	}
	return false;
}

static bool lives(const struct hv_vcpu *vcpu)
{
	return !atomic_load_explicit(&vcpu->vm->ending, memory_order_acquire) &&
	       atomic_load_explicit(&vcpu->up, memory_order_relaxed);
}

static void run(struct hv_vcpu *vcpu)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;
	struct hv_exit exit;

	while (lives(vcpu)) {
		unsigned upcalls = 0;

		while (serve_message(vcpu, &upcalls))
			if (!lives(vcpu))
				break;
		if (lives(vcpu)) {
			ops->cpu_run(vcpu->cpu, &exit);
			leave_guest(vcpu);
			hv_exit_serve(vcpu, &exit);
		}
	}
	leave_guest(vcpu);
}

static void reset(struct hv_vcpu *vcpu, bool upcalls_masked)
{
	struct pv_vcpu *page = vcpu->page;

	atomic_store(&vcpu->upcall_entry, 0);
	vcpu->trap_vectors = 0;
	vcpu->timer.deadline_ns = PV_FOREVER;
	__atomic_store_n(&page->upcalls_masked, upcalls_masked,
			 __ATOMIC_RELAXED);
}

static void begin(struct hv_vcpu *vcpu)
{
	const struct hv_engine_ops *ops = vcpu->vm->engine->ops;
	struct hv_bases bases = {
		.gs = hv_window_addr(hv_window_vcpu_offset(vcpu->number)),
	};
	int status;

	if (!hv_root_holds(&vcpu->vm->roots, &vcpu->kernel_root))
		atomic_store(&vcpu->reload, true);
	ops->cpu_adopt(vcpu->cpu);
	status = ops->cpu_start(vcpu->cpu, &vcpu->entry_regs,
				vcpu->kernel_root.copy, &bases);
	if (status < 0)
		hv_vm_fail(vcpu->vm, "KVM does not take a vCPU's entry state: %s",
			   strerror(-status));
	vcpu->begun = true;
}

void hv_vcpu_live(struct hv_vcpu *vcpu)
{
	/* Linux may wake who sleeps 50 us late, to save power. */
	prctl(PR_SET_TIMERSLACK, 1);
	if (vcpu->vm->native) {
		hv_native_live(vcpu);
		return;
	}
	while (!atomic_load(&vcpu->vm->ending)) {
		if (!atomic_load(&vcpu->up)) {
			hv_sleep_until_up(vcpu);
			continue;
		}
		begin(vcpu);
		hv_run_state_up(vcpu);
		run(vcpu);
		hv_run_state_down(vcpu);
	}
	hv_timer_done(&vcpu->timer);
}

/* ---- up and down */

static void *vcpu_thread(void *argument)
{
	struct hv_vcpu *vcpu = argument;

	hv_vcpu_live(vcpu);
	return NULL;
}

/* Signals that end the VM are the first thread's; what interrupts a vCPU is for
 * all of them. */
int hv_vcpu_start_thread(struct hv_vcpu *vcpu)
{
	sigset_t blocked, before;
	int r;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGUSR1);
	sigdelset(&blocked, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	r = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	vcpu->has_thread = r == 0;
	return r;
}

/* The engine's part and the thread, at the first time. */
static int64_t make(struct hv_vcpu *vcpu)
{
	struct hv_vm *vm = vcpu->vm;
	struct hv_error err = { .text = "" };
	struct hv_cpu *cpu;

	if (!vcpu->cpu) {
		if (vm->engine->ops->cpu_create(vm->engine, vcpu->number, &cpu,
						&err) < 0)
			return -PV_ENOMEM;
		vcpu->cpu = cpu;
	}
	if (vcpu->number == 0 || vcpu->has_thread)
		return 0;
	return hv_vcpu_start_thread(vcpu) ? -PV_ENOMEM : 0;
}

/* Its last step may be seen in its page before it is done. False while the VM ends:
 * a thread that is made then would be waited for by nobody. */
static bool wait_until_down(struct hv_vcpu *vcpu)
{
	while (!atomic_load(&vcpu->vm->ending)) {
		if (atomic_load(&vcpu->place) == HV_PLACE_ASLEEP)
			return true;
		sched_yield();
	}
	return false;
}

static int64_t bring_up(struct hv_vcpu *caller, struct hv_vcpu *vcpu,
			const struct hv_regs *entry)
{
	int64_t status;

	if (atomic_load(&vcpu->up) || !wait_until_down(vcpu))
		return -PV_EBUSY;
	reset(vcpu, true);
	vcpu->entry_regs = *entry;
	vcpu->kernel_root = caller->kernel_root;
	status = make(vcpu);
	if (status < 0)
		return status;
	vcpu->vm->vcpus_up++;
	atomic_store(&vcpu->up, true);
	hv_sleep_interrupt(vcpu);
	return 0;
}

int64_t hv_vcpu_up(struct hv_vcpu *caller, uint64_t number, uint64_t entry,
		   uint64_t stack, uint64_t arg)
{
	const struct hv_regs regs = {
		.rip = entry, .rsp = stack, .rdi = arg, .rflags = HV_RFLAGS_ALWAYS,
	};
	struct hv_vcpu *vcpu = hv_vcpu_numbered(caller->vm, number);
	int64_t status;

	if (!vcpu)
		return -PV_ENODEV;
	if (vcpu == caller)
		return -PV_EBUSY;
	if (!hv_canonical(entry) || !hv_canonical(stack))
		return -PV_EINVAL;
	pthread_mutex_lock(&caller->vm->lock);
	status = bring_up(caller, vcpu, &regs);
	pthread_mutex_unlock(&caller->vm->lock);
	return status;
}

int64_t hv_vcpu_down(struct hv_vcpu *vcpu)
{
	struct hv_vm *vm = vcpu->vm;
	int64_t status = -PV_EBUSY;

	pthread_mutex_lock(&vm->lock);
	if (vm->vcpus_up > 1) {
		vm->vcpus_up--;
		atomic_store(&vcpu->up, false);
		status = 0;
	}
	pthread_mutex_unlock(&vm->lock);
	return status;
}

void hv_vcpu_boot(struct hv_vcpu *vcpu, uint64_t entry, uint64_t stack,
		  uint64_t arg)
{
	vcpu->entry_regs = (struct hv_regs){
		.rip = entry, .rsp = stack, .rdi = arg, .rflags = HV_RFLAGS_ALWAYS,
	};
	vcpu->kernel_root = (struct hv_root){
		.guest = PV_ROOT_INITIAL,
		.copy = vcpu->vm->engine->root_initial,
	};
	reset(vcpu, false);
	vcpu->vm->vcpus_up = 1;
	atomic_store(&vcpu->up, true);
}

void hv_vcpus_join(struct hv_vm *vm)
{
	/* Whoever makes a thread holds it, and makes none from here on. */
	pthread_mutex_lock(&vm->lock);
	pthread_mutex_unlock(&vm->lock);
	for (unsigned i = 0; i < vm->vcpus; i++)
		if (vm->vcpu[i].has_thread)
			pthread_join(vm->vcpu[i].thread, NULL);
}
