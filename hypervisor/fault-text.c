/* SPDX-License-Identifier: MIT
 *
 * See fault-text.h. Vectors and error codes: Intel SDM vol. 3A, 6.3.1 and 4.7.
 */
#include "fault-text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "privileged.h"
#include "symbols.h"
#include "vm.h"
#include "walk.h"

#define PF_WRITE 2u
#define PF_FETCH 16u
#define PF_KEY 32u

static const char *const vector_names[] = {
	[0] = "divide error",
	[1] = "debug exception",
	[HV_VECTOR_BREAKPOINT] = "breakpoint",
	[HV_VECTOR_OVERFLOW] = "overflow",
	[5] = "bound range exceeded",
	[HV_VECTOR_UNDEFINED] = "undefined instruction",
	[7] = "no floating-point unit",
	[8] = "double fault",
	[10] = "bad task state",
	[11] = "segment not present",
	[12] = "stack fault",
	[HV_VECTOR_PROTECTION] = "general protection fault",
	[HV_VECTOR_PAGE_FAULT] = "page fault",
	[16] = "x87 floating-point error",
	[17] = "misaligned access",
	[19] = "SSE floating-point error",
	[21] = "control protection fault",
};

struct text {
	char *at;
	size_t left;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	t->at += n;
	t->left -= (size_t)n;
}

/* Its bytes; zeros where the page behind cannot be read. */
static bool read_code(const struct hv_vcpu *vcpu, uint64_t rip, uint8_t *code)
{
	size_t here = PV_PAGE_BYTES - rip % PV_PAGE_BYTES;

	memset(code, 0, HV_INSTRUCTION_BYTES);
	if (here > HV_INSTRUCTION_BYTES)
		here = HV_INSTRUCTION_BYTES;
	if (!hv_gva_read(vcpu->vm, hv_vcpu_tables(vcpu), rip, code, here))
		return false;
	if (here < HV_INSTRUCTION_BYTES)
		hv_gva_read(vcpu->vm, hv_vcpu_tables(vcpu), rip + here,
			    code + here, HV_INSTRUCTION_BYTES - here);
	return true;
}

static void add_instruction(struct text *t, const struct hv_vcpu *vcpu,
			    const struct hv_exit *exit)
{
	uint8_t code[HV_INSTRUCTION_BYTES];
	bool readable = read_code(vcpu, exit->regs->rip, code);
	const char *name = readable ? hv_privileged_name(code) : NULL;

	if (name)
		add(t, ": %s is privileged, a guest calls an operation instead",
		    name);
	else if (readable && code[0] == 0x0f && code[1] == 0x0b)
		add(t, ": ud2");
	else if (exit->vector == HV_VECTOR_PROTECTION)
		add(t, ": a non-canonical address, a misaligned vector operand, or a selector or value that is not for guests");
}

static void add_place(struct text *t, const struct hv_vm *vm, uint64_t address,
		      uint64_t error_code)
{
	const struct hv_range *range = hv_layout_at(&vm->layout, address);

	if (address < PV_PAGE_BYTES)
		add(t, "page 0, which is never mapped (a null pointer)");
	else if (address - PV_WINDOW_BASE < PV_WINDOW_BYTES)
		add(t, "in the hypervisor's window");
	else if (!range)
		add(t, "outside RAM");
	else if (address < vm->layout.stack_base && range->type == PV_MEMORY_GUARD)
		add(t, "the guard page below the boot stack (stack overflow)");
	else if (range->type == PV_MEMORY_GUARD)
		add(t, "the guard page above the boot stack");
	else if (error_code & PF_WRITE)
		add(t, "a read-only part of the image");
	else
		add(t, "memory that is not executable");
}

/* A kernel on page tables of its own knows best what they were to mean. */
static void add_own_tables(struct text *t, const struct hv_vcpu *vcpu,
			   const struct hv_exit *exit)
{
	struct hv_walk walk;

	hv_vm_walk(vcpu->vm, vcpu->kernel_root.copy, exit->fault_address, &walk);
	if (walk.end == HV_WALK_MAPPED && walk.user)
		add(t, "which its own page tables map%s%s",
		    walk.write ? "" : " read-only",
		    walk.exec ? "" : " without execution");
	else if (walk.end == HV_WALK_MAPPED)
		add(t, "which its own page tables map without the U bit");
	else
		add(t, "which its own page tables do not map");
}

static void add_page_fault(struct text *t, const struct hv_vcpu *vcpu,
			   const struct hv_exit *exit)
{
	const struct hv_vm *vm = vcpu->vm;
	uint64_t code = exit->error_code;

	add(t, ": %s 0x%" PRIx64 ", ",
	    code & PF_FETCH   ? "execution at"
	    : code & PF_WRITE ? "write to"
			      : "read of",
	    exit->fault_address);
	if (code & PF_KEY)
		add(t, "which the guest's own PKRU register forbids");
	else if (vcpu->kernel_root.guest != PV_ROOT_INITIAL &&
	    exit->fault_address - PV_WINDOW_BASE >= PV_WINDOW_BYTES)
		add_own_tables(t, vcpu, exit);
	else
		add_place(t, vm, exit->fault_address, code);
}

void hv_fault_text(const struct hv_vcpu *vcpu, const struct hv_exit *exit,
		   char *text, size_t bytes)
{
	const struct hv_vm *vm = vcpu->vm;
	struct text t = { .at = text, .left = bytes };
	const char *name = exit->vector < sizeof(vector_names) / sizeof(char *)
				   ? vector_names[exit->vector] : NULL;
	uint64_t offset, rip = exit->regs->rip;
	const char *symbol = hv_symbol_at(&vm->image, rip, &offset);

	if (name)
		add(&t, "%s", name);
	else
		add(&t, "exception %u", exit->vector);
	if (exit->vector == HV_VECTOR_PAGE_FAULT)
		add_page_fault(&t, vcpu, exit);
	else if (exit->vector == HV_VECTOR_PROTECTION ||
		 exit->vector == HV_VECTOR_UNDEFINED)
		add_instruction(&t, vcpu, exit);
	add(&t, ", at 0x%" PRIx64, rip);
	if (symbol)
		add(&t, " in %s+0x%" PRIx64, symbol, offset);
}
