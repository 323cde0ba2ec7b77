/* SPDX-License-Identifier: MIT
 *
 * ACPI's tables, as few as tell a kernel how many processors there are and where the
 * interrupt controllers are: RSDP, XSDT, MADT (ACPI 6.4, 5.2). There is no DSDT, and
 * so no FADT: a kernel that wants power management does without.
 */
#include <pvabi/base.h>
#include <stddef.h>
#include <string.h>

#include "native.h"

struct rsdp {
	char signature[8];
	uint8_t checksum; /* of the first 20 bytes */
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t bytes;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct header {
	char signature[4];
	uint32_t bytes;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct xsdt {
	struct header header;
	uint64_t table[1];
} __attribute__((packed));

struct local_apic {
	uint8_t type, bytes, processor, id;
	uint32_t flags;
} __attribute__((packed));

struct io_apic {
	uint8_t type, bytes, id, reserved;
	uint32_t address, first_gsi;
} __attribute__((packed));

struct madt {
	struct header header;
	uint32_t local_apic_address, flags;
	struct io_apic io_apic;
	struct local_apic local_apic[]; /* one a vCPU */
} __attribute__((packed));

enum { LOCAL_APIC, IO_APIC }; /* types */
#define ENABLED 1u  /* flags of a local APIC */
#define HAS_8259S 1u /* flags of the MADT */
#define ACPI_2 2u
#define RSDP_BYTES_1 20u

static uint8_t checksum(const void *table, size_t bytes)
{
	const uint8_t *at = table;
	uint8_t sum = 0;

	while (bytes--)
		sum = (uint8_t)(sum + *at++);
	return (uint8_t)-sum;
}

static struct header header(const char *signature, uint8_t revision, size_t bytes)
{
	struct header h = {
		.bytes = (uint32_t)bytes, .revision = revision,
		.oem = "PARAV", .oem_table = "NATIVE", .oem_revision = 1,
		.creator = "PVNE", .creator_revision = 1,
	};

	memcpy(h.signature, signature, sizeof(h.signature));
	return h;
}

static void fill_madt(struct madt *madt, unsigned vcpus, size_t bytes)
{
	madt->header = header("APIC", 5, bytes);
	madt->local_apic_address = HV_NATIVE_LAPIC;
	madt->flags = HAS_8259S;
	madt->io_apic = (struct io_apic){
		.type = IO_APIC, .bytes = sizeof(madt->io_apic),
		.address = HV_NATIVE_IOAPIC,
	};
	for (unsigned i = 0; i < vcpus; i++)
		madt->local_apic[i] = (struct local_apic){
			.type = LOCAL_APIC, .bytes = sizeof(madt->local_apic[0]),
			.processor = (uint8_t)i, .id = (uint8_t)i,
			.flags = ENABLED,
		};
	madt->header.checksum = checksum(madt, bytes);
}

static void fill_rsdp(struct rsdp *rsdp, uint64_t xsdt)
{
	*rsdp = (struct rsdp){
		.oem = "PARAV", .revision = ACPI_2, .bytes = sizeof(*rsdp),
		.xsdt = xsdt,
	};
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	rsdp->checksum = checksum(rsdp, RSDP_BYTES_1);
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
}

uint64_t hv_acpi_write(uint8_t *to, uint64_t room, pv_gpa_t gpa, unsigned vcpus)
{
	/* Tables lie at multiples of 16, as the RSDP must. */
	const uint64_t xsdt_at = 48, madt_at = 96;
	const size_t madt_bytes = sizeof(struct madt) +
				  vcpus * sizeof(struct local_apic);
	struct xsdt xsdt = { .header = header("XSDT", 1, sizeof(xsdt)),
			     .table = { gpa + madt_at } };

	_Static_assert(sizeof(struct rsdp) <= 48 && sizeof(struct xsdt) <= 48,
		       "tables overlap");
	if (madt_at + madt_bytes > room)
		return 0;
	xsdt.header.checksum = checksum(&xsdt, sizeof(xsdt));
	fill_rsdp((struct rsdp *)to, gpa + xsdt_at);
	memcpy(to + xsdt_at, &xsdt, sizeof(xsdt));
	fill_madt((struct madt *)(void *)(to + madt_at), vcpus, madt_bytes);
	return madt_at + madt_bytes;
}
