/* SPDX-License-Identifier: MIT
 *
 * How a vCPU is executed: the one interface between everything written once
 * (loader, operations, events, devices) and what runs guest instructions.
 * engine-kvm.c is the first engine behind it.
 */
#ifndef HV_ENGINE_H
#define HV_ENGINE_H

#include <pvabi/base.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct hv_layout;
struct hv_memory;
struct hv_window;
struct json_object;

/* General registers, in the order in which KVM keeps them: what an operation
 * changes is then changed in place, with nothing copied on the hot path. */
struct hv_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

#define HV_RFLAGS_ALWAYS 2u /* the bit that is always set */
/* What a program may set of them: CF PF AF ZF SF TF DF OF, AC, ID. */
#define HV_RFLAGS_GUEST (0xdd5u | 1u << 18 | 1u << 21)

/* Exceptions that something here asks for. */
enum hv_vector {
	HV_VECTOR_DEBUG = 1,
	HV_VECTOR_BREAKPOINT = 3,
	HV_VECTOR_OVERFLOW = 4,
	HV_VECTOR_UNDEFINED = 6,
	HV_VECTOR_PROTECTION = 13,
	HV_VECTOR_PAGE_FAULT = 14
};

enum hv_exit_kind {
	HV_EXIT_OPERATION, /* the guest called a slot of the operations page */
	HV_EXIT_DOORBELL,  /* it rang one that no eventfd caught */
	HV_EXIT_FAULT,     /* it raised a processor exception */
	HV_EXIT_SYSCALL,   /* it executed SYSCALL; regs are behind it */
	HV_EXIT_RETURN,    /* UPCALL_RETURN found something pending; regs->rsp is
			    * where IRETQ would take its frame from */
	HV_EXIT_PORT,      /* it used an I/O port itself */
	HV_EXIT_KICKED,    /* kick, or a signal: somebody wants attention */
	HV_EXIT_DEAD,      /* the vCPU cannot go on: dead_reason */
	HV_EXIT_KINDS
};

struct hv_exit {
	enum hv_exit_kind kind;
	uint32_t number;      /* of the operation, the doorbell or the port */
	struct hv_regs *regs; /* all but DOORBELL and KICKED: at the instruction,
			       * or for OPERATION and SYSCALL behind it; what is
			       * changed here is what the guest sees. NULL if
			       * they cannot be had */
	/* FAULT: */
	unsigned vector;
	uint64_t error_code;    /* 0 for vectors that have none */
	uint64_t fault_address; /* of a page fault */
	/* DEAD: */
	char dead_reason[160];
};

/* The registers beside the general ones that an address space comes with. */
struct hv_bases {
	uint64_t fs, gs;
};

/* What an engine knows of its host once created. */
struct hv_engine {
	const struct hv_engine_ops *ops;
	uint64_t tsc_khz; /* of the guest's counter, which equals the host's;
			   * 0: it may not be used as a clock */
	uint64_t xcr0;    /* extended state the guest may use */
	bool huge_pages;  /* its page tables may map 1 GiB by one entry */
	uint64_t frame_cs, frame_ss; /* what IRETQ takes to stay where it is */
	pv_gpa_t root_initial;       /* page tables as of the layout */
	uint64_t root_entry_kernel;  /* the window, for other roots: all of it */
	uint64_t root_entry_user;    /* and what user mode needs of it */
};

/* One vCPU of an engine. */
struct hv_cpu {
	const struct hv_engine_ops *ops;
};

struct hv_engine_options {
	unsigned vcpus;
	uint64_t features; /* PV_FEATURE_* that the guest may be granted */
};

struct hv_engine_ops {
	const char *name;
	/* Make a machine of RAM, laid out so, and a window. Fills the window's
	 * operations page and what the engine keeps there for itself; the boot
	 * info and vCPU pages may be filled until the first run. */
	int (*create)(struct hv_engine **ret_engine, const struct hv_memory *memory,
		      const struct hv_layout *layout, struct hv_window *window,
		      const struct hv_engine_options *options,
		      struct hv_error *err);
	void (*free)(struct hv_engine *engine); /* and its vCPUs */
	/* What the host counted of its vCPUs, by the host's names, for --stats: a
	 * new object, or NULL if it does not tell. May be NULL. */
	struct json_object *(*counters)(struct hv_engine *engine);
	/* Have doorbell `number` signal eventfd instead of exiting, or no longer.
	 * 0, or -errno if this host cannot. Any thread. */
	int (*set_doorbell)(struct hv_engine *engine, uint32_t number,
			    int eventfd, bool on);
	/* Have this memory at gpa, for page tables of the hypervisor's. Called
	 * again for the same when all of what is in it may have changed behind
	 * the back of the processor and of KVM, while no vCPU is in the guest.
	 * 0 or -errno. */
	int (*map_tables)(struct hv_engine *engine, pv_gpa_t gpa, void *base,
			  uint64_t bytes);

	/* Make vCPU number `number`, once. Any thread. */
	int (*cpu_create)(struct hv_engine *engine, unsigned number,
			  struct hv_cpu **ret_cpu, struct hv_error *err);
	/* From here on only the thread that calls this may run it. */
	void (*cpu_adopt)(struct hv_cpu *cpu);
	/* All registers to the entry state: these general ones, page tables at
	 * root, extended state initial. 0 or -errno. */
	int (*cpu_start)(struct hv_cpu *cpu, const struct hv_regs *regs,
			 pv_gpa_t root, const struct hv_bases *bases);
	/* Execute until it exits. */
	void (*cpu_run)(struct hv_cpu *cpu, struct hv_exit *ret_exit);
	/* Make run return HV_EXIT_KICKED soon, now or at its next call. Any
	 * thread, also from signal handlers. */
	void (*cpu_kick)(struct hv_cpu *cpu);
	/* A byte that works as a kick while it is not 0, but interrupts nobody: for
	 * the vCPU's own thread, or the kernel in its place. */
	uint8_t *(*cpu_kick_byte)(struct hv_cpu *cpu);
	/* The general registers since the last exit, to read and change. NULL if
	 * they cannot be had. */
	struct hv_regs *(*cpu_regs)(struct hv_cpu *cpu);
	/* 0 or -errno */
	int (*cpu_bases)(struct hv_cpu *cpu, struct hv_bases *ret_bases);
	/* Go on in user mode, or in the kernel, with the page tables at root, no
	 * older translation of any, and the segment registers of the entry state
	 * but for these bases. */
	void (*cpu_enter)(struct hv_cpu *cpu, bool user, pv_gpa_t root,
			  const struct hv_bases *bases);
	/* Go on as it is, with the page tables at root and no older translation.
	 * 0 or -errno. */
	int (*cpu_flush)(struct hv_cpu *cpu, pv_gpa_t root);
	/* Whether the guest is at an instruction of the engine's own, where it can
	 * not be interrupted; it will exit by itself soon. May have it go another
	 * way to that exit: for its own thread, about to enter the guest. */
	bool (*cpu_busy)(struct hv_cpu *cpu);
	/* Whether it is in UPCALL_RETURN, past unmasking: regs->rsp is where
	 * IRETQ would take its frame from. */
	bool (*cpu_returning)(struct hv_cpu *cpu);
};

extern const struct hv_engine_ops hv_engine_kvm;
/* Of bare-metal kernels at ring 0, with a machine of its own around it: native/. It
 * has only name, free, counters and cpu_kick. */
extern const struct hv_engine_ops hv_engine_native;

#endif
