/* SPDX-License-Identifier: MIT
 *
 * Instructions of a kernel that keep to their processor: those that any program has,
 * and those that are privileged, or replaced.
 *
 * Loops are written so that they cost little beside what they repeat, or in assembly
 * where a compiler may keep something below the stack.
 */
#include "nano.h"

/* A device that answers a question at once. Natively the line status of the serial
 * port, which reading does not change; else the operation that does nothing. */
static void port_in(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++) {
#ifdef PVG_NATIVE
		uint8_t status;

		__asm__ volatile("inb %1, %0"
				 : "=a"(status)
				 : "d"((uint16_t)0x3fd));
#else
		pvg_op_nop();
#endif
	}
}

/* Letting fewer interrupts in, or all again, by turns: what is CR8 natively, the
 * priority below which they wait. In its place there is a mask of ports, a store. */
#ifdef PVG_NATIVE
static void prepare_cr_write(void)
{
}

static void cr_write(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		__asm__ volatile("movq %0, %%cr8"
				 :
				 : "r"(i & 1 ? 0ul : 15ul)
				 : "memory");
	if (times & 1)
		__asm__ volatile("movq %0, %%cr8" : : "r"(0ul) : "memory");
}
#else
static unsigned port;

static void on_nothing(unsigned number, void *arg)
{
	(void)number, (void)arg;
}

static void prepare_cr_write(void)
{
	port = (unsigned)pvg_port_alloc();
	pvg_port_handle(port, on_nothing, NULL);
}

static void cr_write(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		if (i & 1)
			pvg_port_unmask(port);
		else
			pvg_port_mask(port);
	pvg_port_unmask(port);
}
#endif

__attribute__((noinline)) static void called(void)
{
	__asm__ volatile("");
}

static void call_return(uint64_t times)
{
	for (; times >= 8; times -= 8) {
		called();
		called();
		called();
		called();
		called();
		called();
		called();
		called();
	}
	for (; times > 0; times--)
		called();
}

static void prepare_mask(void)
{
	nano_must(pvg_upcalls_start(), "upcalls");
}

static void mask(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++) {
		pvg_mask();
		pvg_unmask();
	}
}

static void pushf(uint64_t times)
{
	/* Beyond the red zone, which a paravirtual kernel has. */
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n"
			 "1:	pushfq\n\t"
			 "popfq\n\t"
			 "subq $1, %0\n\t"
			 "jnz 1b\n\t"
			 "leaq 128(%%rsp), %%rsp"
			 : "+r"(times)
			 :
			 : "memory", "cc");
}

static void timer_read(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		pvg_clock_ns();
}

const struct nano_row nano_cpu_rows[] = {
	{ "port-in", 0, 1, NULL, port_in },
	{ "cr-write", PV_FEATURE_UPCALLS, 1, prepare_cr_write, cr_write },
	{ "call-return", 0, 1, NULL, call_return },
	{ "mask", PV_FEATURE_UPCALLS, 1, prepare_mask, mask },
	{ "pushf", 0, 1, NULL, pushf },
	{ "timer-read", 0, 1, NULL, timer_read },
	{ NULL, 0, 0, NULL, NULL },
};
