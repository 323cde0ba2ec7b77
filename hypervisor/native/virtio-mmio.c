/* SPDX-License-Identifier: MIT
 *
 * Virtio over MMIO, version 2: chapter 4.2 of the specification, whose registers are
 * those of <linux/virtio_mmio.h>.
 */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "native.h"
#include "virtio.h"

#define MAGIC 0x74726976u /* "virt" */
#define VERSION 2u
#define VENDOR 0x50565244u /* no list has it */
#define WINDOW_BYTES 0x200u
#define NO_MEMORY UINT32_MAX /* shared with the guest: read from its registers */

/* The I/O APIC's inputs that no device of a PC has; then those of PCs whose devices are
 * not here. */
static const uint8_t gsis[] = {
	16, 17, 18, 19, 20, 21, 22, 23, 5, 6, 7, 9, 10, 11, 12, 15, 3, 14, 13,
};
_Static_assert(sizeof(gsis) == HV_VIRTIO_DEVICES_MAX, "one each");

static bool is_64_bits(uint64_t features)
{
	return features & (UINT64_C(1) << VIRTIO_F_VERSION_1);
}

/* ---- interrupts: the lock is for the line to follow the causes */

static void add_interrupt(struct hv_virtio *v, uint32_t cause)
{
	v->interrupts |= cause;
	hv_irq_set(v->native, v->gsi, true);
}

void hv_virtio_interrupt(struct hv_virtio *v)
{
	pthread_mutex_lock(&v->interrupt_lock);
	add_interrupt(v, VIRTIO_MMIO_INT_VRING);
	pthread_mutex_unlock(&v->interrupt_lock);
}

void hv_virtio_break(struct hv_virtio *v)
{
	pthread_mutex_lock(&v->interrupt_lock);
	if (!v->broken)
		add_interrupt(v, VIRTIO_MMIO_INT_CONFIG);
	v->broken = true;
	pthread_mutex_unlock(&v->interrupt_lock);
}

static void acknowledge(struct hv_virtio *v, uint32_t causes)
{
	pthread_mutex_lock(&v->interrupt_lock);
	v->interrupts &= ~causes;
	if (!v->interrupts)
		hv_irq_set(v->native, v->gsi, false);
	pthread_mutex_unlock(&v->interrupt_lock);
}

/* ---- status */

static void stop(struct hv_virtio *v, unsigned number)
{
	if (v->queue[number].started)
		v->stop(v, number);
	v->queue[number].started = false;
}

static void start_if_ready(struct hv_virtio *v, unsigned number)
{
	struct hv_virtio_queue *queue = &v->queue[number];

	if (queue->started || !queue->ready ||
	    !(v->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	queue->started = true;
	v->start(v, number);
}

static void reset_queue(struct hv_virtio *v, unsigned number)
{
	stop(v, number);
	v->queue[number].place = (struct hv_virtq_place){ .entries = 0 };
	v->queue[number].ready = false;
}

static void reset(struct hv_virtio *v)
{
	for (unsigned i = 0; i < v->queues; i++)
		reset_queue(v, i);
	v->status = 0;
	v->driver_features = 0;
	v->features_page[0] = v->features_page[1] = 0;
	v->queue_number = 0;
	v->broken = false;
	acknowledge(v, UINT32_MAX);
}

/* What was not offered is not taken, and a driver of before version 1 neither. */
static bool features_are_fine(const struct hv_virtio *v)
{
	return !(v->driver_features & ~v->features) &&
	       is_64_bits(v->driver_features);
}

static void set_status(struct hv_virtio *v, uint32_t status)
{
	if (!status) {
		reset(v);
		return;
	}
	if ((status & VIRTIO_CONFIG_S_FEATURES_OK) && !features_are_fine(v))
		status &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
	if (!(status & VIRTIO_CONFIG_S_FEATURES_OK))
		status &= ~(uint32_t)VIRTIO_CONFIG_S_DRIVER_OK;
	v->status |= status;
	for (unsigned i = 0; i < v->queues; i++)
		start_if_ready(v, i);
}

static uint32_t get_status(const struct hv_virtio *v)
{
	return v->status | (v->broken ? VIRTIO_CONFIG_S_NEEDS_RESET : 0);
}

/* ---- registers */

/* The queue that the registers are about, or NULL. */
static struct hv_virtio_queue *selected(struct hv_virtio *v)
{
	return v->queue_number < v->queues ? &v->queue[v->queue_number] : NULL;
}

static uint32_t read_register(struct hv_virtio *v, uint64_t offset)
{
	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return v->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return v->features_page[0] > 1
			       ? 0 : (uint32_t)(v->features >>
						32 * v->features_page[0]);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return selected(v) ? HV_VIRTQ_MAX : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return selected(v) && selected(v)->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return v->interrupts;
	case VIRTIO_MMIO_STATUS:
		return get_status(v);
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		return NO_MEMORY;
	default:
		return 0;
	}
}

static void set_half(uint64_t *number, unsigned half, uint32_t value)
{
	uint64_t mask = UINT64_C(0xffffffff) << 32 * half;

	*number = (*number & ~mask) | (uint64_t)value << 32 * half;
}

static void set_driver_features(struct hv_virtio *v, uint32_t value)
{
	if (v->features_page[1] < 2 && !(v->status & VIRTIO_CONFIG_S_FEATURES_OK))
		set_half(&v->driver_features, v->features_page[1], value);
}

static void set_ready(struct hv_virtio *v, unsigned number, bool ready)
{
	if (!ready)
		stop(v, number);
	v->queue[number].ready = ready;
	start_if_ready(v, number);
}

/* Where a queue is may be written while it is not in use. */
static void write_queue(struct hv_virtio *v, uint64_t offset, uint32_t value)
{
	struct hv_virtq_place *queue;

	if (!selected(v) || selected(v)->ready)
		return;
	queue = &selected(v)->place;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		queue->entries = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&queue->descriptors,
			 offset == VIRTIO_MMIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&queue->available,
			 offset == VIRTIO_MMIO_QUEUE_AVAIL_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_half(&queue->used, offset == VIRTIO_MMIO_QUEUE_USED_HIGH,
			 value);
		break;
	}
}

