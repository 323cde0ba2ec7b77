/* SPDX-License-Identifier: MIT
 *
 * What a bare-metal test kernel needs: ports, registers, a serial line to print to, and
 * cases that run-cases.sh runs one by one. Nothing of libpvguest: that the machine is
 * what it is for others too is the point.
 */
#ifndef TESTS_NATIVE_BARE_H
#define TESTS_NATIVE_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL 0x3f8
#define LINE_STATUS (SERIAL + 5)
#define LINE_EMPTY 0x20
#define DEBUG_EXIT 0xf4
#define ALL_ONES UINT32_C(0xffffffff)

/* ---- instructions */

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t read32(uint64_t address)
{
	return *(volatile uint32_t *)(uintptr_t)address;
}

static inline void write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)address = value;
}

/* ---- words and the end */

static inline void print(const char *text)
{
	for (; *text; text++) {
		while (!(in8(LINE_STATUS) & LINE_EMPTY))
			;
		out8(SERIAL, (uint8_t)*text);
	}
}

static inline void print_number(uint64_t n)
{
	char digits[21], *at = &digits[20];

	*at = 0;
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	print(at);
}

static inline void bare_exit(uint32_t status)
{
	out32(DEBUG_EXIT, status);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* End with 1 and the place where something is not as it should be. */
#define EXPECT(what)                                            \
	do {                                                    \
		if (!(what)) {                                  \
			print(__FILE__ ":");                    \
			print_number(__LINE__);                 \
			print(": not so: " #what "\n");         \
			bare_exit(1);                           \
		}                                               \
	} while (0)

/* GCC makes calls of these. */
static inline void *bare_set(void *to, int byte, size_t bytes)
{
	for (uint8_t *at = to; bytes--; at++)
		*(volatile uint8_t *)at = (uint8_t)byte;
	return to;
}

static inline bool same_text(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static inline bool begins_with(const char *text, const char *word)
{
	while (*word && *text == *word)
		text++, word++;
	return !*word;
}

/* ---- what PVH tells */

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, command_line, rsdp, memory_map;
	uint32_t memory_map_entries, reserved;
};

struct memory_entry {
	uint64_t address, bytes;
	uint32_t type, reserved;
};

/* ---- other processors */

#define OTHER_PAGE 0x8000u
#define LAPIC 0xfee00000u
#define LAPIC_SPURIOUS (LAPIC + 0xf0)
#define LAPIC_COMMAND (LAPIC + 0x300)
#define LAPIC_TARGET (LAPIC + 0x310)
#define COMMAND_INIT 0x4500u
#define COMMAND_STARTUP 0x4600u

extern const uint8_t other_code[], other_code_end[];
/* Where other processors arrive; the kernel may have its own. */
void bare_other(void);

static inline void place_other_code(void)
{
	volatile uint8_t *to = (volatile uint8_t *)(uintptr_t)OTHER_PAGE;

	for (const uint8_t *from = other_code; from < other_code_end;)
		*to++ = *from++;
	write32(LAPIC_SPURIOUS, 0x1ff); /* enable it */
}

static inline void send(uint32_t target, uint32_t command)
{
	write32(LAPIC_TARGET, target << 24);
	write32(LAPIC_COMMAND, command);
}

static inline void start_other(uint32_t number)
{
	send(number, COMMAND_INIT);
	send(number, COMMAND_STARTUP | OTHER_PAGE >> 12);
}

/* ---- cases: as ../guest/cases.h */

struct bare_case {
	const char *name;
	void (*run)(void);
	const char *status, *regex;
};

extern const struct bare_case bare_cases[]; /* ends with an empty one */
extern const struct start_info *bare_info;
extern char bare_devices[512]; /* the command line behind the first word */
void bare_start(const struct start_info *info);

#endif
