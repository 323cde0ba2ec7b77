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
#include "loop.h"
#include "sleep.h"

/* The first caller decides; the text must be there before others see `ending`,
 * so it is written under a claim of its own. */
static bool claim(struct hv_vm *vm)
{
	return !atomic_exchange(&vm->end_claimed, true);
}

/* A kick can come a moment before the vCPU thread enters a system call that
 * blocks; one that is repeated cannot be missed. */
static void kick_until_left(struct hv_vm *vm)
{
	const struct itimerval again = {
		.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000,
	};

	if (vm->engine)
		vm->engine->ops->kick(vm->engine);
	if (vm->running)
		setitimer(ITIMER_REAL, &again, NULL);
}

/* A guest that exits waits for its I/O; any other end does not. */
static void announce(struct hv_vm *vm, enum hv_end end)
{
	atomic_store(&vm->ending, (int)end);
	if (end != HV_END_EXIT) {
		if (vm->loop)
			hv_loop_abandon(vm->loop);
		kick_until_left(vm);
		hv_sleep_interrupt(vm);
	}
}

void hv_vm_end(struct hv_vm *vm, enum hv_end end, uint64_t detail)
{
	if (!claim(vm)) {
		/* Too late to be the reason, not to end a wait for I/O. */
		if (end != HV_END_EXIT && vm->loop)
			hv_loop_abandon(vm->loop);
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

void hv_event_raise(struct hv_vm *vm, unsigned port)
{
	__atomic_fetch_or(&vm->vcpu->pending[port / 64],
			  UINT64_C(1) << port % 64, __ATOMIC_SEQ_CST);
	if (atomic_load(&vm->sleeping))
		hv_sleep_interrupt(vm);
}

struct hv_loop *hv_vm_loop(struct hv_vm *vm)
{
	int status;

	if (vm->loop)
		return vm->loop;
	status = hv_loop_start(&vm->loop, vm->poll_ns);
	if (status < 0)
		hv_vm_fail(vm, "this host refuses an io_uring: %s (`paravane doctor` tells more)",
			   strerror(-status));
	return vm->loop;
}
