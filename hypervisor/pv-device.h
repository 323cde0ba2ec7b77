/* SPDX-License-Identifier: MIT
 *
 * Devices as paravirtual guests have them (struct pv_device): a number, a name, and
 * queues, which are rings that a guest opens and closes. What is the same for all
 * kinds is here; block.h and net.h are the kinds.
 */
#ifndef HV_PV_DEVICE_H
#define HV_PV_DEVICE_H

#include <pvabi/boot.h>

#include "ring.h"

struct hv_pv_device;
struct hv_vm;

#define HV_QUEUES_MAX 4 /* of any device */

/* A kind of devices. A queue is whatever has a ring in it: what is passed around is
 * the pointer to that. */
struct hv_pv_device_ops {
	uint32_t type;      /* enum pv_device_type */
	const char *name;   /* of the type, for messages */
	uint64_t feature;   /* the PV_FEATURE_* it comes with */
	uint32_t queues, entries_max;
	/* config of a struct pv_device. */
	void (*describe)(const struct hv_pv_device *device,
			 void *ret_config);
	/* Any thread. 0 or -errno. */
	int (*queue_create)(struct hv_pv_device *device,
			    const struct hv_ring_place *place,
			    struct hv_ring **ret_ring);
	void (*queue_free)(struct hv_ring *ring);
	/* Loop thread. After close: take nothing more, and the job is over when
	 * all that was taken is answered. */
	void (*queue_open)(struct hv_pv_device *device, struct hv_ring *ring);
	void (*queue_close)(struct hv_ring *ring, struct hv_job *job);
	/* Its queues are closed. */
	void (*free)(struct hv_pv_device *device);
};

struct hv_pv_device {
	const struct hv_pv_device_ops *ops;
	struct hv_vm *vm;
	uint32_t number; /* in the VM */
	char name[PV_DEVICE_NAME_BYTES];
	struct hv_ring *ring[HV_QUEUES_MAX]; /* under vm->lock; NULL: not open */
};

/* Make it the VM's next: ops and name are set. */
void hv_pv_device_add(struct hv_vm *vm, struct hv_pv_device *device);
/* What the boot info tells of it. */
void hv_pv_device_describe(const struct hv_pv_device *device,
			   struct pv_device *ret_device);
/* Close every queue, finish all I/O (or have it cancelled, if the guest did not end
 * by itself), free the device. Before the loop, the engine and guest RAM go away. */
void hv_pv_device_free(struct hv_pv_device *device);

/* What a guest asks for, on any vCPU's thread, with arguments as it gave them: */

/* PV_OP_QUEUE_OPEN: the number of its doorbell, or a status of the contract. */
int64_t hv_queue_open(struct hv_vcpu *vcpu, uint64_t device, uint64_t queue,
		      pv_gpa_t gpa, uint64_t entries, uint64_t port);
/* PV_OP_QUEUE_CLOSE: a status of the contract. */
int64_t hv_queue_close(struct hv_vm *vm, uint64_t device, uint64_t queue);
/* A doorbell that came as an exit. */
void hv_queue_doorbell(struct hv_vm *vm, uint32_t doorbell);

#endif
