/* SPDX-License-Identifier: MIT
 *
 * What if a guest writes to what the hypervisor gave it to read, reads what the
 * hypervisor keeps for itself, or executes what is not an operation?
 *
 * Clauses: A4.
 */
#include "../guest/cases.h"
#include "kernel.h"

static volatile uint8_t sink;

static void write_boot_info(void)
{
	*raw_address(pvg_boot.ranges_addr) = 1;
}

static void write_arguments(void)
{
	*raw_address(pvg_boot.args_addr) = 1;
}

static void write_operations(void)
{
	*raw_address(pvg_boot.ops_addr) = 0xc3;
}

static void execute(uint64_t address)
{
	((void (*)(void))(uintptr_t)address)();
	sink = 0;
}

static void execute_vcpu_page(void)
{
	*raw_address(pvg_boot.vcpu_addr + 2048) = 0xc3;
	execute(pvg_boot.vcpu_addr + 2048);
}

static void execute_boot_info(void)
{
	execute(pvg_boot.ranges_addr);
}

static void read_window(uint32_t offset)
{
	sink = *raw_address(PV_WINDOW_BASE + offset);
}

static void write_window(uint32_t offset)
{
	*raw_address(PV_WINDOW_BASE + offset) = 1;
}

/* What the hypervisor maps for the processor alone: the stack of vCPU 0; GDT, IDT
 * and stubs; task states. */
#define WINDOW_STUBS (WINDOW_USER + PV_PAGE_BYTES)
#define WINDOW_TASK_STATES (WINDOW_USER + 2 * PV_PAGE_BYTES)

static void read_engine_stack(void)
{
	read_window(WINDOW_STACKS);
}

static void write_engine_stack(void)
{
	write_window(WINDOW_STACKS);
}

static void read_stubs(void)
{
	read_window(WINDOW_STUBS);
}

static void write_stubs(void)
{
	write_window(WINDOW_STUBS);
}

static void read_task_states(void)
{
	read_window(WINDOW_TASK_STATES);
}

static void write_task_states(void)
{
	write_window(WINDOW_TASK_STATES);
}

/* And what it does not map: a vCPU that is not there, page tables. */
static void read_behind_vcpu_pages(void)
{
	read_window(PV_PAGE_BYTES);
}

static void read_page_tables(void)
{
	read_window(WINDOW_MAPPED);
}

static void read_end_of_window(void)
{
	sink = *raw_address(PV_WINDOW_BASE + PV_WINDOW_BYTES - 1);
}

static const struct test_case cases[] = {
	{ "write-boot-info", write_boot_info, "123", "write to .*window" },
	{ "write-arguments", write_arguments, "123", "write to .*window" },
	{ "write-operations", write_operations, "123", "write to .*window" },
	{ "execute-vcpu-page", execute_vcpu_page, "123", "execution at .*window" },
	{ "execute-boot-info", execute_boot_info, "123", "execution at .*window" },
	{ "read-engine-stack", read_engine_stack, "123", "read of .*window" },
	{ "write-engine-stack", write_engine_stack, "123", "write to .*window" },
	{ "read-stubs", read_stubs, "123", "read of .*window" },
	{ "write-stubs", write_stubs, "123", "write to .*window" },
	{ "read-task-states", read_task_states, "123", "read of .*window" },
	{ "write-task-states", write_task_states, "123", "write to .*window" },
	{ "read-behind-vcpu-pages", read_behind_vcpu_pages, "123",
	  "read of .*window" },
	{ "read-page-tables", read_page_tables, "123", "read of .*window" },
	{ "read-end-of-window", read_end_of_window, "123", "read of .*window" },
};

CASES_MAIN(cases)
