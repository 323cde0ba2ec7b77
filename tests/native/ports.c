/* SPDX-License-Identifier: MIT
 *
 * What if a kernel reads and writes every port and register there is, in every width?
 */
#include "../random.h"
#include "bare.h"

#define DEVICES 0xfeb00000u
#define DEVICES_END 0xfeb03000u

/* The way out, and KVM's own. */
static bool is_an_end(uint32_t port)
{
	return (port >= DEBUG_EXIT - 3 && port < DEBUG_EXIT + 4) ||
	       (port >= 0x61 && port <= 0x64) || (port >= 0xcf6 && port <= 0xcfc);
}

static void read_all_ports(void)
{
	for (uint32_t port = 0; port < 0x10000; port += 3)
		if (!is_an_end(port)) {
			in8((uint16_t)port);
			in32((uint16_t)port);
		}
}

static void write_all_ports(void)
{
	for (uint32_t port = 0; port < 0x10000; port += 5)
		if (!is_an_end(port)) {
			out8((uint16_t)port, (uint8_t)random_next());
			out16((uint16_t)port, (uint16_t)random_next());
			out32((uint16_t)port, (uint32_t)random_next());
		}
}

static void serial_at_random(void)
{
	for (int i = 0; i < 20000; i++) {
		uint64_t r = random_next();
		uint16_t port = (uint16_t)(SERIAL + r % 8);

		if (r >> 8 & 1)
			out8(port, (uint8_t)(r >> 16));
		else
			in8(port);
	}
}

static void access_at_random(uint64_t at, uint64_t r)
{
	switch (r % 8) {
	case 0:
		*(volatile uint8_t *)(uintptr_t)at = (uint8_t)(r >> 8);
		break;
	case 1:
		*(volatile uint16_t *)(uintptr_t)at = (uint16_t)(r >> 8);
		break;
	case 2:
		*(volatile uint64_t *)(uintptr_t)at = r >> 8;
		break;
	case 3:
		(void)*(volatile uint64_t *)(uintptr_t)at;
		break;
	case 4:
		(void)*(volatile uint8_t *)(uintptr_t)at;
		break;
	default:
		write32(at & ~3u, (uint32_t)(r >> 40) & (r >> 8 & 0xff));
	}
}

static void device_registers_at_random(void)
{
	for (int i = 0; i < 20000; i++)
		access_at_random(DEVICES + random_next() % (DEVICES_END - DEVICES),
				 random_next());
}

static void strings_of_ports(void)
{
	static uint8_t buffer[4096];
	uint64_t count;
	void *at;

	for (uint16_t port = 0x3f0; port < 0x400; port++) {
		at = buffer;
		count = sizeof(buffer) / 4;
		__asm__ volatile("rep insl"
				 : "+D"(at), "+c"(count) : "d"(port) : "memory");
		at = buffer;
		count = sizeof(buffer) / 4;
		__asm__ volatile("rep outsl"
				 : "+S"(at), "+c"(count) : "d"(port) : "memory");
	}
}

/* The first of them ends the machine, and is its status. */
static void string_to_the_exit(void)
{
	static const uint32_t words[64] = { 3, 4, 5 };
	const void *at = words;
	uint64_t count = 64;

	__asm__ volatile("rep outsl"
			 : "+S"(at), "+c"(count)
			 : "d"(DEBUG_EXIT)
			 : "memory");
}

/* Into a device, out of it, and from a port to one; and across its ends. */
static void strings_of_registers(void)
{
	static uint8_t buffer[8192];
	void *to = (void *)(uintptr_t)DEVICES, *from = buffer;
	uint64_t count = sizeof(buffer);

	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(count) : : "memory");
	to = (void *)(uintptr_t)DEVICES;
	from = (void *)(uintptr_t)(DEVICES + 0x100);
	count = 512;
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(count) : : "memory");
	to = (void *)(uintptr_t)DEVICES;
	count = 300;
	__asm__ volatile("rep insb"
			 : "+D"(to), "+c"(count) : "d"(SERIAL) : "memory");
	from = (void *)(uintptr_t)DEVICES;
	count = 300;
	__asm__ volatile("rep outsb"
			 : "+S"(from), "+c"(count) : "d"(0x80) : "memory");
	for (uint64_t at = DEVICES - 16; at < DEVICES + 0x210; at++) {
		access_at_random(at, 2 | random_next() << 8);
		access_at_random(at, 3);
	}
}

const struct bare_case bare_cases[] = {
	{ "read-all-ports", read_all_ports, "0", "any" },
	{ "write-all-ports", write_all_ports, "0", "any" },
	{ "serial-at-random", serial_at_random, "0", "any" },
	{ "device-registers-at-random", device_registers_at_random, "0", "any" },
	{ "strings-of-ports", strings_of_ports, "0", "any" },
	{ "string-to-the-exit", string_to_the_exit, "3", "any" },
	{ "strings-of-registers", strings_of_registers, "0", "any" },
	{ NULL, NULL, NULL, NULL },
};
