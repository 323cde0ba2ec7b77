/* SPDX-License-Identifier: MIT
 *
 * How a vCPU is executed: the one interface between everything written once
 * (loader, operations, events, devices) and what runs guest instructions.
 * engine-kvm.c is the first engine behind it.
 */
#ifndef HV_ENGINE_H
#define HV_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct hv_layout;
struct hv_memory;
struct hv_window;

/* General registers, in the order in which KVM keeps them: what an operation
 * changes is then changed in place, with nothing copied on the hot path. */
struct hv_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

enum hv_exit_kind {
	HV_EXIT_OPERATION, /* the guest called a slot of the operations page */
	HV_EXIT_DOORBELL,  /* it rang one that no eventfd caught */
	HV_EXIT_FAULT,     /* it raised a processor exception */
	HV_EXIT_KICKED,    /* kick, or a signal: somebody wants attention */
	HV_EXIT_DEAD,      /* the vCPU cannot go on: dead_reason */
	HV_EXIT_KINDS
};

struct hv_exit {
	enum hv_exit_kind kind;
	uint32_t number;      /* of the operation or the doorbell */
	struct hv_regs *regs; /* OPERATION, FAULT, DEAD: at the instruction; for
			       * an operation what is changed here is what the
			       * guest sees. NULL if they cannot be had */
	/* FAULT: */
	unsigned vector;
	uint64_t error_code;    /* 0 for vectors that have none */
	uint64_t fault_address; /* vector 14 only */
	/* DEAD: */
	char dead_reason[160];
};

/* What an engine knows of its host once created. */
struct hv_engine {
	const struct hv_engine_ops *ops;
	uint64_t tsc_khz; /* of the guest's counter, which equals the host's;
			   * 0: it may not be used as a clock */
	uint64_t xcr0;    /* extended state the guest may use */
};

struct hv_engine_ops {
	const char *name;
	/* Make a machine of RAM, laid out so, and a window. Fills the window's
	 * operations page and what the engine keeps there for itself; the boot
	 * info and vCPU page may be filled until the first run. */
	int (*create)(struct hv_engine **ret_engine, const struct hv_memory *memory,
		      const struct hv_layout *layout, struct hv_window *window,
		      struct hv_error *err);
	/* Set the registers it begins with; all others are 0. */
	int (*start)(struct hv_engine *engine, uint64_t rip, uint64_t rsp,
		     uint64_t rdi, struct hv_error *err);
	/* Execute the vCPU until it exits. On the creating thread. */
	void (*run)(struct hv_engine *engine, struct hv_exit *ret_exit);
	/* Make run return HV_EXIT_KICKED soon, now or at its next call. Any
	 * thread, also from signal handlers. */
	void (*kick)(struct hv_engine *engine);
	/* Have doorbell `number` signal eventfd instead of exiting, or no longer.
	 * 0, or -errno if this host cannot. Any thread. */
	int (*set_doorbell)(struct hv_engine *engine, uint32_t number,
			    int eventfd, bool on);
	void (*free)(struct hv_engine *engine);
};

extern const struct hv_engine_ops hv_engine_kvm;

#endif
