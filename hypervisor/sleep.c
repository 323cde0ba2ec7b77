/* SPDX-License-Identifier: MIT
 *
 * See sleep.h.
 */
#include "sleep.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "run-state.h"
#include "vm.h"

/* Longer sleeps are cut into these, so that no sum can wrap. */
#define LONGEST_NS (UINT64_C(3600) * HV_NS_PER_S)

static int pending(const struct pv_vcpu *vcpu)
{

	for (unsigned i = 0; i < PV_PORT_WORDS; i++)
		if (__atomic_load_n(&vcpu->pending[i], __ATOMIC_SEQ_CST) &
		    ~__atomic_load_n(&vcpu->masked[i], __ATOMIC_RELAXED))
			return 1;
	return 0;
}

static void futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns)
{
	uint64_t until = hv_host_ns() + ns;
	struct timespec at = {
		.tv_sec = (time_t)(until / HV_NS_PER_S),
		.tv_nsec = (long)(until % HV_NS_PER_S),
	};

	syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, &at, NULL,
		FUTEX_BITSET_MATCH_ANY);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Out of its sleep for that: else it would be woken from it, by itself. */
static uint64_t check_timer(struct hv_vcpu *vcpu)
{
	uint64_t at;

	atomic_store(&vcpu->place, HV_PLACE_OUT);
	at = hv_timer_check(vcpu);
	atomic_store(&vcpu->place, HV_PLACE_ASLEEP);
	return at;
}

static int64_t wait_for_event(struct hv_vcpu *vcpu, uint64_t deadline_ns,
			      bool *paused)
{
	for (;;) {
		uint64_t timer_ns = check_timer(vcpu);
		uint32_t seen = atomic_load(&vcpu->wakeups);
		uint64_t now = hv_clock_now(vcpu->vm), until, left;

		if (pending(vcpu->page) || atomic_load(&vcpu->vm->ending))
			return 0;
		if (now >= deadline_ns)
			return -PV_ETIMEDOUT;
		if (!*paused)
			*paused = hv_timer_pause(vcpu);
		until = earlier(deadline_ns, timer_ns);
		left = until > now ? until - now : 0;
		futex_wait(&vcpu->wakeups, seen, earlier(left, LONGEST_NS));
	}
}

int64_t hv_sleep_until(struct hv_vcpu *vcpu, uint64_t deadline_ns)
{
	uint64_t began = hv_host_ns();
	bool paused = false;
	int64_t status;

	__atomic_store_n(&vcpu->page->upcalls_masked, 0, __ATOMIC_RELAXED);
	hv_run_state_block(vcpu);
	atomic_store(&vcpu->place, HV_PLACE_ASLEEP);
	status = wait_for_event(vcpu, deadline_ns, &paused);
	atomic_store(&vcpu->place, HV_PLACE_OUT);
	/* Who keeps all out of the guest has taken it for one at rest. */
	hv_vcpu_stay_out(vcpu);
	if (paused)
		hv_timer_resume(vcpu);
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
		futex_wait(&vcpu->wakeups, seen, LONGEST_NS);
	}
	atomic_store(&vcpu->place, HV_PLACE_OUT);
}

void hv_sleep_interrupt(struct hv_vcpu *vcpu)
{
	atomic_fetch_add(&vcpu->wakeups, 1);
	syscall(SYS_futex, &vcpu->wakeups, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
