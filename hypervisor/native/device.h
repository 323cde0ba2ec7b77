/* SPDX-License-Identifier: MIT
 *
 * The devices of the native machine: each is a range of ports or of physical addresses
 * and what is done there. bus.c finds them.
 */
#ifndef HV_DEVICE_H
#define HV_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hv_native;
struct hv_vcpu;

struct hv_device {
	const char *name; /* for --stats */
	bool port;        /* it is at I/O ports */
	uint64_t base, bytes;
	unsigned width;   /* wider accesses come in pieces of so many bytes */
	/* On any vCPU's thread; offset < bytes. What is above `bytes` bytes of a
	 * value is ignored, or 0. */
	uint64_t (*read)(struct hv_device *device, struct hv_vcpu *vcpu,
			 uint64_t offset, unsigned bytes);
	void (*write)(struct hv_device *device, struct hv_vcpu *vcpu,
		      uint64_t offset, uint64_t value, unsigned bytes);
	uint64_t accesses; /* atomic */
};

#define HV_DEVICES_MAX 24

struct hv_bus {
	struct hv_device *device[HV_DEVICES_MAX];
	unsigned devices;
	uint64_t unknown_accesses; /* atomic; to no device at all */
};

/* bus.c: */

void hv_bus_add(struct hv_bus *bus, struct hv_device *device);
/* An access of a guest's: 1 to 8 bytes. Where nothing is, reads give all ones and
 * writes are lost. */
void hv_bus_access(struct hv_bus *bus, struct hv_vcpu *vcpu, bool port,
		   uint64_t address, void *data, unsigned bytes, bool write);

/* The line of an interrupt that a device drives: up while it has a cause. Any thread;
 * holds no lock while it calls KVM but the caller's. */
void hv_irq_set(const struct hv_native *native, unsigned gsi, bool up);

/* serial.c: a 16550, the console. NULL when out of memory. */
struct hv_serial;
struct hv_serial *hv_serial_create(struct hv_native *native);
void hv_serial_free(struct hv_serial *serial);
/* rtc.c: the time of day. */
extern struct hv_device hv_rtc;
/* ends.c: two ways for a guest to end the machine. */
extern struct hv_device hv_debug_exit, hv_keyboard;

#endif
