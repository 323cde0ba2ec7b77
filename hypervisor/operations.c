/* SPDX-License-Identifier: MIT
 *
 * See operations.h and, for what each must do, pvabi/op.h. To read: hv_operation
 * at the end first, then the handlers it names.
 */
#include "operations.h"

#include <errno.h>
#include <sched.h>
#include <sys/random.h>

#include "clock.h"
#include "console.h"
#include "crash.h"
#include "engine.h"
#include "event.h"
#include "pv-device.h"
#include "sleep.h"
#include "space.h"
#include "trap.h"
#include "user.h"
#include "vm.h"

static const struct {
	const char *name;
	uint64_t needs; /* one of these PV_FEATURE_*, if there are any */
} operations[PV_OP_SLOTS] = {
	[PV_OP_NOP] = { "nop", 0 },
	[PV_OP_EXIT] = { "exit", 0 },
	[PV_OP_CRASH] = { "crash", 0 },
	[PV_OP_CONSOLE_WRITE] = { "console_write", 0 },
	[PV_OP_CONSOLE_READ] = { "console_read", PV_FEATURE_INPUT },
	[PV_OP_BLOCK] = { "block", 0 },
	[PV_OP_YIELD] = { "yield", 0 },
	[PV_OP_CLOCK] = { "clock", 0 },
	[PV_OP_RANDOM] = { "random", PV_FEATURE_RANDOM },
	[PV_OP_QUEUE_OPEN] = { "queue_open", PV_FEATURE_BLOCK | PV_FEATURE_NET },
	[PV_OP_QUEUE_CLOSE] = { "queue_close", PV_FEATURE_BLOCK | PV_FEATURE_NET },
	[PV_OP_DOORBELL] = { "doorbell", 0 },
	[PV_OP_FEATURES] = { "features", 0 },
	[PV_OP_SEND_EVENT] = { "send_event", PV_FEATURE_UPCALLS },
	[PV_OP_SET_TIMER] = { "set_timer", PV_FEATURE_TIMER },
	[PV_OP_SET_TRAPS] = { "set_traps", PV_FEATURE_TRAPS },
	[PV_OP_MMU_ROOT] = { "mmu_root", PV_FEATURE_MMU },
	[PV_OP_MMU_FLUSH] = { "mmu_flush", PV_FEATURE_MMU },
	[PV_OP_VCPU_UP] = { "vcpu_up", PV_FEATURE_SMP },
	[PV_OP_VCPU_DOWN] = { "vcpu_down", PV_FEATURE_SMP },
	[PV_OP_MULTICALL] = { "multicall", 0 },
	[PV_OP_YIELD_TO] = { "yield_to", PV_FEATURE_SMP },
	[PV_OP_SET_UPCALL] = { "set_upcall", PV_FEATURE_UPCALLS },
	[PV_OP_USER_RUN] = { "user_run", PV_FEATURE_USER },
};

const char *hv_operation_name(uint32_t number)
{
	return number < PV_OP_SLOTS ? operations[number].name : NULL;
}

static int64_t op_clock(const struct hv_vm *vm, uint64_t which)
{
	switch (which) {
	case PV_CLOCK_MONOTONIC:
		return (int64_t)hv_clock_now(vm);
	case PV_CLOCK_WALL:
		return hv_clock_wall();
	default:
		return -PV_EINVAL;
	}
}

static int64_t op_random(const struct hv_vm *vm, pv_gpa_t gpa, uint64_t len)
{
	uint64_t filled = 0;
	uint8_t *to;

	if (len > PV_RANDOM_MAX_BYTES)
		len = PV_RANDOM_MAX_BYTES;
	to = hv_memory_at(&vm->memory, gpa, len);
	if (!to)
		return -PV_EFAULT;
	while (filled < len) {
		ssize_t n = getrandom(to + filled, len - filled, 0);

		if (n < 0 && errno != EINTR)
			return -PV_EIO;
		if (n > 0)
			filled += (uint64_t)n;
	}
	return (int64_t)len;
}

static bool granted(const struct hv_vm *vm, uint32_t number)
{
	uint64_t needs;

	if (number >= PV_OP_SLOTS)
		return false;
	needs = operations[number].needs;
	return !needs || needs & vm->features;
}

/* Linux has no directed yield: whoever else wants this CPU gets it, and a thread
 * that holds a lock and was preempted is one of them. */
static int64_t op_yield_to(struct hv_vm *vm, uint64_t number)
{
	if (!hv_vcpu_numbered(vm, number))
		return -PV_ENODEV;
	sched_yield();
	return 0;
}

static int64_t serve(struct hv_vcpu *vcpu, uint32_t number,
		     const struct hv_regs *r);

/* What may be batched: nothing that waits, or that changes what the rest of the
 * batch would mean. */
