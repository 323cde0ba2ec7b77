/* SPDX-License-Identifier: MIT
 *
 * Which processors there are: ACPI's table MADT ("APIC"); and which virtio devices. A
 * paravirtual guest finds both in its boot info.
 *
 * ACPI specification 6.5: 5.2.5 (RSDP, and where it is looked for), 5.2.6 to 5.2.8
 * (RSDT, XSDT), 5.2.9 (FADT), 5.2.12 (MADT). Without tables there is one processor, and
 * the I/O APIC is where it always is. The tables are read while the lowest 4 GiB are
 * mapped.
 */
#include <pvguest/libc.h>

#include "../internal.h"

#define SEARCH_START 0xe0000u
#define SEARCH_END 0x100000u
#define SEARCH_STEP 16
#define REACH (UINT64_C(1) << 32)

#define IO_APIC_USUAL 0xfec00000

struct pvg_acpi pvg_acpi = { .cpus = 1 };

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	/* revision 2 */
	uint32_t len;
	uint64_t xsdt;
} __attribute__((packed));
#define RSDP_BYTES 20

struct header {
	char signature[4];
	uint32_t len;
	uint8_t rest[28];
};
PV_SIZE_IS(struct header, 36);
#define MADT_ENTRIES (sizeof(struct header) + 8)

struct madt_entry {
	uint8_t type, len;
	union {
		struct {
			uint8_t processor, id;
			uint32_t flags;
		} __attribute__((packed)) local_apic;
		struct {
			uint8_t id, reserved;
			uint32_t address, first_gsi;
		} __attribute__((packed)) io_apic;
	};
} __attribute__((packed));
#define MADT_LOCAL_APIC 0
#define MADT_IO_APIC 1
#define LOCAL_APIC_ENABLED 1u

static uint8_t sum(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint8_t total = 0;

	while (len-- > 0)
		total += *at++;
	return total;
}

static const struct rsdp *rsdp_at(uint64_t address)
{
	const struct rsdp *rsdp = (const struct rsdp *)(uintptr_t)address;

	if (address == 0 || address >= REACH - sizeof(*rsdp) ||
	    memcmp(rsdp->signature, "RSD PTR ", 8) != 0 ||
	    sum(rsdp, RSDP_BYTES) != 0)
		return NULL;
	return rsdp;
}

static const struct rsdp *find_rsdp(uint64_t told)
{
	const struct rsdp *rsdp = rsdp_at(told);

	for (uint64_t at = SEARCH_START; !rsdp && at < SEARCH_END;
	     at += SEARCH_STEP)
		rsdp = rsdp_at(at);
	return rsdp;
}

static const struct header *table_at(uint64_t address)
{
	const struct header *table = (const struct header *)(uintptr_t)address;

	if (address == 0 || address >= REACH - sizeof(*table) ||
	    table->len < sizeof(*table) || table->len > REACH - address ||
	    sum(table, table->len) != 0)
		return NULL;
	return table;
}

/* In a table of addresses, each so many bytes wide. */
static const struct header *find_table(const struct header *root, size_t width,
				       const char *signature)
{
	const char *at = (const char *)(root + 1);
	const char *end = (const char *)root + root->len;

	for (; at + width <= end; at += width) {
		uint64_t address = 0;
		const struct header *table;

		memcpy(&address, at, width);
		table = table_at(address);
		if (table && memcmp(table->signature, signature, 4) == 0)
			return table;
	}
	return NULL;
}

static const struct header *find(const struct rsdp *rsdp, const char *signature)
{
	const struct header *root = NULL;
	size_t width = 8;

	if (rsdp->revision >= 2)
		root = table_at(rsdp->xsdt);
	if (!root) {
		root = table_at(rsdp->rsdt);
		width = 4;
	}
	return root ? find_table(root, width, signature) : NULL;
}

