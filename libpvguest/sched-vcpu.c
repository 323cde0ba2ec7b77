/* SPDX-License-Identifier: MIT
 *
 * The scheduler on several vCPUs: starting, idling, and calling each other. Read
 * first scheduler.h.
 *
 * A thread that becomes ready calls one idle vCPU, which is then not idle to
 * others any more: so many threads, so many vCPUs. If none is idle, those that run
 * somebody without end of slice are told that there is somebody else; each is told
 * once a slice at most.
 */
#include <pvguest/clock.h>
#include <pvguest/libc.h>

#include "thread-list.h"

static unsigned call_port;

static uint64_t bit_of(const struct pvg_sched_vcpu *vcpu)
{
	return UINT64_C(1) << vcpu->number;
}

static void call_idle(struct pvg_sched_vcpu *here, unsigned number)
{
	struct pvg_sched_vcpu *vcpu = &pvg_sched_vcpus[number];

	pvg_sched.idle &= ~bit_of(vcpu);
	__atomic_store_n(&vcpu->called, true, __ATOMIC_RELAXED);
	if (vcpu->asleep && vcpu != here)
		here->calls |= bit_of(vcpu);
}

static void call_busy(struct pvg_sched_vcpu *here, uint64_t vcpus)
{
	pvg_sched.unsliced &= ~vcpus;
	if (vcpus & bit_of(here))
		pvg_sched_slice_begins(here);
	here->calls |= vcpus & ~bit_of(here);
}

void pvg_sched_call(struct pvg_sched_vcpu *here,
		    const struct pvg_thread *thread)
{
	uint64_t idle = pvg_sched.idle & thread->vcpus;

	/* Where it ran before it may find its data in the cache. */
	if (idle >> thread->vcpu & 1)
		call_idle(here, thread->vcpu);
	else if (idle)
		call_idle(here, (unsigned)__builtin_ctzll(idle));
	else
		call_busy(here, pvg_sched.unsliced & thread->vcpus);
}

void pvg_sched_send_calls(struct pvg_sched_vcpu *here, uint64_t calls)
{
	for (; calls; calls &= calls - 1) {
		here->stats.calls++;
		pvg_event_send((unsigned)__builtin_ctzll(calls), call_port);
	}
}

/* An idle vCPU has been woken by this, which is all it takes. */
static void called(unsigned port, void *arg)
{
	bool was_masked = pvg_sched_lock();

	(void)port, (void)arg;
	pvg_sched_slice_begins(sched_here());
	pvg_sched_unlock(was_masked);
}

/* For as long as it pays: another vCPU that calls meanwhile spares two exits. */
static bool called_soon(const struct pvg_sched_vcpu *here, uint64_t deadline_ns)
{
	uint64_t end_ns;

	if (pvg_boot.poll_ns == 0 || pvg_sched.vcpus == 1 || !pvg_clock_record)
		return false;
	end_ns = pvg_deadline_in(pvg_boot.poll_ns);
	if (end_ns > deadline_ns)
		end_ns = deadline_ns;
	do {
		if (__atomic_load_n(&here->called, __ATOMIC_RELAXED))
			return true;
		__builtin_ia32_pause();
	} while (pvg_clock_ns() < end_ns);
	return false;
}

/* Masked from the look to BLOCK, which unmasks: an event between the two ends it
 * at once. */
static void sleep_until_called(struct pvg_sched_vcpu *here)
{
	uint64_t deadline_ns;

	pvg_sched_lock();
	if (here->called) {
		pvg_sched_unlock(false);
		return;
	}
	here->asleep = true;
	here->stats.blocks++;
	deadline_ns = sleep_first_deadline(&here->sleepers);
	pvg_spin_unlock(&pvg_sched.lock);
	pvg_op_block(deadline_ns);
}

