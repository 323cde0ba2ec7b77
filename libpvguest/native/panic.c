/* SPDX-License-Identifier: MIT
 *
 * CRASH: the report that a hypervisor would make, on the console: what happened, the
 * registers, and the addresses of a backtrace, for addr2line. Then the machine ends
 * with status 123.
 */
#include <pvguest/ops.h>

#include "../internal.h"

#define BACKTRACE_MAX 24

static const char *const vector_text[PV_VECTORS] = {
	[0] = "division error", [1] = "debug", [2] = "non-maskable interrupt",
	[3] = "breakpoint", [4] = "overflow", [5] = "bound", [6] = "undefined instruction",
	[7] = "no coprocessor", [8] = "double fault", [10] = "bad TSS",
	[11] = "segment not present", [12] = "stack fault",
	[13] = "general protection fault", [14] = "page fault",
	[16] = "x87 error", [17] = "alignment", [18] = "machine check",
	[19] = "SIMD error",
};

/* Frame pointers, as far as they lead through RAM. */
static void say_backtrace(uint64_t rip, uint64_t rbp)
{
	pvg_serial_printf("backtrace: %#llx", (unsigned long long)rip);
	for (int i = 0;
	     i < BACKTRACE_MAX && rbp % 8 == 0 && pvg_memory_is_ram(rbp, 16);
	     i++) {
		const uint64_t *record = (const uint64_t *)(uintptr_t)rbp;

		if (!record[1])
			break;
		pvg_serial_printf(" %#llx", (unsigned long long)record[1]);
		rbp = record[0];
	}
	pvg_serial_printf("\n");
}

/* What goes wrong from here on is not reported again. */
static void begin(void)
{
	static bool crashed;

	if (__atomic_exchange_n(&crashed, true, __ATOMIC_SEQ_CST))
		pvg_machine_end(PVG_STATUS_PANIC);
}

void pvg_op_crash(const char *message, uint64_t len_bytes)
{
	const uint64_t *record = __builtin_frame_address(0);

	begin();
	pvg_serial_write("panic: ", 7);
	pvg_serial_write(message, len_bytes);
	pvg_serial_printf("\nvCPU %u rsp %p\n", pvg_vcpu_number(),
			  (const void *)record);
	say_backtrace(record[1], record[0]);
	pvg_machine_end(PVG_STATUS_PANIC);
}

void pvg_trap_panic(const struct pvg_trap *trap)
{
	const struct pv_frame *frame = &trap->frame;
	const char *text = vector_text[frame->vector % PV_VECTORS];

	begin();
	pvg_console_flush_anyway();
	pvg_serial_printf(
		"panic: exception %llu (%s), which nobody handles, at %#llx",
		(unsigned long long)frame->vector, text ? text : "reserved",
		(unsigned long long)frame->rip);
	if (frame->vector == PVG_VECTOR_PF)
		pvg_serial_printf(": cannot %s %#llx",
				  frame->error_code & PVG_PF_EXEC ? "execute"
				  : frame->error_code & PVG_PF_WRITE
					  ? "write to"
					  : "read",
				  (unsigned long long)frame->fault_address);
	pvg_serial_printf(", error code %#llx\n",
			  (unsigned long long)frame->error_code);
#define REGISTER(name) #name " %016llx "
#define VALUE(name) (unsigned long long)trap->name
	pvg_serial_printf(REGISTER(rax) REGISTER(rbx) REGISTER(rcx)
				  REGISTER(rdx) "\n",
			  VALUE(rax), VALUE(rbx), VALUE(rcx), VALUE(rdx));
	pvg_serial_printf(REGISTER(rsi) REGISTER(rdi) REGISTER(rbp)
				  REGISTER(rsp) "\n",
			  VALUE(rsi), VALUE(rdi), VALUE(rbp), VALUE(frame.rsp));
	pvg_serial_printf(REGISTER(r8) REGISTER(r9) REGISTER(r10)
				  REGISTER(r11) "\n",
			  VALUE(r8), VALUE(r9), VALUE(r10), VALUE(r11));
	pvg_serial_printf(REGISTER(r12) REGISTER(r13) REGISTER(r14)
				  REGISTER(r15) "\n",
			  VALUE(r12), VALUE(r13), VALUE(r14), VALUE(r15));
	pvg_serial_printf("vCPU %u rflags %#llx cr3 %#llx\n", pvg_vcpu_number(),
			  VALUE(frame.rflags),
			  (unsigned long long)pvg_cpu()->root);
	say_backtrace(frame->rip, trap->rbp);
	pvg_machine_end(PVG_STATUS_PANIC);
}
