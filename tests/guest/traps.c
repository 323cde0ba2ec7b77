/* SPDX-License-Identifier: MIT
 *
 * Traps: does every exception a program can raise enter its handler, with what the
 * processor says about it, and can the program go on?
 *
 * Clauses: T1 to T7, T10, T11, F1.
 */
#include "all-registers.h"
#include "backend.h"
#include "probe.h"
#include "tap.h"

static struct pvg_trap last;
static unsigned traps;

static void note(const struct pvg_trap *trap)
{
	last = *trap;
	traps++;
}

static void skip_1(struct pvg_trap *trap)
{
	note(trap);
	trap->frame.rip += 1;
}

static void skip_2(struct pvg_trap *trap)
{
	note(trap);
	trap->frame.rip += 2;
}

static void skip_3(struct pvg_trap *trap)
{
	note(trap);
	trap->frame.rip += 3;
}

static void only_note(struct pvg_trap *trap)
{
	note(trap);
}

/* One trap of this vector, at this place or behind it. */
static bool was(unsigned vector, const void *rip)
{
	bool right = traps == 1 && last.frame.vector == vector &&
		     (!rip || last.frame.rip == (uintptr_t)rip);

	if (!right)
		pvg_printf("# %u traps, vector %lu, error %#lx, rip %#lx "
			   "(not %p)\n", traps,
			   (unsigned long)last.frame.vector,
			   (unsigned long)last.frame.error_code,
			   (unsigned long)last.frame.rip, rip);
	traps = 0;
	return right;
}

static void another_divisor(struct pvg_trap *trap)
{
	note(trap);
	trap->rcx = 7;
}

static void divide_error(void)
{
	uint32_t quotient, divisor = 0;

	pvg_trap_handle(PVG_VECTOR_DE, another_divisor);
	__asm__ volatile("divl %%ecx"
			 : "=a"(quotient), "+c"(divisor)
			 : "a"(42), "d"(0));
	tap_ok(was(PVG_VECTOR_DE, NULL), "a division by zero traps");
	tap_ok(quotient == 6 && divisor == 7,
	       "and is done again, with the registers the handler left");
}

/* %rbx: where the trap is to be. */
#define AT_LABEL(code, ret) \
	__asm__ volatile("leaq 1f(%%rip), %0\n" code : "=&b"(ret) : : \
			 "rax", "memory", "cc")

static void instructions(void)
{
	const void *rip;

	pvg_trap_handle(PVG_VECTOR_UD, skip_2);
	AT_LABEL("1: ud2\n", rip);
	tap_ok(was(PVG_VECTOR_UD, rip), "UD2 traps, at itself");

	pvg_trap_handle(PVG_VECTOR_BP, only_note);
	AT_LABEL("int3\n1: nop\n", rip);
	tap_ok(was(PVG_VECTOR_BP, rip), "INT3 traps, behind itself");

#ifdef PVG_NATIVE
	(void)skip_1; /* a native kernel may do all that follows */
#else
	pvg_trap_handle(PVG_VECTOR_GP, skip_1);
	AT_LABEL("1: hlt\n", rip);
	tap_ok(was(PVG_VECTOR_GP, rip), "a privileged instruction traps");
	tap_equal((int64_t)last.frame.error_code, 0, "with error code 0");
	AT_LABEL("1: cli\n", rip);
	tap_ok(was(PVG_VECTOR_GP, rip), "CLI too");

	pvg_trap_handle(PVG_VECTOR_OF, only_note);
	pvg_trap_handle(PVG_VECTOR_GP, skip_2);
	AT_LABEL("1: int $4\n", rip);
	tap_ok(traps == 1 && (last.frame.vector == PVG_VECTOR_OF ||
			      last.frame.vector == PVG_VECTOR_GP),
	       "INT 4 is an overflow, or refused");
	traps = 0;
	pvg_trap_handle(PVG_VECTOR_UD, skip_2);
	AT_LABEL("1: int $0x80\n", rip);
	/* Software KVM knows no INT n at ring 3. */
	tap_ok(last.frame.vector == PVG_VECTOR_UD || was(PVG_VECTOR_GP, rip),
	       "INT 0x80 is refused");
	tap_ok(last.frame.vector == PVG_VECTOR_UD ||
		       (last.frame.error_code & 7) == 2,
	       "with an error code that says so, if any");
	traps = 0;
#endif
}

