/* SPDX-License-Identifier: MIT
 *
 * Native kernels only: what goes wrong in one ends the machine with a report. In a
 * paravirtual guest the hypervisor sees to that (faults.c).
 */
#include "cases.h"

static const uint64_t read_only = 1;
static uint8_t data[16];

static void write_to(uintptr_t address)
{
	*(volatile uint8_t *)address = 1;
}

static void jump_to(uintptr_t address)
{
	void (*volatile there)(void) = (void (*)(void))address;

	there();
}

static void read_null(void)
{
	static volatile uint8_t *volatile nowhere;

	(void)*nowhere;
}

static void jump_to_null(void)
{
	jump_to(0);
}

static void write_code(void)
{
	write_to((uintptr_t)pvg_text_start);
}

static void write_constant(void)
{
	write_to((uintptr_t)&read_only);
}

static void run_data(void)
{
	data[0] = 0xc3;
	jump_to((uintptr_t)data);
}

static void run_heap(void)
{
	uint8_t *page = pvg_pages_alloc(1);

	page[0] = 0xc3;
	jump_to((uintptr_t)page);
}

static void run_stack(void)
{
	volatile uint8_t code[16] = { 0xc3 };

	jump_to((uintptr_t)code);
}

static void past_ram(void)
{
	write_to(pvg_boot.ram_bytes + 4096);
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void breakpoint_when_handled(void)
{
	pvg_traps_start();
	breakpoint();
}

static void undefined_when_handled(void)
{
	pvg_traps_start();
	undefined();
}

/* Not recursion, which compilers see through: every page down to the guard. */
static void overrun(void)
{
	__asm__ volatile("1: pushq $0\n\t"
			 "jmp 1b");
}

static void fault_in_handler(unsigned port, void *arg)
{
	(void)port, (void)arg;
	read_null();
}

static void in_handler(void)
{
	unsigned port = (unsigned)pvg_port_alloc();

	pvg_port_handle(port, fault_in_handler, NULL);
	pvg_upcalls_start();
	pvg_event_send(0, port);
}

static void on_another_vcpu_run(void *arg)
{
	(void)arg;
	read_null();
}

static void on_another_vcpu(void)
{
	pvg_vcpu_up(1, on_another_vcpu_run, NULL, 0);
	for (;;)
		pvg_op_block(PV_FOREVER);
}

/* Root entries that are the kernel's are not to be changed under it. */
static void map_over_kernel(void)
{
	struct pvg_space space;
	struct pv_user user = { .rip = UINT64_C(1) << 39 };

	pvg_space_init(&space);
	user.root = pvg_space_root(&space);
	pvg_user_run(&user, NULL);
	if (pvg_space_map(&space, 0x400000, 0x400000, 4096, PVG_WRITE) !=
		    -PV_EINVAL ||
	    pvg_space_unmap(&space, 0x400000, 4096) != -PV_EINVAL)
		pvg_exit(1);
	pvg_space_done(&space);
	pvg_space_init(&space);
	pvg_space_map(&space, 0x400000, 0x400000, 4096, PVG_WRITE);
	user.root = pvg_space_root(&space);
	if (pvg_user_run(&user, NULL) != -PV_EINVAL)
		pvg_exit(2);
}

static const struct test_case cases[] = {
	{ "read-null", read_null, "123", "page fault.*cannot read 0," },
	{ "jump-to-null", jump_to_null, "123", "cannot execute 0," },
	{ "write-code", write_code, "123", "cannot write to 0x" },
	{ "write-constant", write_constant, "123", "cannot write to 0x" },
	{ "run-data", run_data, "123", "cannot execute 0x" },
	{ "run-heap", run_heap, "123", "cannot execute 0x" },
	{ "run-stack", run_stack, "123", "cannot execute 0x" },
	{ "past-ram", past_ram, "123", "cannot write to 0x" },
	{ "undefined", undefined, "123", "undefined instruction" },
	{ "breakpoint", breakpoint, "123", "breakpoint" },
	{ "breakpoint-when-handled", breakpoint_when_handled, "123",
	  "trap 3 .*nobody handles" },
	{ "undefined-when-handled", undefined_when_handled, "123",
	  "undefined instruction" },
	{ "overrun", overrun, "123", "double fault" },
	{ "in-handler", in_handler, "123", "page fault.*cannot read 0," },
	{ "on-another-vcpu", on_another_vcpu, "123", "page fault" },
	{ "map-over-kernel", map_over_kernel, "0", "silent" },
};

CASES_MAIN(cases)
