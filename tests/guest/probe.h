/* SPDX-License-Identifier: MIT
 *
 * Trying an access that may fault: the handler of page faults sends it on behind the
 * attempt.
 */
#ifndef TESTS_GUEST_PROBE_H
#define TESTS_GUEST_PROBE_H

#include <pvguest/pvguest.h>

/* Each answers 0 or, by way of the handler, 1. */
int probe_read_asm(uint64_t address);
int probe_write_asm(uint64_t address);
int probe_exec_asm(uint64_t address);
extern const uint8_t probe_start[], probe_end[], probe_failed[];
__asm__(".text\n"
	"probe_start:\n"
	"probe_read_asm:\n"
	"	movb (%rdi), %al\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"probe_write_asm:\n"
	"	movb $0x5a, (%rdi)\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"probe_end:\n"
	"probe_exec_asm:\n"
	"	subq $8, %rsp\n"
	"	call *%rdi\n" /* mov $0, %eax; ret */
	"	addq $8, %rsp\n"
	"	ret\n"
	"probe_failed:\n"
	"	movl $1, %eax\n"
	"	ret\n");

static uint64_t probe_error, probe_address, probe_target;

/* A fetch faults at the target, with the call's return address on the stack. */
static inline bool probe_handles(struct pvg_trap *trap)
{
	uint64_t rip = trap->frame.rip;

	if (rip != probe_target && (rip < (uintptr_t)probe_start ||
				    rip >= (uintptr_t)probe_end))
		return false;
	probe_error = trap->frame.error_code;
	probe_address = trap->frame.fault_address;
	trap->frame.rip = (uintptr_t)probe_failed;
	return true;
}

static inline void probe_handler(struct pvg_trap *trap)
{
	if (!probe_handles(trap))
		pvg_panic("trap %lu at %#lx, address %#lx",
			  (unsigned long)trap->frame.vector,
			  (unsigned long)trap->frame.rip,
			  (unsigned long)trap->frame.fault_address);
}

static inline int probe_start_handling(void)
{
	pvg_trap_handle(PVG_VECTOR_PF, probe_handler);
	pvg_trap_handle(PVG_VECTOR_GP, probe_handler);
	pvg_trap_handle(PVG_VECTOR_SS, probe_handler);
	return pvg_traps_start();
}

/* -1: it went well; else the error code of the fault. */
static inline int64_t probe(int (*attempt)(uint64_t), uint64_t address)
{
	probe_error = probe_address = 0;
	probe_target = attempt == probe_exec_asm ? address : 0;
	return attempt(address) ? (int64_t)probe_error : -1;
}

static inline int64_t probe_read(uint64_t address)
{
	return probe(probe_read_asm, address);
}

static inline int64_t probe_write(uint64_t address)
{
	return probe(probe_write_asm, address);
}

static inline int64_t probe_exec(uint64_t address)
{
	return probe(probe_exec_asm, address);
}

/* Code to be called by probe_exec, at any address. */
static const uint8_t probe_code[] = { 0xb8, 0, 0, 0, 0, 0xc3 };

#endif
