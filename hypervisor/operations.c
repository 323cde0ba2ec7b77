/* SPDX-License-Identifier: MIT
 *
 * See operations.h and, for what each must do, pvabi/op.h. To read: hv_operation
 * at the end first, then the handlers it names.
 */
#include "operations.h"

#include <errno.h>
#include <sched.h>
#include <sys/random.h>

#include "block.h"
#include "clock.h"
#include "console.h"
#include "crash.h"
#include "engine.h"
#include "sleep.h"
#include "vm.h"

static const struct {
	const char *name;
	uint64_t needs; /* PV_FEATURE_* */
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
	[PV_OP_QUEUE_OPEN] = { "queue_open", PV_FEATURE_BLOCK },
	[PV_OP_QUEUE_CLOSE] = { "queue_close", PV_FEATURE_BLOCK },
	[PV_OP_DOORBELL] = { "doorbell", 0 },
	[PV_OP_FEATURES] = { "features", 0 },
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
		return hv_clock_wall(vm);
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
	return number < PV_OP_SLOTS &&
	       !(operations[number].needs & ~vm->features);
}

static int64_t serve(struct hv_vm *vm, uint32_t number, const struct hv_regs *r)
{
	if (!granted(vm, number))
		return -PV_ENOSYS;
	switch (number) {
	case PV_OP_NOP:
		return 0;
	case PV_OP_EXIT:
		hv_vm_end(vm, HV_END_EXIT, r->rdi);
		return 0;
	case PV_OP_CRASH:
		hv_crash_asked(vm, r->rdi, r->rsi, r);
		return 0;
	case PV_OP_CONSOLE_WRITE:
		return hv_console_write(vm, r->rdi, r->rsi);
	case PV_OP_CONSOLE_READ:
		return hv_console_read(vm, r->rdi, r->rsi);
	case PV_OP_BLOCK:
		return hv_sleep_until(vm, r->rdi);
	case PV_OP_YIELD:
		sched_yield();
		return 0;
	case PV_OP_CLOCK:
		return op_clock(vm, r->rdi);
	case PV_OP_RANDOM:
		return op_random(vm, r->rdi, r->rsi);
	case PV_OP_QUEUE_OPEN:
		return hv_block_queue_open(vm, r->rdi, r->rsi, r->rdx, r->rcx,
					   r->r8);
	case PV_OP_QUEUE_CLOSE:
		return hv_block_queue_close(vm, r->rdi, r->rsi);
	case PV_OP_FEATURES:
		return (int64_t)vm->features;
	default:
		return -PV_ENOSYS;
	}
}

/* What a guest may not rely on becomes something it cannot rely on. */
static void poison(struct hv_regs *r)
{
	const uint64_t junk = UINT64_C(0xdeadbeefdeadbeef);

	r->rcx = r->rdx = r->rsi = r->rdi = junk;
	r->r8 = r->r9 = r->r10 = r->r11 = junk;
}

void hv_operation(struct hv_vm *vm, uint32_t number, struct hv_regs *regs)
{
	if (number < PV_OP_SLOTS)
		vm->stats.operations[number]++;
	regs->rax = (uint64_t)serve(vm, number, regs);
	if (vm->poison)
		poison(regs);
}
