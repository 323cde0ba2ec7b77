/* SPDX-License-Identifier: MIT
 *
 * See operations.h and, for what each must do, pvabi/op.h. To read: hv_operation
 * at the end first, then the handlers it names.
 */
#include "operations.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "block.h"
#include "clock.h"
#include "console.h"
#include "crash.h"
#include "engine.h"
#include "sleep.h"
#include "vm.h"

static const char *const names[PV_OP_SLOTS] = {
	[PV_OP_NOP] = "nop",
	[PV_OP_EXIT] = "exit",
	[PV_OP_CRASH] = "crash",
	[PV_OP_CONSOLE_WRITE] = "console_write",
	[PV_OP_CONSOLE_READ] = "console_read",
	[PV_OP_BLOCK] = "block",
	[PV_OP_YIELD] = "yield",
	[PV_OP_CLOCK] = "clock",
	[PV_OP_RANDOM] = "random",
	[PV_OP_QUEUE_OPEN] = "queue_open",
	[PV_OP_QUEUE_CLOSE] = "queue_close",
	[PV_OP_DOORBELL] = "doorbell",
	[PV_OP_FEATURES] = "features",
};

const char *hv_operation_name(uint32_t number)
{
	return number < PV_OP_SLOTS ? names[number] : NULL;
}

static void op_exit(struct hv_vm *vm, uint64_t status)
{
	hv_vm_end(vm, HV_END_EXIT, status <= PV_EXIT_STATUS_MAX ?
					   (int)status : PV_EXIT_STATUS_MAX);
	if (status > PV_EXIT_STATUS_MAX)
		fprintf(stderr,
			"paravane: the guest's exit status %lld is reported as %d: those above are Paravane's own\n",
			(long long)status, PV_EXIT_STATUS_MAX);
}

/* The guest's own words, made safe for a terminal. */
static void clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = ' ';
}

static void op_crash(struct hv_vm *vm, pv_gpa_t gpa, uint64_t len,
		     const struct hv_regs *regs)
{
	const char *text = len <= PV_CONSOLE_MAX_BYTES ?
				   hv_memory_at(&vm->memory, gpa, len) : NULL;
	char message[sizeof(vm->reason)] = "";

	if (text)
		memcpy(message, text,
		       len < sizeof(message) ? len : sizeof(message) - 1);
	clean(message);
	hv_crash_note(vm, regs);
	hv_guest_kill(vm, "%s", message[0] ? message : "it crashed itself");
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

static int64_t op_queue_open(struct hv_vm *vm, const struct hv_regs *r)
{
	uint64_t device = r->rdi, queue = r->rsi;

	if (device >= vm->blocks || queue >= PV_BLK_QUEUES_MAX)
		return -PV_ENODEV;
	if (r->rcx > UINT32_MAX || r->r8 > UINT32_MAX)
		return -PV_EINVAL;
	return hv_block_queue_open(vm->block[device], (uint32_t)queue, r->rdx,
				   (uint32_t)r->rcx, (uint32_t)r->r8,
				   (uint32_t)(device << HV_DOORBELL_DEVICE_SHIFT |
					      queue));
}

static int64_t op_queue_close(struct hv_vm *vm, uint64_t device, uint64_t queue)
{
	if (device >= vm->blocks || queue >= PV_BLK_QUEUES_MAX)
		return -PV_ENODEV;
	return hv_block_queue_close(vm->block[device], (uint32_t)queue);
}

static bool granted(const struct hv_vm *vm, uint64_t feature)
{
	return (vm->features & feature) != 0;
}

static int64_t serve(struct hv_vm *vm, uint32_t number, const struct hv_regs *r)
{
	switch (number) {
	case PV_OP_NOP:
		return 0;
	case PV_OP_EXIT:
		op_exit(vm, r->rdi);
		return 0;
	case PV_OP_CRASH:
		op_crash(vm, r->rdi, r->rsi, r);
		return 0;
	case PV_OP_CONSOLE_WRITE:
		return hv_console_write(vm, r->rdi, r->rsi);
	case PV_OP_CONSOLE_READ:
		return granted(vm, PV_FEATURE_INPUT) ?
			       hv_console_read(vm, r->rdi, r->rsi) : -PV_ENOSYS;
	case PV_OP_BLOCK:
		return hv_sleep_until(vm, r->rdi);
	case PV_OP_YIELD:
		sched_yield();
		return 0;
	case PV_OP_CLOCK:
		return op_clock(vm, r->rdi);
	case PV_OP_RANDOM:
		return granted(vm, PV_FEATURE_RANDOM) ?
			       op_random(vm, r->rdi, r->rsi) : -PV_ENOSYS;
	case PV_OP_QUEUE_OPEN:
		return granted(vm, PV_FEATURE_BLOCK) ?
			       op_queue_open(vm, r) : -PV_ENOSYS;
	case PV_OP_QUEUE_CLOSE:
		return granted(vm, PV_FEATURE_BLOCK) ?
			       op_queue_close(vm, r->rdi, r->rsi) : -PV_ENOSYS;
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