static void take_local_apic(const struct madt_entry *entry)
{
	uint8_t id = entry->local_apic.id;

	/* The first one is the caller, wherever it stands. */
	if (!(entry->local_apic.flags & LOCAL_APIC_ENABLED) ||
	    id == pvg_acpi.apic_id[0] || pvg_acpi.cpus == PV_VCPUS_MAX)
		return;
	pvg_acpi.apic_id[pvg_acpi.cpus++] = id;
}

static void take_io_apic(uint32_t address, uint32_t first_gsi)
{
	if (pvg_acpi.io_apics == PVG_IO_APICS_MAX)
		return;
	pvg_acpi.io_apic[pvg_acpi.io_apics].address = address;
	pvg_acpi.io_apic[pvg_acpi.io_apics++].first_gsi = first_gsi;
}

static void read_madt(const struct header *madt)
{
	const char *at = (const char *)madt + MADT_ENTRIES;
	const char *end = (const char *)madt + madt->len;

	while (at + 2 <= end) {
		const struct madt_entry *entry =
			(const struct madt_entry *)(const void *)at;

		if (entry->len < 2 || at + entry->len > end)
			return;
		if (entry->type == MADT_LOCAL_APIC && entry->len >= 8)
			take_local_apic(entry);
		if (entry->type == MADT_IO_APIC && entry->len >= 12)
			take_io_apic(entry->io_apic.address,
				     entry->io_apic.first_gsi);
		at += entry->len;
	}
}

/* Devices are described in a language, AML, which is not interpreted here: they are
 * found by how their descriptions look. One of a virtio device is its _HID, "LNRO0005",
 * and soon a _CRS: a range of memory (6.4.3.4) and behind it an interrupt (6.4.3.6). */
#define VIRTIO_ID "LNRO0005"
#define CRS_WITHIN 64
struct resources {
	uint8_t memory_tag;
	uint16_t memory_len;
	uint8_t memory_flags;
	uint32_t address, bytes;
	uint8_t interrupt_tag;
	uint16_t interrupt_len;
	uint8_t interrupt_flags, interrupts;
	uint32_t gsi;
} __attribute__((packed));
#define TAG_MEMORY 0x86
#define TAG_INTERRUPT 0x89

static void find_resources(const char *at, const char *end)
{
	if (end - at > CRS_WITHIN)
		end = at + CRS_WITHIN;
	for (; at + sizeof(struct resources) <= end; at++) {
		const struct resources *r =
			(const struct resources *)(const void *)at;

		if (r->memory_tag == TAG_MEMORY && r->memory_len == 9 &&
		    r->interrupt_tag == TAG_INTERRUPT && r->interrupts == 1) {
			pvg_device_found(r->address, r->gsi);
			return;
		}
	}
}

static void find_devices(const struct header *dsdt)
{
	const char *at = (const char *)(dsdt + 1);
	const char *end = (const char *)dsdt + dsdt->len;
	size_t id = sizeof(VIRTIO_ID) - 1;

	for (; at + id <= end; at++)
		if (memcmp(at, VIRTIO_ID, id) == 0)
			find_resources(at + id, end);
}

#define FADT_DSDT 40
static const struct header *dsdt_of(const struct header *fadt)
{
	uint32_t address;

	if (!fadt || fadt->len < FADT_DSDT + sizeof(address))
		return NULL;
	memcpy(&address, (const char *)fadt + FADT_DSDT, sizeof(address));
	return table_at(address);
}

void pvg_acpi_read(pv_gpa_t told)
{
	const struct rsdp *rsdp = find_rsdp(told);
	const struct header *madt = rsdp ? find(rsdp, "APIC") : NULL;
	const struct header *dsdt = rsdp ? dsdt_of(find(rsdp, "FACP")) : NULL;

	pvg_acpi.apic_id[0] = (uint8_t)(pvg_cpuid(1, 0).b >> 24);
	if (madt)
		read_madt(madt);
	if (dsdt)
		find_devices(dsdt);
	if (pvg_acpi.io_apics == 0)
		take_io_apic(IO_APIC_USUAL, 0);
}