/* Of a queue that is not there, or where KVM refused the eventfd. */
static void notify(const struct hv_virtio *v, uint32_t number)
{
	if (number < v->queues)
		hv_doorbell_ring(v->queue[number].doorbell);
}

static void write_register(struct hv_virtio *v, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		v->features_page[0] = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		v->features_page[1] = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		set_driver_features(v, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		v->queue_number = value;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		if (selected(v))
			set_ready(v, v->queue_number, value & 1);
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		notify(v, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		acknowledge(v, value);
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(v, value);
		break;
	default:
		write_queue(v, offset, value);
	}
}

/* ---- the device */

static struct hv_virtio *virtio_of(struct hv_device *device)
{
	return (struct hv_virtio *)(void *)device;
}

static uint64_t read_config(const struct hv_virtio *v, uint64_t offset,
			    unsigned bytes)
{
	uint64_t value = 0;

	if (offset < v->config_bytes && bytes <= v->config_bytes - offset)
		memcpy(&value, (const uint8_t *)v->config + offset, bytes);
	return value;
}

/* Registers are 32 bits wide and are accessed as such. */
static bool is_register(uint64_t offset, unsigned bytes)
{
	return offset < VIRTIO_MMIO_CONFIG && bytes == 4 && offset % 4 == 0;
}

static uint64_t virtio_read(struct hv_device *device, struct hv_vcpu *vcpu,
			    uint64_t offset, unsigned bytes)
{
	struct hv_virtio *v = virtio_of(device);
	uint64_t value = 0;

	(void)vcpu;
	if (offset >= VIRTIO_MMIO_CONFIG)
		return read_config(v, offset - VIRTIO_MMIO_CONFIG, bytes);
	pthread_mutex_lock(&v->lock);
	if (is_register(offset, bytes))
		value = read_register(v, offset);
	pthread_mutex_unlock(&v->lock);
	return value;
}

static void virtio_write(struct hv_device *device, struct hv_vcpu *vcpu,
			 uint64_t offset, uint64_t value, unsigned bytes)
{
	struct hv_virtio *v = virtio_of(device);

	(void)vcpu;
	pthread_mutex_lock(&v->lock);
	if (is_register(offset, bytes))
		write_register(v, offset, (uint32_t)value);
	pthread_mutex_unlock(&v->lock);
}

/* Without it each notification is an exit. */
static void bind_doorbell(const struct hv_virtio *v, unsigned number)
{
	struct kvm_ioeventfd bind = {
		.addr = v->device.base + VIRTIO_MMIO_QUEUE_NOTIFY,
		.len = 4,
		.fd = v->queue[number].doorbell,
		.datamatch = number,
		.flags = KVM_IOEVENTFD_FLAG_DATAMATCH,
	};

	ioctl(v->native->kvm, KVM_IOEVENTFD, &bind);
}

static int make_doorbells(struct hv_virtio *v, struct hv_error *err)
{
	for (unsigned i = 0; i < v->queues; i++) {
		v->queue[i].doorbell = eventfd(0, EFD_CLOEXEC);
		if (v->queue[i].doorbell < 0)
			return hv_fail(err, HV_STATUS_FAILED,
				       "the host refuses an eventfd: %s",
				       strerror(errno));
	}
	return 0;
}

int hv_virtio_add(struct hv_virtio *v, struct hv_native *native,
		  struct hv_error *err)
{
	for (unsigned i = 0; i < v->queues; i++)
		v->queue[i].doorbell = -1;
	pthread_mutex_init(&v->lock, NULL);
	pthread_mutex_init(&v->interrupt_lock, NULL);
	v->native = native;
	if (native->virtios == HV_VIRTIO_DEVICES_MAX)
		return hv_fail(err, HV_STATUS_USAGE,
			       "a bare-metal machine has room for %u disks and networks, all in all",
			       HV_VIRTIO_DEVICES_MAX);
	if (make_doorbells(v, err) < 0)
		return -1;
	v->gsi = gsis[native->virtios];
	v->device.base = HV_NATIVE_VIRTIO +
			 native->virtios++ * (uint64_t)PV_PAGE_BYTES;
	v->device.bytes = WINDOW_BYTES;
	v->device.width = 8;
	v->device.read = virtio_read;
	v->device.write = virtio_write;
	hv_bus_add(&native->bus, &v->device);
	for (unsigned i = 0; i < v->queues; i++)
		bind_doorbell(v, i);
	return 0;
}

void hv_virtio_done(struct hv_virtio *v)
{
	for (unsigned i = 0; i < v->queues; i++) {
		stop(v, i);
		if (v->queue[i].doorbell >= 0)
			close(v->queue[i].doorbell);
	}
}

void hv_virtio_word(const struct hv_virtio *v, char ret[HV_VIRTIO_WORD_BYTES])
{
	snprintf(ret, HV_VIRTIO_WORD_BYTES, "virtio_mmio.device=%u@0x%llx:%u ",
		 WINDOW_BYTES, (unsigned long long)v->device.base, v->gsi);
}
