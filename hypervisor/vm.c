/* SPDX-License-Identifier: MIT
 *
 * See vm.h.
 */
#include "vm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "loop.h"
#include "sleep.h"

/* The first caller decides; the text must be there before others see `ending`,
 * so it is written under a claim of its own. */
static bool claim(struct hv_vm *vm)
{
	return !atomic_exchange(&vm->end_claimed, true);
}

static void announce(struct hv_vm *vm, enum hv_end end)
{
	atomic_store(&vm->ending, (int)end);
	hv_sleep_interrupt(vm);
	if (vm->engine)
		vm->engine->ops->kick(vm->engine);
}

void hv_vm_end(struct hv_vm *vm, enum hv_end end, int status)
{
	if (!claim(vm))
		return;
	vm->exit_status = status;
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
