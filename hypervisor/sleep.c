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

static int64_t wait_for_event(struct hv_vm *vm, uint64_t deadline_ns)
{
	for (;;) {
		uint32_t seen = atomic_load(&vm->wakeups);
		uint64_t now = hv_clock_now(vm), left;

		if (pending(vm->vcpu) || atomic_load(&vm->ending))
			return 0;
		if (now >= deadline_ns)
			return -PV_ETIMEDOUT;
		left = deadline_ns - now;
		futex_wait(&vm->wakeups, seen,
			   left < LONGEST_NS ? left : LONGEST_NS);
	}
}

int64_t hv_sleep_until(struct hv_vm *vm, uint64_t deadline_ns)
{
	uint64_t began = hv_host_ns();
	int64_t status;

	__atomic_store_n(&vm->vcpu->upcalls_masked, 0, __ATOMIC_RELAXED);
	atomic_store(&vm->sleeping, 1);
	status = wait_for_event(vm, deadline_ns);
	atomic_store(&vm->sleeping, 0);
	vm->stats.blocked_ns += hv_host_ns() - began;
	return status;
}

void hv_sleep_interrupt(struct hv_vm *vm)
{
	atomic_fetch_add(&vm->wakeups, 1);
	syscall(SYS_futex, &vm->wakeups, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
