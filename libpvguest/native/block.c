/* SPDX-License-Identifier: MIT
 *
 * QUEUE_OPEN, QUEUE_CLOSE, DOORBELL: the hypervisor's end of a ring (<pvabi/ring.h>),
 * natively a driver's. A doorbell, and the device's interrupt, have the ring looked
 * through: what is asked for goes to the device, what it is done with is answered.
 *
 * A doorbell is asked for with each batch, for nobody polls. One queue a disk: the
 * device has one interrupt, and so one vCPU that works for it.
 */
#include <pvguest/console.h>
#include <pvguest/libc.h>
#include <pvguest/ops.h>
#include <pvguest/panic.h>

#include "../internal.h"
#include "virtio.h"

#define DISKS_MAX 32

static struct pvg_disk disk[DISKS_MAX];
static struct pv_device device[DISKS_MAX];
static uint32_t disks; /* until pvg_disks_find: all devices that may be some */

/* ---- the ring */

static void push_response(struct pvg_disk *d, const struct pv_ring_rsp *rsp)
{
	uint32_t at = d->rsp_prod++ & (d->entries - 1);

	*(struct pv_ring_rsp *)(void *)((char *)d->ring +
		PV_RING_RSP_OFFSET(d->entries, at)) = *rsp;
}

static void answer_those_done(struct pvg_disk *d)
{
	struct pv_ring_rsp rsp;

	while (pvg_disk_take(d, &rsp))
		push_response(d, &rsp);
}

static void publish(struct pvg_disk *d)
{
	uint32_t old = d->rsp_published;

	if (d->rsp_prod == old)
		return;
	d->rsp_published = d->rsp_prod;
	/* After the responses; and before the look at rsp_event, since who waits
	 * writes that and then looks at rsp_prod. */
	__atomic_store_n(&d->ring->rsp_prod, d->rsp_prod, __ATOMIC_SEQ_CST);
	if (pv_ring_must_notify(__atomic_load_n(&d->ring->rsp_event,
						__ATOMIC_SEQ_CST),
				old, d->rsp_prod))
		pvg_native_port_raise(d->vcpu, d->port);
}

/* See block-queue.c of the hypervisor. */
static bool indices_are_sane(const struct pvg_disk *d, uint32_t req_prod,
			     uint32_t rsp_cons)
{
	return rsp_cons - d->rsp_cons <= d->rsp_published - d->rsp_cons &&
	       req_prod - rsp_cons <= d->entries &&
	       req_prod - d->req_cons <= d->entries;
}

static uint32_t count_waiting(struct pvg_disk *d)
{
	/* In this order: each rsp_cons allows all req_prod written after it. */
	uint32_t req_prod = __atomic_load_n(&d->ring->req_prod,
					    __ATOMIC_SEQ_CST);
	uint32_t rsp_cons = __atomic_load_n(&d->ring->rsp_cons,
					    __ATOMIC_RELAXED);

	if (d->closing || req_prod == d->req_cons)
		return 0;
	if (!indices_are_sane(d, req_prod, rsp_cons))
		pvg_panic("the indices of block device %u, queue 0, make no "
			  "sense: req_prod %u, rsp_cons %u, where %u requests "
			  "were taken and %u answered, in a ring of %u",
			  d->device->number, req_prod, rsp_cons, d->req_cons,
			  d->rsp_published, d->entries);
	d->rsp_cons = rsp_cons;
	return req_prod - d->req_cons;
}

/* False: the device has no room for it yet. */
static bool take_one(struct pvg_disk *d)
{
	struct pv_blk_request request;
	struct pv_ring_rsp rsp = { .done_bytes = 0 };

	memcpy(&request, (const char *)d->ring +
		       PV_RING_REQ_OFFSET(d->req_cons & (d->entries - 1)),
	       sizeof(request));
	rsp.token = request.token;
	rsp.status = pvg_block_check(&request, &d->config);
	if (rsp.status || !pvg_disk_can(d, request.op, &rsp.status))
		push_response(d, &rsp);
	else if (!pvg_disk_begin(d, &request))
		return false;
	d->req_cons++;
	return true;
}

static void take_all(struct pvg_disk *d)
{
	uint32_t waiting;

	while ((waiting = count_waiting(d)) > 0) {
		while (waiting > 0 && take_one(d))
			waiting--;
		if (waiting > 0)
			return; /* until the device is done with some */
		/* Before the last look, since who pushes reads it afterwards. */
		__atomic_store_n(&d->ring->req_event, d->req_cons + 1,
				 __ATOMIC_SEQ_CST);
	}
}

/* The lock is held. */
static void serve(struct pvg_disk *d)
{
	if (!d->ring)
		return;
	answer_those_done(d);
	take_all(d);
	pvg_disk_kick(d);
	publish(d);
}

static void on_interrupt(void *arg)
{
	struct pvg_disk *d = arg;
	bool was_masked;

	/* First, so that what is done from now on interrupts again. */
	pvg_virtio_acknowledge(&d->virtio, d->device->name);
	was_masked = pvg_spin_lock_masked(&d->lock);
	serve(d);
	pvg_spin_unlock_masked(&d->lock, was_masked);
}

/* ---- the operations */

static struct pvg_disk *find(uint64_t number, uint32_t queue)
{
	return number < disks && queue == 0 ? &disk[number] : NULL;
}

static bool is_zero(const struct pv_ring *ring)
{
	static const struct pv_ring none;

	return memcmp(ring, &none, sizeof(none)) == 0;
}

