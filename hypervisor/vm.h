/* SPDX-License-Identifier: MIT
 *
 * A virtual machine: what the parts share, and what any of them may do to the
 * guest. One process has one. run.c is where it lives and dies.
 */
#ifndef HV_VM_H
#define HV_VM_H

#include <pvabi/pvabi.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine.h"
#include "error.h"
#include "guest-memory.h"
#include "image.h"
#include "layout.h"
#include "roots.h"
#include "stats.h"
#include "vcpu.h"
#include "window.h"

struct hv_console;
struct hv_host_event;
struct hv_loop;
struct hv_native;
struct hv_pv_device;

#define HV_BLOCK_DEVICES_MAX 16
#define HV_NETS_MAX 8
#define HV_PV_DEVICES_MAX (HV_BLOCK_DEVICES_MAX + HV_NETS_MAX)

struct hv_vm {
	struct hv_memory memory;
	struct hv_window window;
	struct hv_layout layout;
	struct hv_vcpu vcpu[PV_VCPUS_MAX];
	unsigned vcpus;            /* how many there are */
	struct hv_engine *engine;
	struct hv_roots roots;     /* of the guest's own page tables */
	struct hv_loop *_Atomic loop;      /* NULL until hv_vm_loop made it */
	struct hv_console *console;
	struct hv_host_event *host_event; /* NULL: none */
	struct hv_pv_device *device[HV_PV_DEVICES_MAX]; /* disks, networks */
	unsigned devices;
	struct hv_stats stats;
	struct hv_image image;
	struct hv_native *native;  /* NULL: the guest is paravirtual */
	uint64_t features;         /* granted */
	uint64_t poll_ns;          /* 0: one host CPU, polling hurts */
	bool poison;               /* destroy what operations may destroy */
	_Atomic bool running;      /* in hv_vm_run, which handles SIGALRM */

	/* Held by a vCPU that opens or closes a queue, reads the console, brings a
	 * vCPU up or down, or passes on a doorbell that came as an exit: seldom,
	 * and never while it is in the guest. */
	pthread_mutex_t lock;
	pthread_mutex_t pausing, making_loop;
	_Atomic uint32_t paused;   /* a futex: vCPUs stay out */
	unsigned vcpus_up;         /* under lock */

	/* The hypervisor's own copy of the clock record; see clock.h. */
	struct {
		uint64_t start_ns; /* host time of guest time 0 */
		uint64_t tsc;      /* counter at guest time 0 */
		uint64_t mult;     /* 0: the counter cannot be used */
	} clock;

	/* Why the VM ends; the first reason is kept. See hv_vm_end. */
	_Atomic int ending;        /* enum hv_end */
	_Atomic bool end_claimed;  /* somebody is writing, or wrote, why */
	uint64_t end_detail;
	char reason[256];
	_Atomic bool crash_noted;  /* somebody fills in the next */
	bool crashed;              /* crash_regs tell where */
	struct hv_regs crash_regs;
	unsigned crash_vcpu;
	pv_gpa_t crash_tables;     /* page tables in force there */
	bool crash_faulted;        /* it was a page fault, at: */
	uint64_t crash_address;
};

enum hv_end {
	HV_END_NOT = 0,
	HV_END_EXIT,    /* the guest called EXIT; end_detail is its argument */
	HV_END_KILLED,  /* the guest is beyond repair; reason */
	HV_END_TIMEOUT, /* --timeout */
	HV_END_SIGNAL,  /* end_detail is the signal's number */
	HV_END_FAILED   /* a host call failed; reason */
};

/* vm.c, any thread; hv_vm_end also from signal handlers: */

/* The locks and the vCPUs of a VM that is zeroed. */
void hv_vm_init(struct hv_vm *vm, unsigned vcpus);
/* End the VM for this reason unless one was given before; its vCPUs leave the
 * guest soon. */
void hv_vm_end(struct hv_vm *vm, enum hv_end end, uint64_t detail);
/* Have all vCPUs look whether the VM has ended. Also from signal handlers. */
void hv_vm_leave(struct hv_vm *vm);
/* The guest did something beyond repair: report and stop it. */
void hv_guest_kill(struct hv_vm *vm, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A host call failed that the VM cannot go on without. */
void hv_vm_fail(struct hv_vm *vm, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The loop, made at the first call. NULL and vm ended if the host refuses. */
struct hv_loop *hv_vm_loop(struct hv_vm *vm);

#endif
