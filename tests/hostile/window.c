/* SPDX-License-Identifier: MIT
 *
 * What if a guest writes to what the hypervisor gave it to read, reads what the
 * hypervisor keeps for itself, or executes what is not an operation?
 *
 * Clauses: A4.
 */
#include "../guest/cases.h"
#include "raw.h"

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

/* What the hypervisor maps for the processor alone lies behind the vCPU page. */
static void read_behind_vcpu_page(unsigned page)
{
	sink = *raw_address(pvg_boot.vcpu_addr + page * PV_PAGE_BYTES);
}

static void read_supervisor_page_1(void)
{
	read_behind_vcpu_page(1);
}

static void read_supervisor_page_2(void)
{
	read_behind_vcpu_page(2);
}

static void read_behind_mapped_window(void)
{
	read_behind_vcpu_page(3);
}

static void read_page_tables(void)
{
	sink = *raw_address(PV_WINDOW_BASE + (UINT64_C(1) << 21));
}

static void write_supervisor_page(void)
{
	*raw_address(pvg_boot.vcpu_addr + PV_PAGE_BYTES) = 1;
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
	{ "read-supervisor-page-1", read_supervisor_page_1, "123",
	  "read of .*window" },
	{ "read-supervisor-page-2", read_supervisor_page_2, "123",
	  "read of .*window" },
	{ "read-behind-mapped-window", read_behind_mapped_window, "123",
	  "read of .*window" },
	{ "read-page-tables", read_page_tables, "123", "read of .*window" },
	{ "write-supervisor-page", write_supervisor_page, "123",
	  "write to .*window" },
	{ "read-end-of-window", read_end_of_window, "123", "read of .*window" },
};

CASES_MAIN(cases)
