/* SPDX-License-Identifier: MIT
 *
 * See vm.h.
 */
#include "vm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "engine.h"
#include "futex.h"
#include "loop.h"
#include "sleep.h"

/* The first caller decides; the text must be there before others see `ending`,
 * so it is written under a claim of its own. */
static bool claim(struct hv_vm *vm)
{
	return !atomic_exchange(&vm->end_claimed, true);
}

/* Wherever its vCPUs are, they go on to look whether it has ended. */
void hv_vm_leave(struct hv_vm *vm)
{
	for (unsigned i = 0; i < vm->vcpus; i++) {
		struct hv_vcpu *vcpu = &vm->vcpu[i];

		if (vcpu->cpu)
			vm->engine->ops->cpu_kick(vcpu->cpu);
		hv_sleep_interrupt(vcpu);
	}
	hv_futex_wake(&vm->paused);
}

/* A kick can come a moment before a vCPU's thread enters a system call that
 * blocks; one that is repeated cannot be missed. */
static void kick_until_left(struct hv_vm *vm)
{
	const struct itimerval again = {
		.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000,
	};

	hv_vm_leave(vm);
	if (vm->running)
		setitimer(ITIMER_REAL, &again, NULL);
}

/* A guest that exits waits for its I/O; any other end does not. */
static void abandon(struct hv_vm *vm, enum hv_end end)
{
	struct hv_loop *loop = vm->loop; /* it may be gone at the next look */

	if (end != HV_END_EXIT && loop)
		hv_loop_abandon(loop);
}

static void announce(struct hv_vm *vm, enum hv_end end)
{
	atomic_store(&vm->ending, (int)end);
	abandon(vm, end);
	/* The only vCPU of a guest that exits is out of it already. */
	if (end != HV_END_EXIT || vm->vcpus > 1)
		kick_until_left(vm);
}

void hv_vm_end(struct hv_vm *vm, enum hv_end end, uint64_t detail)
{
	if (!claim(vm)) {
		/* Too late to be the reason, not to end a wait for I/O. */
		abandon(vm, end);
		return;
	}
	vm->end_detail = detail;
	announce(vm, end);
}

static void __attribute__((format(printf, 3, 0)))
end_because(struct hv_vm *vm, enum hv_end end, const char *format, va_list args)
{
	if (!claim(vm))
		return;
	vsnprintf(vm->reason, sizeof(vm->reason), format, args);
	announce(vm, end);
}

void hv_guest_kill(struct hv_vm *vm, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_because(vm, HV_END_KILLED, format, args);
	va_end(args);
}

void hv_vm_fail(struct hv_vm *vm, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_because(vm, HV_END_FAILED, format, args);
	va_end(args);
}

struct hv_loop *hv_vm_loop(struct hv_vm *vm)
{
	struct hv_loop *loop;
	int status;

	pthread_mutex_lock(&vm->making_loop);
	loop = vm->loop;
	if (!loop) {
		status = hv_loop_start(&loop, vm->poll_ns);
		if (status == 0)
			vm->loop = loop;
		else
			hv_vm_fail(vm, "this host refuses an io_uring: %s (`paravane doctor` tells more)",
				   strerror(-status));
	}
	pthread_mutex_unlock(&vm->making_loop);
	return loop;
}

void hv_vm_init(struct hv_vm *vm, unsigned vcpus)
{
	pthread_mutex_init(&vm->lock, NULL);
	pthread_mutex_init(&vm->pausing, NULL);
	pthread_mutex_init(&vm->making_loop, NULL);
	hv_roots_init(&vm->roots);
	vm->vcpus = vcpus;
	for (unsigned i = 0; i < vcpus; i++) {
		struct hv_vcpu *vcpu = &vm->vcpu[i];

		vcpu->vm = vm;
		vcpu->number = i;
		atomic_init(&vcpu->place, HV_PLACE_ASLEEP);
		hv_timer_init(&vcpu->timer);
	}
}
