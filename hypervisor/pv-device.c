/* SPDX-License-Identifier: MIT
 *
 * See pv-device.h.
 */
#include "pv-device.h"

#include <assert.h>
#include <pvabi/pvabi.h>
#include <string.h>

#include "engine.h"
#include "vm.h"

/* A doorbell's number is device << 8 | queue. */
#define DOORBELL_DEVICE_SHIFT 8

void hv_pv_device_add(struct hv_vm *vm, struct hv_pv_device *device)
{
	assert(vm->devices < HV_PV_DEVICES_MAX);
	device->vm = vm;
	device->number = vm->devices;
	vm->device[vm->devices++] = device;
}

void hv_pv_device_describe(const struct hv_pv_device *device,
			   struct pv_device *ret_device)
{
	*ret_device = (struct pv_device){
		.type = device->ops->type,
		.number = device->number,
		.queues = device->ops->queues,
		.queue_entries_max = device->ops->entries_max,
	};
	memcpy(ret_device->name, device->name, sizeof(device->name));
	device->ops->describe(device, ret_device->config);
}

/* ---- the loop's part of opening and closing */

struct queue_job {
	struct hv_job job;
	struct hv_pv_device *device;
	struct hv_ring *ring;
};

static void do_for(struct hv_pv_device *device, uint32_t queue,
		   void (*run)(struct hv_job *job))
{
	struct queue_job job = {
		.job.run = run, .device = device, .ring = device->ring[queue],
	};

	hv_loop_do(device->vm->loop, &job.job);
}

static void open_run(struct hv_job *job)
{
	struct queue_job *q = HV_OWNER(job, struct queue_job, job);

	q->device->ops->queue_open(q->device, q->ring);
	hv_loop_job_done(job);
}

static void close_run(struct hv_job *job)
{
	struct queue_job *q = HV_OWNER(job, struct queue_job, job);

	q->device->ops->queue_close(q->ring, job);
}

/* ---- checks */

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static bool is_zero(const struct pv_ring *ring)
{
	const uint64_t *words = (const void *)ring;

	for (unsigned i = 0; i < sizeof(*ring) / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

static int64_t check_ring(const struct hv_pv_device *device, pv_gpa_t gpa,
			  uint64_t entries, uint64_t port,
			  struct pv_ring **ret_ring)
{
	struct pv_ring *ring;

	if (entries < 2 || entries > device->ops->entries_max ||
	    !is_power_of_two(entries) || gpa % PV_CACHE_LINE ||
	    port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	ring = hv_memory_at(&device->vm->memory, gpa, PV_RING_BYTES(entries));
	if (!ring)
		return -PV_EFAULT;
	if (!is_zero(ring))
		return -PV_EINVAL;
	*ret_ring = ring;
	return 0;
}

/* The device that has such a queue and is the guest's to use, or NULL. */
static struct hv_pv_device *find_device(struct hv_vm *vm, uint64_t number,
					uint64_t queue)
{
	struct hv_pv_device *device;

	if (number >= vm->devices)
		return NULL;
	device = vm->device[number];
	return queue < device->ops->queues && vm->features & device->ops->feature
		       ? device : NULL;
}

/* ---- opening and closing */

static uint32_t doorbell_of(const struct hv_pv_device *device, uint32_t queue)
{
	return device->number << DOORBELL_DEVICE_SHIFT | queue;
}

/* Without an eventfd the engine brings each doorbell as an exit, and
 * hv_queue_doorbell passes it on: slower, but the same. */
static void set_doorbell(struct hv_pv_device *device, uint32_t queue, bool on)
{
	struct hv_engine *engine = device->vm->engine;

	engine->ops->set_doorbell(engine, doorbell_of(device, queue),
				  device->ring[queue]->doorbell.fd, on);
}

static int64_t open_queue(struct hv_vcpu *vcpu, uint64_t number, uint64_t queue,
			  pv_gpa_t gpa, uint64_t entries, uint64_t port)
{
	struct hv_vm *vm = vcpu->vm;
	struct hv_pv_device *device = find_device(vm, number, queue);
	struct hv_ring_place place = { .vcpu = vcpu };
	int64_t status;

	if (!device)
		return -PV_ENODEV;
	if (device->ring[queue])
		return -PV_EBUSY;
	status = check_ring(device, gpa, entries, port, &place.shared);
	if (status)
		return status;
	place.port = (uint32_t)port;
	place.entries = (uint32_t)entries;
	place.device_type = device->ops->name;
	place.device = device->number;
	place.queue = (uint32_t)queue;
	if (!hv_vm_loop(vm) ||
	    device->ops->queue_create(device, &place, &device->ring[queue]))
		return -PV_ENOMEM;
	set_doorbell(device, place.queue, true);
	do_for(device, place.queue, open_run);
	return doorbell_of(device, place.queue);
}

int64_t hv_queue_open(struct hv_vcpu *vcpu, uint64_t device, uint64_t queue,
		      pv_gpa_t gpa, uint64_t entries, uint64_t port)
{
	int64_t status;

	pthread_mutex_lock(&vcpu->vm->lock);
	status = open_queue(vcpu, device, queue, gpa, entries, port);
	pthread_mutex_unlock(&vcpu->vm->lock);
	return status;
}

static void close_queue(struct hv_pv_device *device, uint32_t queue)
{
	struct hv_ring *ring = device->ring[queue];

	set_doorbell(device, queue, false);
	do_for(device, queue, close_run);
	device->ops->queue_free(ring);
	device->ring[queue] = NULL;
}

int64_t hv_queue_close(struct hv_vm *vm, uint64_t number, uint64_t queue)
{
	struct hv_pv_device *device = find_device(vm, number, queue);
	int64_t status = -PV_ENODEV;

	pthread_mutex_lock(&vm->lock);
	if (device && device->ring[queue]) {
		close_queue(device, (uint32_t)queue);
		status = 0;
	}
	pthread_mutex_unlock(&vm->lock);
	return status;
}

void hv_queue_doorbell(struct hv_vm *vm, uint32_t doorbell)
{
	uint32_t queue = doorbell & ((1u << DOORBELL_DEVICE_SHIFT) - 1);
	struct hv_pv_device *device =
		find_device(vm, doorbell >> DOORBELL_DEVICE_SHIFT, queue);

	pthread_mutex_lock(&vm->lock); /* another vCPU may close the queue */
	if (device && device->ring[queue])
		hv_doorbell_ring(device->ring[queue]->doorbell.fd);
	pthread_mutex_unlock(&vm->lock);
}

void hv_pv_device_free(struct hv_pv_device *device)
{
	for (uint32_t i = 0; i < device->ops->queues; i++)
		if (device->ring[i])
			close_queue(device, i);
	device->ops->free(device);
}