static bool batchable(uint32_t number)
{
	return number == PV_OP_NOP || number == PV_OP_CLOCK ||
	       number == PV_OP_SEND_EVENT || number == PV_OP_SET_TIMER ||
	       number == PV_OP_MMU_FLUSH || number == PV_OP_YIELD_TO;
}

static int64_t serve_call(struct hv_vcpu *vcpu, const struct pv_call *call)
{
	const struct hv_regs regs = {
		.rdi = call->arg[0], .rsi = call->arg[1], .rdx = call->arg[2],
		.rcx = call->arg[3], .r8 = call->arg[4], .r9 = call->arg[5],
	};

	if (call->reserved || !batchable(call->op))
		return -PV_EINVAL;
	vcpu->stats.operations[call->op]++;
	return serve(vcpu, call->op, &regs);
}

static int64_t op_multicall(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t count)
{
	struct pv_call *calls, call;

	if (count > PV_CALLS_MAX)
		return -PV_E2BIG;
	if (gpa % sizeof(uint64_t))
		return -PV_EINVAL;
	calls = hv_memory_at(&vcpu->vm->memory, gpa, count * sizeof(call));
	if (!calls)
		return -PV_EFAULT;
	for (uint64_t i = 0; i < count; i++) {
		hv_copy_once(&call, &calls[i], sizeof(call));
		calls[i].status = serve_call(vcpu, &call);
	}
	return (int64_t)count;
}

/* One line an operation. */
static int64_t serve(struct hv_vcpu *vcpu, uint32_t number,
		     const struct hv_regs *r)
{
	struct hv_vm *vm = vcpu->vm;

	if (!granted(vm, number))
		return -PV_ENOSYS;
	switch (number) {
	case PV_OP_NOP:
		return 0;
	case PV_OP_EXIT:
		hv_vm_end(vm, HV_END_EXIT, r->rdi);
		return 0;
	case PV_OP_CRASH:
		hv_crash_asked(vcpu, r->rdi, r->rsi, r);
		return 0;
	case PV_OP_CONSOLE_WRITE:
		return hv_console_write(vcpu, r->rdi, r->rsi);
	case PV_OP_CONSOLE_READ:
		return hv_console_read(vcpu, r->rdi, r->rsi);
	case PV_OP_BLOCK:
		return hv_sleep_until(vcpu, r->rdi);
	case PV_OP_YIELD:
		sched_yield();
		return 0;
	case PV_OP_CLOCK:
		return op_clock(vm, r->rdi);
	case PV_OP_RANDOM:
		return op_random(vm, r->rdi, r->rsi);
	case PV_OP_QUEUE_OPEN:
		return hv_queue_open(vcpu, r->rdi, r->rsi, r->rdx, r->rcx, r->r8);
	case PV_OP_QUEUE_CLOSE:
		return hv_queue_close(vm, r->rdi, r->rsi);
	case PV_OP_FEATURES:
		return (int64_t)vm->features;
	case PV_OP_SEND_EVENT:
		return hv_event_send(vcpu, r->rdi, r->rsi);
	case PV_OP_SET_TIMER:
		hv_timer_set(vcpu, r->rdi);
		return 0;
	case PV_OP_SET_TRAPS:
		return hv_traps_set(vcpu, r->rdi, r->rsi);
	case PV_OP_MMU_ROOT:
		return hv_space_load(vcpu, r->rdi);
	case PV_OP_MMU_FLUSH:
		return hv_space_flush(vcpu, r->rdi);
	case PV_OP_VCPU_UP:
		return hv_vcpu_up(vcpu, r->rdi, r->rsi, r->rdx, r->rcx);
	case PV_OP_VCPU_DOWN:
		return hv_vcpu_down(vcpu);
	case PV_OP_MULTICALL:
		return op_multicall(vcpu, r->rdi, r->rsi);
	case PV_OP_YIELD_TO:
		return op_yield_to(vm, r->rdi);
	case PV_OP_SET_UPCALL:
		return hv_upcall_set(vcpu, r->rdi, r->rsi);
	default:
		return -PV_ENOSYS;
	}
}

/* What a guest may not rely on becomes something it cannot rely on. */
void hv_operation_poison(const struct hv_vm *vm, struct hv_regs *r)
{
	const uint64_t junk = UINT64_C(0xdeadbeefdeadbeef);

	if (!vm->poison)
		return;
	r->rcx = r->rdx = r->rsi = r->rdi = junk;
	r->r8 = r->r9 = r->r10 = r->r11 = junk;
}

void hv_operation(struct hv_vcpu *vcpu, uint32_t number, struct hv_regs *regs)
{
	if (number < PV_OP_SLOTS)
		vcpu->stats.operations[number]++;
	/* The one that answers later, and in other registers meanwhile. */
	if (number == PV_OP_USER_RUN && granted(vcpu->vm, number)) {
		hv_user_run(vcpu, regs);
		return;
	}
	regs->rax = (uint64_t)serve(vcpu, number, regs);
	hv_operation_poison(vcpu->vm, regs);
}
