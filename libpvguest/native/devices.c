/* SPDX-License-Identifier: MIT
 *
 * Which devices there are: what a hypervisor writes into the boot info's table is found
 * here. Disks come first, then networks.
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/ops.h>

#include "../internal.h"
#include "disk.h"
#include "net.h"

#define DEVICES_MAX 32 /* of all kinds */
#define DISKS_MAX 32
#define NETS_MAX 8

/* Those that may be there, until pvg_devices_find. */
static struct {
	uint64_t address;
	uint32_t gsi;
} announced[DEVICES_MAX];
static uint32_t announcements;

static struct pv_device device[DEVICES_MAX];
static struct pvg_driven *driven[DEVICES_MAX]; /* by number */
static uint32_t devices;

static struct pvg_disk disk[DISKS_MAX];
static struct pvg_net_device net[NETS_MAX];

struct pvg_driven *pvg_device_of(uint64_t number)
{
	return number < devices ? driven[number] : NULL;
}

void pvg_devices_close(void)
{
	for (uint32_t i = 0; i < devices; i++)
		if (device[i].type == PV_DEVICE_BLOCK)
			pvg_op_queue_close(i, 0);
}

/* ---- where they are */

/* Linux's: virtio_mmio.device=SIZE@ADDRESS:GSI, and perhaps :ID. */
static bool parse(const char *text, uint64_t *ret_address, uint32_t *ret_gsi)
{
	char *end;

	strtoull(text, &end, 0);
	while (*end == 'K' || *end == 'M')
		end++;
	if (end == text || *end != '@')
		return false;
	*ret_address = strtoull(end + 1, &end, 0);
	if (*end != ':')
		return false;
	*ret_gsi = (uint32_t)strtoul(end + 1, &end, 0);
	return *end == '\0' || *end == ':';
}

/* By the command line, or by ACPI's tables, or both. */
void pvg_device_found(uint64_t address, uint32_t gsi)
{
	for (uint32_t i = 0; i < announcements; i++)
		if (announced[i].address == address)
			return;
	if (announcements == DEVICES_MAX) {
		pvg_serial_printf("the virtio device at %#llx is left out: there "
				  "are more than %u\n",
				  (unsigned long long)address, DEVICES_MAX);
		return;
	}
	announced[announcements].address = address;
	announced[announcements++].gsi = gsi;
}

bool pvg_device_announced(const char *word)
{
	static const char name[] = "virtio_mmio.device=";
	uint64_t address;
	uint32_t gsi;

	if (strncmp(word, name, sizeof(name) - 1) != 0)
		return false;
	if (parse(word + sizeof(name) - 1, &address, &gsi))
		pvg_device_found(address, gsi);
	else
		pvg_serial_printf("%s: left out, it is not "
				  "SIZE@ADDRESS:INTERRUPT\n", word);
	return true;
}

/* ---- what they are */

/* Not by the name of one before it. */
static bool is_named(const struct pv_device *one)
{
	for (const struct pv_device *other = device; other < one; other++)
		if (strcmp(other->name, one->name) == 0)
			return false;
	return one->name[0] != '\0';
}

static void name(struct pv_device *one, const char *kind, uint32_t n)
{
	for (; !is_named(one); n++)
		pvg_snprintf(one->name, sizeof(one->name), "%s%u", kind, n);
}

/* The number-th of its kind. */
static const char *start(struct pvg_driven *d, const struct pvg_driver *driver,
			 uint32_t number)
{
	const char *problem;

	d->driver = driver;
	d->device = &device[devices];
	memset(d->device, 0, sizeof(*d->device));
	d->device->number = devices;
	for (uint32_t i = 0; i < PVG_QUEUES_MAX; i++) {
		d->queue[i].driven = d;
		d->queue[i].number = i;
	}
	problem = pvg_queue_try_interrupt(d);
	if (!problem)
		problem = driver->start(d);
	if (problem) {
		pvg_virtio_reset(&d->virtio);
		return problem;
	}
	name(d->device, driver->name, number);
	driven[devices++] = d;
	return NULL;
}

static void leave_out(uint64_t address, const char *problem)
{
	pvg_serial_printf("the virtio device at %#llx is left out: %s\n",
			  (unsigned long long)address, problem);
}

/* Those of a kind: `size` bytes from one to the next. */
static void find(const struct pvg_driver *driver, struct pvg_driven *first,
		 size_t size, uint32_t most)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < announcements; i++) {
		struct pvg_driven *d = (struct pvg_driven *)(void *)(
			(char *)first + count * size);
		struct pvg_virtio virtio = { .address = announced[i].address,
					     .gsi = announced[i].gsi };
		const char *problem;

		if (pvg_virtio_find(&virtio, &problem) != driver->kind)
			continue;
		if (count == most) {
			leave_out(virtio.address, "there are too many of its kind");
			continue;
		}
		memset(d, 0, size);
		d->virtio = virtio;
		problem = start(d, driver, count);
		if (problem)
			leave_out(virtio.address, problem);
		else
			count++;
	}
}

/* What is no device of any kind, and should be. */
static void tell_of_others(void)
{
	for (uint32_t i = 0; i < announcements; i++) {
		struct pvg_virtio virtio = { .address = announced[i].address };
		const char *problem;

		pvg_virtio_find(&virtio, &problem);
		if (problem)
			leave_out(virtio.address, problem);
	}
}

void pvg_devices_find(void)
{
	tell_of_others();
	find(&pvg_disk_driver, &disk[0].driven, sizeof(disk[0]), DISKS_MAX);
	find(&pvg_net_driver, &net[0].driven, sizeof(net[0]), NETS_MAX);
	pvg_boot.devices = devices;
	pvg_boot.devices_addr = (uint64_t)(uintptr_t)device;
}