static void idle_main(void *arg)
{
	struct pvg_sched_vcpu *here = sched_here();

	(void)arg;
	for (;;) {
		uint64_t deadline_ns = 0;

		pvg_sched_lock();
		here->asleep = false;
		pvg_sched.idle &= ~bit_of(here);
		pvg_sched_wake_sleepers(here);
		if (!pvg_sched_leave_idle()) {
			here->called = false;
			pvg_sched.idle |= bit_of(here);
			deadline_ns = sleep_first_deadline(&here->sleepers);
		}
		pvg_sched_unlock(false);
		if (deadline_ns && !called_soon(here, deadline_ns))
			sleep_until_called(here);
	}
}

/* Called at the end of each upcall. */
static void upcall_done(void)
{
	if (PVG_LIKELY(pvg_vcpu()->own[PVG_OWN_PREEMPT] != SWITCH_DUE))
		return;
	pvg_sched_lock();
	pvg_sched_yield(true);
	pvg_sched_unlock(true);
}

static int prepare(unsigned number)
{
	static const struct pvg_thread_options options = {
		.name = "idle", .stack_bytes = PVG_THREAD_STACK_MIN_BYTES
	};
	struct pvg_sched_vcpu *vcpu = &pvg_sched_vcpus[number];

	vcpu->number = number;
	vcpu->timer_ns = vcpu->slice_end_ns = PV_FOREVER;
	vcpu->idle = pvg_thread_new(&options, idle_main, NULL);
	return vcpu->idle ? 0 : -PV_ENOMEM;
}

static int let_upcalls_in(void)
{
	pvg_port_unmask(PV_PORT_TIMER);
	pvg_port_unmask(call_port);
	return pvg_upcalls_start();
}

/* A vCPU begins as its idle thread. The stack it came up on is left for good. */
static void begin(void *arg)
{
	struct pvg_sched_vcpu *here = sched_here();
	void *left;

	if (arg) /* vCPU 0 has, too */
		pvg_traps_start();
	let_upcalls_in();
	pvg_sched_lock();
	pvg_vcpu()->own[PVG_OWN_THREAD] = (uint64_t)(uintptr_t)here->idle;
	pvg_vcpu()->own[PVG_OWN_PREEMPT] = 0;
	pvg_thread_switch(&left, here->idle->sp, here->idle);
}

/* The first vCPU: the caller goes on as its thread. */
static int start_here(void)
{
	int error = prepare(0);
	int port = pvg_port_alloc();

	if (error || port < 0)
		return -PV_ENOMEM;
	call_port = (unsigned)port;
	pvg_sched_ports_start();
	pvg_port_handle(PV_PORT_TIMER, pvg_sched_timer_fired, NULL);
	pvg_timer_is_threads = true;
	pvg_port_handle(call_port, called, NULL);
	pvg_upcall_exit_hook = upcall_done;
	error = let_upcalls_in();
	if (error)
		return error;
	pvg_sched.vcpus = 1;
	pvg_sched_lock();
	pvg_sched_slice_begins(sched_here());
	pvg_sched_unlock(false);
	return 0;
}

int pvg_sched_start(unsigned vcpus)
{
	void *traps = pvg_percpu()->traps ? pvg_percpu() : NULL;
	int error;

	if (pvg_sched.vcpus)
		return -PV_EBUSY;
	if (!pvg_has(PV_FEATURE_UPCALLS | PV_FEATURE_TIMER))
		return -PV_ENOSYS;
	if (vcpus == 0 || vcpus > pvg_vcpus())
		vcpus = pvg_vcpus();
	error = start_here();
	for (unsigned n = 1; n < vcpus && !error; n++) {
		error = prepare(n);
		if (!error)
			error = pvg_vcpu_up(n, begin, traps,
					    PVG_THREAD_STACK_MIN_BYTES);
		if (!error)
			pvg_sched.vcpus++;
	}
	return pvg_sched.vcpus ? (int)pvg_sched.vcpus : error;
}

struct pvg_sched_stats pvg_sched_stats(unsigned vcpu)
{
	static const struct pvg_sched_stats none;

	return vcpu < pvg_sched.vcpus ? pvg_sched_vcpus[vcpu].stats : none;
}
