/* SPDX-License-Identifier: MIT
 *
 * What lwIP asks of the system beneath it, but for the network: arch/cc.h.
 */
#include <pvguest/pvguest.h>

#include <lwip/arch.h>
#include <lwip/sys.h>

/* It may wrap around. */
u32_t sys_now(void)
{
	return (u32_t)(pvg_clock_ns() / 1000000);
}

uint32_t lwip_port_random(void)
{
	return (uint32_t)pvg_random_u64();
}

void lwip_port_failed(const char *what, const char *file, int line)
{
	pvg_panic("lwIP: %s, in %s:%d", what, file, line);
}

static uint64_t load(const uint8_t *from, int bytes)
{
	uint64_t word = 0;

	memcpy(&word, from, (size_t)bytes);
	return word;
}

/* The Internet's sum of 16-bit words, not complemented, in the order of memory. Sums of
 * larger words are the same, once folded: 65535 is 0 to them all. */
uint16_t lwip_port_checksum(const void *data, int len_bytes)
{
	const uint8_t *at = data;
	uint64_t sum = 0;

	for (; len_bytes >= 4; len_bytes -= 4, at += 4)
		sum += load(at, 4);
	sum += load(at, len_bytes);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
