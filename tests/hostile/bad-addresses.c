/* SPDX-License-Identifier: MIT
 *
 * What if operations get pointers outside RAM, across its end, or with a length
 * that makes the sum wrap?
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

static char comment[64 << 10];

/* The console prints it, as far as it goes. */
static void fill_comment(void)
{
	for (size_t i = 0; i < sizeof(comment); i++)
		comment[i] = i % 64 == 0 ? '#' : i % 64 == 63 ? '\n' : '.';
}

/* Taken in part, or refused: never taken whole. */
static void bounded(uint64_t gpa, uint64_t len, const char *name)
{
	fill_comment();
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		int64_t answer = raw_op(operations[i], gpa, len, 0, 0, 0, 0);

		tap_ok(answer == -PV_EFAULT || answer == -PV_EAGAIN ||
			       (answer >= 0 && answer <= PV_CONSOLE_MAX_BYTES),
		       name);
	}
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
	bounded((uintptr_t)comment, UINT64_MAX, "a length of ~0");
	bounded((uintptr_t)comment, UINT64_MAX - (uintptr_t)comment + 1,
		"a length that makes the sum 0");
	bounded((uintptr_t)comment, UINT64_C(1) << 32, "a length of 4 GiB");
	return tap_done();
}
