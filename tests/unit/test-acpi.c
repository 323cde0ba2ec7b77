/* SPDX-License-Identifier: MIT
 *
 * ACPI's tables: whole, summing up to 0, and telling of each processor.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "native/native.h"

#define GPA 0xe0000u

static uint8_t memory[4096] __attribute__((aligned(16)));

static uint32_t word(uint64_t at)
{
	uint32_t value;

	memcpy(&value, memory + at, sizeof(value));
	return value;
}

static uint8_t sum(uint64_t at, uint32_t bytes)
{
	uint8_t total = 0;

	while (bytes--)
		total = (uint8_t)(total + memory[at++]);
	return total;
}

/* Of a table with a header, where another points. */
static uint64_t follow(uint64_t pointer_at, const char *signature)
{
	uint64_t at = word(pointer_at) - GPA;

	cr_assert_lt(at, sizeof(memory));
	cr_assert_eq(memcmp(memory + at, signature, 4), 0);
	cr_assert_eq(sum(at, word(at + 4)), 0);
	return at;
}

/* How many processors the MADT tells of. */
static unsigned processors(uint64_t madt)
{
	unsigned count = 0;

	for (uint64_t at = madt + 44; at < madt + word(madt + 4);
	     at += memory[at + 1]) {
		cr_assert_neq(memory[at + 1], 0);
		if (memory[at] != 0)
			continue;
		cr_assert_eq(memory[at + 3], count); /* its APIC's id */
		cr_assert_eq(word(at + 4), 1);       /* it is there */
		count++;
	}
	return count;
}

Test(acpi, the_tables_lead_to_every_processor)
{
	for (unsigned vcpus = 1; vcpus <= PV_VCPUS_MAX; vcpus++) {
		uint64_t xsdt, madt;

		memset(memory, 0, sizeof(memory));
		cr_assert_gt(hv_acpi_write(memory, sizeof(memory), GPA, vcpus), 0);
		cr_assert_eq(memcmp(memory, "RSD PTR ", 8), 0);
		cr_assert_eq(sum(0, 20), 0);
		cr_assert_eq(sum(0, 36), 0);
		xsdt = follow(24, "XSDT");
		madt = follow(xsdt + 36, "APIC");
		cr_assert_eq(word(madt + 36), 0xfee00000);
		cr_assert_eq(processors(madt), vcpus);
	}
}

Test(acpi, too_little_room_is_told)
{
	cr_assert_eq(hv_acpi_write(memory, 600, GPA, PV_VCPUS_MAX), 0);
	cr_assert_gt(hv_acpi_write(memory, 1000, GPA, PV_VCPUS_MAX), 0);
}