static void addresses(void)
{
	const void *rip;

	pvg_trap_handle(PVG_VECTOR_GP, skip_2);
	AT_LABEL("movabsq $0x8000000000000000, %%rax\n1: movb (%%rax), %%al\n",
		 rip);
	tap_ok(was(PVG_VECTOR_GP, rip), "an address that is not canonical traps");

	/* QEMU knows no difference. */
	pvg_trap_handle(PVG_VECTOR_SS, skip_3);
	pvg_trap_handle(PVG_VECTOR_GP, skip_3);
	AT_LABEL("movabsq $0x8000000000000000, %%rax\n"
		 "xchgq %%rax, %%rbp\n"
		 "1: movb %%al, 0(%%rbp)\n"
		 "xchgq %%rax, %%rbp\n", rip);
	tap_ok(last.frame.vector == PVG_VECTOR_SS ?
		       was(PVG_VECTOR_SS, rip) : was(PVG_VECTOR_GP, rip),
	       "also by way of rbp");
}

static volatile unsigned steps;
static uint64_t step_rip[8];

static void step(struct pvg_trap *trap)
{
	if (steps < 8)
		step_rip[steps] = trap->frame.rip;
	if (++steps == 4)
		trap->frame.rflags &= ~UINT64_C(0x100);
}

static void single_step(void)
{
	uint64_t first;

	pvg_trap_handle(PVG_VECTOR_DB, step);
	__asm__ volatile("leaq 1f(%%rip), %0\n"
			 "pushfq\n"
			 "orl $0x100, (%%rsp)\n"
			 "popfq\n"
			 "nop\n"
			 "1: nop; nop; nop; nop; nop; nop; nop\n"
			 : "=r"(first) : : "memory", "cc");
	tap_equal(steps, 4, "the trap flag traps until a handler clears it");
	tap_ok(step_rip[0] == first && step_rip[1] == first + 1 &&
		       step_rip[2] == first + 2 && step_rip[3] == first + 3,
	       "behind each instruction");
}

static void page_faults(void)
{
	static const uint8_t read_only = 1;
	static uint8_t data[16];
	uint64_t past = pvg_boot.ram_bytes + 4096;

	probe_start_handling();
	memcpy(data, probe_code, sizeof(probe_code));
	tap_equal(probe_read(0x123), KERNEL_PF_USER, "a read of page 0: not present");
	tap_equal((int64_t)probe_address, 0x123, "with its address");
	tap_equal(probe_write(0xfff), KERNEL_PF_USER | PVG_PF_WRITE, "a write");
	tap_equal((int64_t)probe_address, 0xfff, "with its address");
	tap_equal(probe_exec(0x10), KERNEL_PF_USER | PVG_PF_EXEC, "a jump");
	tap_equal((int64_t)probe_address, 0x10, "with its address");
	tap_equal(probe_write((uintptr_t)&read_only),
		  KERNEL_PF_USER | PVG_PF_WRITE | PVG_PF_PRESENT,
		  "a write to what is read-only");
	tap_equal(probe_exec((uintptr_t)data),
		  KERNEL_PF_USER | PVG_PF_EXEC | PVG_PF_PRESENT,
		  "a jump to data");
	tap_equal((int64_t)probe_address, (int64_t)(uintptr_t)data,
		  "with its address");
	tap_equal(probe_read(past), KERNEL_PF_USER, "a read past RAM");
	tap_equal((int64_t)probe_address, (int64_t)past, "with its address");
	tap_equal(probe_read((uintptr_t)data), -1, "and none where all is well");
}

#if KERNEL_HAS_VECTORS
/* The pending exception is taken out of the saved state. */
static void clear_x87(struct pvg_trap *trap)
{
	uint16_t *status = (uint16_t *)trap->xstate + 1;

	note(trap);
	*status &= 0x7f00;
}

static void mask_sse(struct pvg_trap *trap)
{
	uint32_t *mxcsr = (uint32_t *)trap->xstate + 6;

	note(trap);
	*mxcsr |= 0x1f80;
}

