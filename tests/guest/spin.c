/* SPDX-License-Identifier: MIT
 *
 * Never ends by itself: says "ready", and then computes (no argument), blocks
 * ("block"), waits for input ("read"), keeps a disk busy ("disk") or prints
 * ("print").
 */
#include <pvguest/pvguest.h>

__attribute__((noreturn)) static void compute(void)
{
	for (;;)
		__asm__ volatile("pause");
}

static void block(void)
{
	for (;;)
		pvg_op_block(PV_FOREVER);
}

static void read_input(void)
{
	char c;

	while (pvg_console_read(&c, 1) >= 0)
		;
}

static void read_disk(void)
{
	static uint8_t buffer[65536];
	struct pvg_blk disk;

	pvg_assert(pvg_blk_open_index(&disk, 0) == 0);
	for (uint64_t at = 0;; at = (at + sizeof(buffer)) % (1u << 20))
		pvg_assert(pvg_blk_read(&disk, at, buffer, sizeof(buffer)) == 0);
}

static void print(void)
{
	while (pvg_puts("and on and on and on and on and on") >= 0)
		;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "compute";

	pvg_puts("ready");
	if (strcmp(how, "block") == 0)
		block();
	else if (strcmp(how, "read") == 0)
		read_input();
	else if (strcmp(how, "disk") == 0)
		read_disk();
	else if (strcmp(how, "print") == 0)
		print();
	compute();
}
