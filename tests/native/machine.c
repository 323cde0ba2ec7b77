/* SPDX-License-Identifier: MIT
 *
 * What does a bare-metal kernel find, and how does it end?
 */
#include "bare.h"

#define MAGIC 0x336ec578u

static void finds_its_boot_info(void)
{
	const struct memory_entry *map =
		(const void *)(uintptr_t)bare_info->memory_map;
	uint64_t ram = 0;

	EXPECT(bare_info->magic == MAGIC && bare_info->version == 1);
	EXPECT(bare_info->memory_map_entries >= 3);
	for (uint32_t i = 0; i < bare_info->memory_map_entries; i++) {
		EXPECT(i == 0 || map[i].address == map[i - 1].address +
							   map[i - 1].bytes);
		if (map[i].type == 1)
			ram += map[i].bytes;
	}
	EXPECT(ram == (64u << 20) - (384u << 10));
	EXPECT(*(const uint64_t *)(uintptr_t)bare_info->rsdp ==
	       0x2052545020445352); /* "RSD PTR " */
}

static void prints(void)
{
	out8(SERIAL + 3, 0x83); /* with divisor latches, as drivers begin */
	out8(SERIAL, 1);
	out8(SERIAL + 1, 0);
	EXPECT(in8(SERIAL) == 1);
	out8(SERIAL + 3, 3);
	print("printed\n");
}

static void knows_the_time(void)
{
	out8(0x70, 0x0d);
	EXPECT(in8(0x71) == 0x80);
	out8(0x70, 0x32);
	EXPECT(in8(0x71) == 0x20); /* the century, for some time yet */
	out8(0x70, 0x09);
	EXPECT(in8(0x71) >= 0x24);
}

static void nothing_is_all_ones(void)
{
	EXPECT(in8(0x1234) == 0xff && in16(0x1234) == 0xffff);
	EXPECT(in32(0xcfc) == ALL_ONES);
	out32(0x1234, 5);
	EXPECT(read32(0xd0000000) == ALL_ONES);
	write32(0xd0000000, 5);
	EXPECT(read32(0xd0000000) == ALL_ONES);
	EXPECT(read32(0xfeb0f000) == ALL_ONES);
}

/* Two registers of the serial port at once, or half of nothing. */
static void wide_accesses_are_cut(void)
{
	out8(SERIAL + 7, 0x5a);
	EXPECT(in16(SERIAL + 7) == 0xff5a);
	out16(SERIAL + 7, 0x33a5);
	EXPECT(in8(SERIAL + 7) == 0xa5);
	EXPECT(in32(SERIAL + 7) == 0xffffffa5);
}

static void prints_strings(void)
{
	const char *text = "a string\n";
	uint64_t count = 9;

	__asm__ volatile("rep outsb"
			 : "+S"(text), "+c"(count)
			 : "d"(SERIAL)
			 : "memory");
}

static void echoes(void)
{
	uint8_t byte = 0;

	while (byte != '\n') {
		while (!(in8(LINE_STATUS) & 1))
			;
		byte = in8(SERIAL);
		out8(SERIAL, byte);
	}
}

/* Until somebody hangs up. */
static void waits_for_the_end(void)
{
	out8(SERIAL + 1, 1); /* input is wanted */
	while (in8(SERIAL + 6) & 0x80)
		;
	print("over\n");
}

static void shows_its_line(void)
{
	print((const char *)(uintptr_t)bare_info->command_line);
}

static void status_42(void)
{
	bare_exit(42);
}

static void status_too_large(void)
{
	bare_exit(200);
}

static void panics(void)
{
	bare_exit(123);
}

static void resets(void)
{
	out8(0x64, 0xfe);
	for (;;)
		__asm__ volatile("hlt");
}

static void triple_fault(void)
{
	__asm__ volatile("ud2"); /* and there is no IDT */
}

static void sse(void)
{
	__asm__ volatile("mulps %xmm0, %xmm1");
	bare_exit(3);
}

static void halts(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void spins(void)
{
	for (;;)
		;
}

const struct bare_case bare_cases[] = {
	{ "finds-its-boot-info", finds_its_boot_info, "0", "any" },
	{ "prints", prints, "0", "any" },
	{ "knows-the-time", knows_the_time, "0", "any" },
	{ "nothing-is-all-ones", nothing_is_all_ones, "0", "any" },
	{ "wide-accesses-are-cut", wide_accesses_are_cut, "0", "any" },
	{ "prints-strings", prints_strings, "0", "any" },
	{ "status-42", status_42, "42", "any" },
	{ "status-too-large", status_too_large, "119", "is reported as 119" },
	{ "panics", panics, "123", "it says that it panicked" },
	{ "resets", resets, "0", "any" },
	{ "triple-fault", triple_fault, "123", "triple fault.*(at 0x10.*triple_fault|not tell where)" },
	{ "sse", sse, "123", "triple fault|does not know.*0f 59 c8.*-mgeneral-regs-only" },
	{ "shows-its-line", shows_its_line, "0", "any" },
	{ "waits-for-the-end", waits_for_the_end, "0", "any" },
	{ "echoes", echoes, "124", "--timeout" }, /* nobody types; see cli */
	{ "halts", halts, "124", "--timeout" },
	{ "spins", spins, "124", "--timeout" },
	{ NULL, NULL, NULL, NULL },
};
