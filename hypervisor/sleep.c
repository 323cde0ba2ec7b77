/* SPDX-License-Identifier: MIT
 *
 * See sleep.h.
 */
#include "sleep.h"

#include "clock.h"
#include "futex.h"
#include "run-state.h"
#include "vm.h"

static int pending(const struct pv_vcpu *vcpu)
{
	for (unsigned i = 0; i < PV_PORT_WORDS; i++)
		if (__atomic_load_n(&vcpu->pending[i], __ATOMIC_SEQ_CST) &
		    ~__atomic_load_n(&vcpu->masked[i], __ATOMIC_RELAXED))
			return 1;
	return 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Out of its sleep for that: else it would be woken from it, by itself. */
static void look_at_timer(struct hv_vcpu *vcpu)
{
	if (!hv_timer_pending(&vcpu->timer))
		return;
	atomic_store(&vcpu->place, HV_PLACE_OUT);
	hv_timer_look(vcpu);
	atomic_store(&vcpu->place, HV_PLACE_ASLEEP);
}

/* When to look again, in the host's time. Also for the timer: its alarm interrupts a
 * wait, but Linux goes on with that by itself. */
static uint64_t wait_until_ns(const struct hv_vcpu *vcpu, uint64_t now,
			      uint64_t deadline_ns)
{
	uint64_t at = earlier(deadline_ns, vcpu->timer.deadline_ns);
	uint64_t left = at > now ? at - now : 0;

	return hv_host_ns() + earlier(left, HV_WAIT_MOST_NS);
}

static int64_t wait_for_event(struct hv_vcpu *vcpu, uint64_t deadline_ns)
{
	for (;;) {
		uint32_t seen;
		uint64_t now;

		look_at_timer(vcpu);
		seen = atomic_load(&vcpu->wakeups);
		if (pending(vcpu->page) || atomic_load(&vcpu->vm->ending))
			return 0;
		now = hv_clock_now(vcpu->vm);
		if (now >= deadline_ns)
			return -PV_ETIMEDOUT;
		hv_futex_wait_until(&vcpu->wakeups, seen,
				    wait_until_ns(vcpu, now, deadline_ns));
	}
}

int64_t hv_sleep_until(struct hv_vcpu *vcpu, uint64_t deadline_ns)
{
	uint64_t began = hv_host_ns();
	int64_t status;

	__atomic_store_n(&vcpu->page->upcalls_masked, 0, __ATOMIC_RELAXED);
	hv_run_state_block(vcpu);
	atomic_store(&vcpu->place, HV_PLACE_ASLEEP);
	status = wait_for_event(vcpu, deadline_ns);
	atomic_store(&vcpu->place, HV_PLACE_OUT);
	/* Who keeps all out of the guest has taken it for one at rest. */
	hv_vcpu_stay_out(vcpu);
	hv_run_state_unblock(vcpu);
	vcpu->stats.blocked_ns += hv_host_ns() - began;
	return status;
}

void hv_sleep_until_up(struct hv_vcpu *vcpu)
{
	uint32_t seen;

	atomic_store(&vcpu->place, HV_PLACE_ASLEEP);
	for (;;) {
		seen = atomic_load(&vcpu->wakeups);
		if (atomic_load(&vcpu->up) || atomic_load(&vcpu->vm->ending))
			break;
		hv_futex_wait(&vcpu->wakeups, seen);
	}
	atomic_store(&vcpu->place, HV_PLACE_OUT);
}

void hv_sleep_interrupt(struct hv_vcpu *vcpu)
{
	atomic_fetch_add(&vcpu->wakeups, 1);
	hv_futex_wake(&vcpu->wakeups);
}