static int check_ring(pv_gpa_t gpa, uint32_t entries, uint32_t port)
{
	if (entries < 2 || entries > PV_BLK_ENTRIES_MAX ||
	    entries & (entries - 1) || gpa % PV_CACHE_LINE ||
	    port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	if (!pvg_memory_is_ram(gpa, PV_RING_BYTES(entries)))
		return -PV_EFAULT;
	return is_zero((const struct pv_ring *)(uintptr_t)gpa) ? 0 : -PV_EINVAL;
}

static int open_ring(struct pvg_disk *d, pv_gpa_t gpa, uint32_t entries,
		     uint32_t port)
{
	int answer = d->ring ? -PV_EBUSY : check_ring(gpa, entries, port);

	/* Another disk may have the same interrupt. */
	if (!answer)
		answer = pvg_native_irq_route(d->virtio.gsi, on_interrupt, d);
	if (answer)
		return answer;
	d->ring = (struct pv_ring *)(uintptr_t)gpa;
	d->entries = entries;
	d->port = port;
	d->vcpu = pvg_vcpu_number();
	d->req_cons = d->rsp_prod = d->rsp_published = d->rsp_cons = 0;
	d->closing = false;
	__atomic_store_n(&d->ring->req_event, 1, __ATOMIC_SEQ_CST);
	/* What the device told of while nobody listened: its line is down now. */
	pvg_virtio_acknowledge(&d->virtio, d->device->name);
	serve(d);
	return 0;
}

int64_t pvg_op_queue_open(uint32_t number, uint32_t queue, pv_gpa_t gpa,
			  uint32_t entries, uint32_t port)
{
	struct pvg_disk *d = find(number, queue);
	bool was_masked;
	int answer;

	if (!d)
		return -PV_ENODEV;
	was_masked = pvg_spin_lock_masked(&d->lock);
	answer = open_ring(d, gpa, entries, port);
	pvg_spin_unlock_masked(&d->lock, was_masked);
	return answer ? answer : (int64_t)number;
}

static bool start_to_close(struct pvg_disk *d)
{
	bool was_masked = pvg_spin_lock_masked(&d->lock);
	bool is_open = d->ring && !d->closing;

	d->closing = true;
	pvg_spin_unlock_masked(&d->lock, was_masked);
	return is_open;
}

static bool is_over(struct pvg_disk *d)
{
	bool was_masked = pvg_spin_lock_masked(&d->lock);
	bool over;

	serve(d);
	over = d->under_way == 0;
	if (over)
		d->ring = NULL;
	pvg_spin_unlock_masked(&d->lock, was_masked);
	return over;
}

/* Waits as a hypervisor would, for what the device was given. */
int64_t pvg_op_queue_close(uint32_t number, uint32_t queue)
{
	struct pvg_disk *d = find(number, queue);

	if (!d || !start_to_close(d))
		return -PV_ENODEV;
	while (!is_over(d))
		__builtin_ia32_pause();
	pvg_native_irq_unroute(d->virtio.gsi);
	return 0;
}

int64_t pvg_op_doorbell(uint64_t number)
{
	struct pvg_disk *d = find(number, 0);
	bool was_masked;

	if (!d)
		return 0;
	was_masked = pvg_spin_lock_masked(&d->lock);
	serve(d);
	pvg_spin_unlock_masked(&d->lock, was_masked);
	return 0;
}

bool pvg_ring_is_unheard(uint32_t doorbell)
{
	struct pvg_disk *d = find(doorbell, 0);

	if (!d || !pvg_masked() || !pvg_virtq_is_done(&d->queue))
		return false;
	pvg_op_doorbell(doorbell);
	return true;
}

void pvg_disks_close(void)
{
	for (uint32_t i = 0; i < disks; i++)
		pvg_op_queue_close(i, 0);
}

/* ---- which there are */

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
	for (uint32_t i = 0; i < disks; i++)
		if (disk[i].virtio.address == address)
			return;
	if (disks == DISKS_MAX) {
		pvg_serial_printf("the virtio device at %#llx is left out: there "
				  "are more than %u\n",
				  (unsigned long long)address, DISKS_MAX);
		return;
	}
	disk[disks].virtio.address = address;
	disk[disks++].virtio.gsi = gsi;
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

/* Not by the name of one before it. */
static bool is_named(const struct pv_device *one)
{
	for (const struct pv_device *other = device; other < one; other++)
		if (strcmp(other->name, one->name) == 0)
			return false;
	return one->name[0] != '\0';
}

static void name(struct pv_device *one)
{
	for (uint32_t n = one->number; !is_named(one); n++)
		pvg_snprintf(one->name, sizeof(one->name), "disk%u", n);
}

static const char *start(struct pvg_disk *d, uint32_t number)
{
	const char *problem;

	d->device = &device[number];
	d->device->number = number;
	if (pvg_native_irq_route(d->virtio.gsi, on_interrupt, d))
		return "its interrupt is not to be had";
	pvg_native_irq_unroute(d->virtio.gsi);
	problem = pvg_disk_start(d);
	if (!problem)
		name(d->device);
	return problem;
}

void pvg_disks_find(void)
{
	uint32_t announced = disks;

	disks = 0;
	for (uint32_t i = 0; i < announced; i++) {
		struct pvg_virtio virtio = disk[i].virtio;
		const char *problem;
		uint32_t kind = pvg_virtio_find(&virtio, &problem);

		memset(&disk[i], 0, sizeof(disk[i]));
		if (kind == PVG_VIRTIO_BLOCK) {
			disk[disks].virtio = virtio;
			problem = start(&disk[disks], disks);
			if (!problem)
				disks++;
		}
		if (problem)
			pvg_serial_printf("the virtio device at %#llx is left "
					  "out: %s\n",
					  (unsigned long long)virtio.address,
					  problem);
	}
	pvg_boot.devices = disks;
	pvg_boot.devices_addr = (uint64_t)(uintptr_t)device;
}
