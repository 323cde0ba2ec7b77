/* SPDX-License-Identifier: MIT
 *
 * Exceptions of programs. A page fault may be a wish, and then it is granted: see
 * space.c. Anything else is the end of the process, and of nothing more.
 */
#include "minikernel.h"

static int page_fault(struct process *process)
{
	uint64_t code = process->user.error_code;
	unsigned access = (code & PVG_PF_WRITE ? PVG_WRITE : 0) |
			  (code & PVG_PF_EXEC ? PVG_EXEC : 0);

	count(&statistics.faults);
	switch (space_fault(&process->space, process->user.fault_address,
			    access)) {
	case 0:
		return 0;
	case -E_MEMORY:
		return DIED_MEMORY_OUT;
	default:
		return DIED_BAD_ADDRESS;
	}
}

/* How it is to end; 0: not at all. Which of 6 and 13 an instruction raises that is
 * not for programs depends on the host, so they are told as one. */
static int outcome(struct process *process)
{
	switch (process->user.vector) {
	case PVG_VECTOR_PF:
		return page_fault(process);
	case PVG_VECTOR_SS:
	case PVG_VECTOR_AC:
		return DIED_BAD_ADDRESS;
	case PVG_VECTOR_DE:
	case PVG_VECTOR_MF:
	case PVG_VECTOR_XM:
		return DIED_ARITHMETIC;
	case PVG_VECTOR_DB:
	case PVG_VECTOR_BP:
		return DIED_TRAP;
	default:
		return DIED_ILLEGAL;
	}
}

bool trap_serve(struct process *process)
{
	int death = outcome(process);

	if (death == 0)
		return true;
	process_exit(process, death);
	return false;
}
