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

#define MODRM_MOD 0xc0u
#define MODRM_REG 0x38u

/* The instructions a kernel author most likely forgot to replace. */
static const struct {
	uint8_t bytes[3], mask[3];
	const char *name;
} privileged[] = {
	{ { 0xfa }, { 0xff }, "cli" },
	{ { 0xfb }, { 0xff }, "sti" },
	{ { 0xf4 }, { 0xff }, "hlt" },
	{ { 0xe4 }, { 0xfe }, "in" },
	{ { 0xe6 }, { 0xfe }, "out" },
	{ { 0xec }, { 0xfe }, "in" },
	{ { 0xee }, { 0xfe }, "out" },
	{ { 0xcd }, { 0xff }, "int" },
	{ { 0x0f, 0x20 }, { 0xff, 0xfd }, "mov to or from a control register" },
	{ { 0x0f, 0x21 }, { 0xff, 0xfd }, "mov to or from a debug register" },
	{ { 0x0f, 0x30 }, { 0xff, 0xff }, "wrmsr" },
	{ { 0x0f, 0x32 }, { 0xff, 0xff }, "rdmsr" },
	{ { 0x0f, 0x33 }, { 0xff, 0xff }, "rdpmc" },
	{ { 0x0f, 0x06 }, { 0xff, 0xff }, "clts" },
	{ { 0x0f, 0x08 }, { 0xff, 0xff }, "invd" },
	{ { 0x0f, 0x09 }, { 0xff, 0xff }, "wbinvd" },
	{ { 0x0f, 0x01, 0xf8 }, { 0xff, 0xff, 0xff }, "swapgs" },
	{ { 0x0f, 0x01, 0xd1 }, { 0xff, 0xff, 0xff }, "xsetbv" },
	{ { 0x0f, 0x01, 0x38 }, { 0xff, 0xff, MODRM_REG }, "invlpg" },
	{ { 0x0f, 0x01, 0x10 }, { 0xff, 0xff, MODRM_REG }, "lgdt" },
	{ { 0x0f, 0x01, 0x18 }, { 0xff, 0xff, MODRM_REG }, "lidt" },
	{ { 0x0f, 0x00, 0xd8 }, { 0xff, 0xff, 0xf8 }, "ltr" },
	{ { 0x0f, 0x00, 0xd0 }, { 0xff, 0xff, 0xf8 }, "lldt" },
	{ { 0x0f, 0x05 }, { 0xff, 0xff }, "syscall" },
	{ { 0x0f, 0x34 }, { 0xff, 0xff }, "sysenter" },
	{ { 0x0f, 0x07 }, { 0xff, 0xff }, "sysret" },
	{ { 0x0f, 0x0b }, { 0xff, 0xff }, "ud2" },
};

/* A mask of MODRM_REG means an operand in memory: with one in a register the same
 * bytes are other instructions. */
static bool is(const uint8_t *code, const uint8_t *bytes, const uint8_t *mask)
{
	for (int i = 0; i < 3; i++)
		if ((code[i] & mask[i]) != bytes[i])
			return false;
	return mask[2] != MODRM_REG || (code[2] & MODRM_MOD) != MODRM_MOD;
}

static const char *instruction_name(const struct hv_vcpu *vcpu, uint64_t rip)
{
	uint8_t code[8];
	const uint8_t *c = code;

	if (!hv_gva_read(vcpu->vm, hv_vcpu_tables(vcpu), rip, code, sizeof(code)))
		return NULL;
	if ((*c & 0xf0) == 0x40) /* REX */
		c++;
	for (size_t i = 0; i < sizeof(privileged) / sizeof(privileged[0]); i++)
		if (is(c, privileged[i].bytes, privileged[i].mask))
			return privileged[i].name;
	return NULL;
}

static void add_instruction(struct text *t, const struct hv_vcpu *vcpu,
			    const struct hv_exit *exit)
{
	const char *name = instruction_name(vcpu, exit->regs->rip);

	if (!name && exit->vector == HV_VECTOR_PROTECTION)
		add(t, ": a non-canonical address, a misaligned vector operand, or a selector or value that is not for guests");
	if (!name)
		return;
	add(t, ": %s", name);
	if (exit->vector == HV_VECTOR_PROTECTION || !strcmp(name, "syscall"))
		add(t, " is privileged, a guest calls an operation instead");
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
