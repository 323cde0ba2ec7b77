/* SPDX-License-Identifier: MIT
 *
 * From an address to the device that is there; see device.h.
 */
#include <assert.h>
#include <string.h>
#include <sys/ioctl.h>

#include "native.h"

void hv_bus_add(struct hv_bus *bus, struct hv_device *device)
{
	assert(bus->devices < HV_DEVICES_MAX);
	device->accesses = 0;
	bus->device[bus->devices++] = device;
}

/* A few compares beside the microseconds of an exit. */
static struct hv_device *device_at(const struct hv_bus *bus, bool port,
				   uint64_t address)
{
	for (unsigned i = 0; i < bus->devices; i++) {
		struct hv_device *d = bus->device[i];

		if (d->port == port && address - d->base < d->bytes)
			return d;
	}
	return NULL;
}

static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void access_device(struct hv_device *d, struct hv_vcpu *vcpu,
			  uint64_t offset, uint8_t *data, unsigned bytes,
			  bool write)
{
	uint64_t value = 0;

	count(&d->accesses);
	if (write) {
		memcpy(&value, data, bytes);
		d->write(d, vcpu, offset, value, bytes);
	} else {
		value = d->read(d, vcpu, offset, bytes);
		memcpy(data, &value, bytes);
	}
}

void hv_bus_access(struct hv_bus *bus, struct hv_vcpu *vcpu, bool port,
		   uint64_t address, void *data, unsigned bytes, bool write)
{
	uint8_t *at = data;
	unsigned piece;

	for (; bytes; bytes -= piece, at += piece, address += piece) {
		struct hv_device *d = device_at(bus, port, address);

		piece = d && d->width < bytes ? d->width : d ? bytes : 1;
		if (d) {
			access_device(d, vcpu, address - d->base, at, piece,
				      write);
			continue;
		}
		count(&bus->unknown_accesses);
		if (!write)
			memset(at, 0xff, piece);
	}
}

void hv_irq_set(const struct hv_native *native, unsigned gsi, bool up)
{
	struct kvm_irq_level level = { .irq = gsi, .level = up };

	ioctl(native->kvm, KVM_IRQ_LINE, &level);
}
