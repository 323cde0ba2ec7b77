/* SPDX-License-Identifier: MIT
 *
 * What if operations get pointers outside RAM, across its end, or with a length
 * that makes the sum wrap?
 *
 * Clauses: A5, A6, O9, O12, O17.
 */
#include "../guest/tap.h"
#include "raw.h"

static const uint64_t operations[] = {
	PV_OP_CONSOLE_WRITE, PV_OP_CONSOLE_READ, PV_OP_RANDOM,
};

static void refused(uint64_t gpa, uint64_t len, const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		tap_equal(raw_op(operations[i], gpa, len, 0, 0, 0, 0),
			  -PV_EFAULT, name);
}

/* Of length 0, which may begin where RAM ends, and no further. */
static void empty(void)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		tap_equal(raw_op(operations[i], 0, 0, 0, 0, 0, 0), 0,
			  "nothing at 0");
		tap_equal(raw_op(operations[i], ram, 0, 0, 0, 0, 0), 0,
			  "nothing at the end of RAM");
	}
	refused(ram + 1, 0, "nothing past RAM");
	refused(PV_WINDOW_BASE, 0, "nothing in the window");
	refused(UINT64_MAX, 0, "nothing at the last address there is");
}

static char comment[PV_CONSOLE_MAX_BYTES];

/* The console prints it. */
static void fill_comment(void)
{
	for (size_t i = 0; i < sizeof(comment); i++)
		comment[i] = i % 64 == 0 ? '#' : i % 64 == 63 ? '\n' : '.';
}

/* Two operations cut a length before they check it, input never. */
static void huge(uint64_t len, const char *name)
{
	const uint64_t gpa = pvg_gpa(comment);

	fill_comment();
	tap_equal(raw_op(PV_OP_CONSOLE_WRITE, gpa, len, 0, 0, 0, 0),
		  PV_CONSOLE_MAX_BYTES, name);
	tap_equal(raw_op(PV_OP_CONSOLE_READ, gpa, len, 0, 0, 0, 0), -PV_EFAULT,
		  name);
	tap_equal(raw_op(PV_OP_RANDOM, gpa, len, 0, 0, 0, 0),
		  PV_RANDOM_MAX_BYTES, name);
}

int main(void)
{
	const uint64_t ram = pvg_boot.ram_bytes;

	refused(ram, 1, "just past RAM");
	refused(ram - 1, 2, "across the end of RAM");
	refused(UINT64_MAX, 1, "the last address there is");
	refused(UINT64_MAX, 2, "an address that wraps");
	refused(UINT64_MAX - 4095, 4096, "an address that wraps to 0");
	refused(UINT64_MAX - 8191, 8192 + 16, "an address that wraps into RAM");
	refused(PV_WINDOW_BASE, 16, "the operations page");
	refused(pvg_boot.vcpu_addr, 16, "the vCPU page, which is not RAM");
	refused(UINT64_C(1) << 63, 16, "a noncanonical address");
	refused(UINT64_C(0xffff888000000000), 16, "the host kernel's memory");
	empty();
	huge(UINT64_MAX, "a length of ~0");
	huge(UINT64_MAX - pvg_gpa(comment) + 1, "a length that makes the sum 0");
	huge(UINT64_C(1) << 32, "a length of 4 GiB");
	return tap_done();
}
