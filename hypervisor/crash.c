/* SPDX-License-Identifier: MIT
 *
 * See crash.h. The guest's memory is read as it is now and believed in nothing:
 * a backtrace follows frame pointers only upwards, through RAM, and ends.
 */
#include "crash.h"

#include <inttypes.h>
#include <string.h>

#include "engine.h"
#include "fault-text.h"
#include "printable.h"
#include "registers.h"
#include "symbols.h"
#include "vm.h"
#include "walk-text.h"
#include "walk.h"

#define FRAMES_MAX 48
/* More than the largest boot stack can hold. */
#define FRAMES_WALKED_MAX (PV_STACK_MAX_BYTES / 16)

/* False if another was noted before. */
static bool note(struct hv_vcpu *vcpu, const struct hv_regs *regs)
{
	struct hv_vm *vm = vcpu->vm;

	if (!regs || atomic_exchange(&vm->crash_noted, true))
		return false;
	vm->crash_regs = *regs;
	vm->crash_vcpu = vcpu->number;
	vm->crash_tables = hv_vcpu_tables(vcpu);
	vm->crashed = true;
	return true;
}

void hv_crash_note(struct hv_vcpu *vcpu, const struct hv_regs *regs)
{
	note(vcpu, regs);
}

void hv_crash_fault(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	char text[sizeof(vcpu->vm->reason)];

	hv_fault_text(vcpu, exit, text, sizeof(text));
	if (note(vcpu, exit->regs) && exit->vector == HV_VECTOR_PAGE_FAULT) {
		vcpu->vm->crash_faulted = true;
		vcpu->vm->crash_address = exit->fault_address;
	}
	hv_guest_kill(vcpu->vm, "%s", text);
}

void hv_crash_dead(struct hv_vcpu *vcpu, const struct hv_exit *exit)
{
	hv_crash_note(vcpu, exit->regs);
	hv_guest_kill(vcpu->vm, "%s", exit->dead_reason);
}

void hv_crash_asked(struct hv_vcpu *vcpu, pv_gpa_t gpa, uint64_t len,
		    const struct hv_regs *regs)
{
	struct hv_vm *vm = vcpu->vm;
	const char *text = len <= PV_CONSOLE_MAX_BYTES
				   ? hv_memory_at(&vm->memory, gpa, len) : NULL;
	char message[sizeof(vm->reason)] = "";
	size_t room = sizeof(message) - 1;

	if (text)
		hv_copy_once(message, text, len < room ? len : room);
	hv_make_printable(message, ' ');
	hv_crash_note(vcpu, regs);
	hv_guest_kill(vm, "%s", message[0] ? message : "it crashed itself");
}

static void print_registers(const struct hv_regs *r, FILE *out)
{
	for (unsigned i = 0; i < HV_REGISTERS; i++)
		fprintf(out, "%s%-3.3s %016" PRIx64 "%s", i % 3 ? "" : "  ",
			hv_register_names[i], hv_register(r, i),
			i % 3 == 2 ? "\n" : "  ");
}

/* `address` is a return address when `after` is 1: the call is the byte before,
 * which may belong to another function. */
static void print_frame(const struct hv_vm *vm, unsigned number,
			uint64_t address, unsigned after, FILE *out)
{
	uint64_t offset;
	const char *name = hv_symbol_at(&vm->image, address - after, &offset);

	fprintf(out, "  #%-2u %016" PRIx64, number, address);
	if (name)
		fprintf(out, " in %s+0x%" PRIx64, name, offset + after);
	else if (address - hv_window_addr(HV_WINDOW_OPS) < PV_PAGE_BYTES)
		fprintf(out, " in the operations page");
	fputc('\n', out);
}

static bool read_words(const struct hv_vm *vm, uint64_t gva, uint64_t word[],
		       size_t words)
{
	return gva % sizeof(word[0]) == 0 &&
	       hv_gva_read(vm, vm->crash_tables, gva, word,
			   words * sizeof(word[0]));
}

static bool is_code(const struct hv_vm *vm, uint64_t address)
{
	const struct hv_range *range = hv_layout_at(&vm->layout, address);

	return range && range->exec;
}

static void print_repeats(uint64_t repeats, FILE *out)
{
	if (repeats)
		fprintf(out, "      ... %" PRIu64 " times more\n", repeats);
}

/* Follow the frames from this one up. A recursion takes one line and how often,
 * so that what began it is still seen. */
static void print_callers(const struct hv_vm *vm, uint64_t frame, unsigned n,
			  FILE *out)
{
	uint64_t word[2], last = 0, repeats = 0;

	for (unsigned walked = 0; walked < FRAMES_WALKED_MAX; walked++) {
		if (!read_words(vm, frame, word, 2) || !word[1])
			break;
		if (word[1] == last) {
			repeats++;
		} else {
			print_repeats(repeats, out);
			repeats = 0;
			if (n == FRAMES_MAX) {
				fputs("      ... and more\n", out);
				break;
			}
			print_frame(vm, n++, word[1], 1, out);
			last = word[1];
		}
		if (word[0] <= frame)
			break;
		frame = word[0];
	}
	print_repeats(repeats, out);
}

static void print_backtrace(const struct hv_vm *vm, const struct hv_regs *r,
			    FILE *out)
{
	uint64_t caller;
	unsigned n = 0;

	print_frame(vm, n++, r->rip, 0, out);
	/* The operations page keeps no frame, nor does what a wild call led to:
	 * the caller is on top of the stack. */
	if (!is_code(vm, r->rip) && read_words(vm, r->rsp, &caller, 1) &&
	    is_code(vm, caller))
		print_frame(vm, n++, caller, 1, out);
	print_callers(vm, r->rbp, n, out);
}

static void print_fault_walk(const struct hv_vm *vm, FILE *out)
{
	char text[HV_WALK_TEXT_BYTES];
	struct hv_walk walk;

	hv_vm_walk(vm, vm->crash_tables, vm->crash_address, &walk);
	fprintf(out, "  0x%" PRIx64 ": %s\n", vm->crash_address,
		hv_walk_line(&walk, text, sizeof(text)));
}

/* For a shell. */
static void print_quoted(const char *word, FILE *out)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_-+./,:@%=";

	if (word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' }, out);
	fputc('\'', out);
}

/* Any address will do: that of the instruction is one that is sure to be there. */
static void print_what_to_type(const struct hv_vm *vm, const char *dump_path,
			       FILE *out)
{
	fputs(vm->crash_faulted ? "the walk, level by level: paravane walk "
				: "where it was, level by level: paravane walk ",
	      out);
	if (dump_path[0] == '-')
		fputs("./", out);
	print_quoted(dump_path, out);
	if (vm->crash_vcpu)
		fprintf(out, " --vcpu %u", vm->crash_vcpu);
	fprintf(out, " 0x%" PRIx64 "\n",
		vm->crash_faulted ? vm->crash_address : vm->crash_regs.rip);
}

void hv_crash_report(const struct hv_vm *vm, const char *dump_path, FILE *out)
{
	if (!vm->crashed)
		return;
	fprintf(out, "registers of vCPU %u, page tables at 0x%" PRIx64 ":\n",
		vm->crash_vcpu, vm->crash_tables);
	if (vm->crash_faulted)
		print_fault_walk(vm, out);
	print_registers(&vm->crash_regs, out);
	fputs("backtrace:\n", out);
	print_backtrace(vm, &vm->crash_regs, out);
	if (dump_path)
		print_what_to_type(vm, dump_path, out);
}