static void floating_point(void)
{
	static const uint16_t unmasked_x87 = 0x340;
	static const uint32_t unmasked_sse = 0, plain_sse = 0x1f80;
	double one = 1, zero = 0;

	pvg_trap_handle(PVG_VECTOR_MF, clear_x87);
	__asm__ volatile("fldcw %0; fldz; fld1; fdivp; fwait; fninit"
			 : : "m"(unmasked_x87) : "memory");
	tap_ok(was(PVG_VECTOR_MF, NULL), "an x87 exception traps, once mended");

	pvg_trap_handle(PVG_VECTOR_XM, mask_sse);
	__asm__ volatile("ldmxcsr %2; divsd %1, %0; ldmxcsr %3"
			 : "+x"(one) : "x"(zero), "m"(unmasked_sse),
			   "m"(plain_sse) : "memory");
	if (traps == 0)
		tap_skip("an SSE exception traps", "not on this processor");
	else
		tap_ok(was(PVG_VECTOR_XM, NULL),
		       "an SSE exception traps, once masked");
	tap_ok(one > 1e308, "and then has the masked result");
}
#else
/* The x87 is there; who uses it in a native kernel sees to its state. */
static void clear_x87(struct pvg_trap *trap)
{
	note(trap);
	__asm__ volatile("fnclex");
}

static void floating_point(void)
{
	static const uint16_t unmasked_x87 = 0x340;

	pvg_trap_handle(PVG_VECTOR_MF, clear_x87);
	__asm__ volatile("fldcw %0; fldz; fld1; fdivp; fwait; fninit"
			 : : "m"(unmasked_x87) : "memory");
	tap_ok(was(PVG_VECTOR_MF, NULL), "an x87 exception traps, once mended");
}
#endif

/* Not its own flag: the processor and the hypervisor see to that. */
static void step_and_destroy(struct pvg_trap *trap)
{
	(void)trap;
	traps++;
	registers_destroy();
	registers_done = traps >= 500;
}

static void all_registers(void)
{
	bool survived;

	pvg_trap_handle(PVG_VECTOR_DB, step_and_destroy);
	registers_done = 0;
	traps = 0;
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq"
			 : : : "memory", "cc");
	survived = registers_survive();
	__asm__ volatile("pushfq; andl $~0x100, (%%rsp); popfq"
			 : : : "memory", "cc");
	tap_ok(survived, "all registers and the red zone survive a trap at every "
			 "instruction");
	tap_ok(traps >= 500, "of which there were many");
	traps = 0;
}

static unsigned nested;

/* In the handler of a fault: another of the same kind, and one of another. */
static void fault_inside(struct pvg_trap *trap)
{
	uint32_t quotient, divisor = 0;
	uint64_t address = trap->frame.fault_address;

	trap->frame.rip += 2;
	if (address == 0x10) {
		__asm__ volatile("movb (%0), %%al" : : "a"(UINT64_C(0x20))
				 : "memory");
		__asm__ volatile("divl %%ecx"
				 : "=a"(quotient), "+c"(divisor)
				 : "a"(42), "d"(0) : "memory");
		nested = nested * 10 + (quotient == 6);
	}
	nested = nested * 100 + (unsigned)address;
}

static void nesting(void)
{
	pvg_trap_handle(PVG_VECTOR_PF, fault_inside);
	pvg_trap_handle(PVG_VECTOR_DE, another_divisor);
	__asm__ volatile("movb (%0), %%al" : : "a"(UINT64_C(0x10)) : "memory");
	tap_equal(nested, (0x20 * 10 + 1) * 100 + 0x10,
		  "a handler can have traps of its own");
	traps = 0;
}

static void masks(void)
{
	pvg_trap_handle(PVG_VECTOR_UD, skip_2);
	pvg_mask();
	__asm__ volatile("ud2");
	tap_ok(pvg_masked(), "a trap leaves upcalls masked");
	pvg_unmask();
	__asm__ volatile("ud2");
	tap_ok(!pvg_masked(), "or unmasked");
	tap_equal(traps, 2, "being none of their business");
	traps = 0;
}

static void wrong_calls(void)
{
	tap_equal(pvg_op_set_traps((void *)(UINT64_C(1) << 62), 1), -PV_EINVAL,
		  "no handler at an address that is not canonical");
	tap_equal(pvg_op_set_traps(probe_start,
				   UINT64_C(1) << 32),
		  -PV_EINVAL, "nor for a vector there is not");
	pvg_trap_handle(PVG_VECTOR_UD, skip_2);
	__asm__ volatile("ud2");
	tap_equal(traps, 1, "and the former handler stays");
	traps = 0;
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_TRAPS))
		return tap_done();
	tap_equal(pvg_traps_start(), 0, "traps start");
	divide_error();
	instructions();
	addresses();
	single_step();
	page_faults();
	floating_point();
	all_registers();
	nesting();
	masks();
	wrong_calls();
	return tap_done();
}
