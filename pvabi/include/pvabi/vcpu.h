/* SPDX-License-Identifier: MIT
 *
 * The page a vCPU shares with the hypervisor: event ports, the virtual
 * interrupt flag and the clock. Areas are cache lines, by who writes them, so
 * that reading the time never waits for somebody's event.
 *
 * Event ports. A source (a queue, the console) is bound to a port. When it has
 * something to tell it sets the port's bit in `pending` with one atomic OR. The
 * guest clears the bit with one atomic AND *before* it looks at the source, so
 * that what comes later sets it again. A port whose bit in `masked` is set
 * still becomes pending, but does not end PV_OP_BLOCK. Bits are level-like:
 * a source that fires a million times leaves one bit.
 *
 * Upcalls. A port that becomes pending while its bit in `masked` is clear also sets
 * `upcalls_pending`. With a handler set (PV_OP_SET_UPCALL), while that is not 0,
 * `upcalls_masked` is 0 and the vCPU is not in user mode, it is interrupted at the
 * next instruction: the handler is entered with a struct pv_frame (trap.h) and
 * upcalls_masked set to 1. So a store masks upcalls and a store and a test
 * unmask them, without an exit:
 *	mask:    upcalls_masked = 1
 *	unmask:  upcalls_masked = 0; if (upcalls_pending) run the handler's work
 * Neither needs a barrier on its own vCPU (but the compiler's): the hypervisor
 * makes the vCPU leave the guest whenever upcalls_pending goes from 0 to 1, and
 * decides there. As long as it stays 1 nothing interrupts the vCPU again: a storm
 * costs one upcall for each time the guest has looked. The handler exchanges it
 * with 0 (a full barrier), *then* looks at the ports, and returns by
 * PV_OP_UPCALL_RETURN. A guest that clears a bit of `masked` looks at the port
 * itself; nobody else does.
 *
 * The clock. To read it:
 *	do {
 *		seq = load-acquire(clock.seq);
 *		tsc = rdtsc();
 *		ns = clock.mono_ns + mul_shift_32(tsc - clock.tsc, clock.mult);
 *		acquire fence;
 *	} while (seq & 1 || seq != clock.seq);
 * where mul_shift_32(d, m) = (d * (u128)m) >> 32, and wall time is
 * ns + clock.wall_offset_ns. A tsc before clock.tsc counts as clock.tsc.
 */
#ifndef PVABI_VCPU_H
#define PVABI_VCPU_H

#include <pvabi/base.h>

#define PV_VCPUS_MAX 64
#define PV_PORTS 512
#define PV_PORT_WORDS (PV_PORTS / 64)

/* Ports 0 to 15 have fixed sources; the guest binds the others as it likes. */
#define PV_PORT_CONSOLE 0 /* console input, or its end, can be read */
#define PV_PORT_TIMER 1   /* the deadline of PV_OP_SET_TIMER has passed */
#define PV_PORT_HOST 2    /* somebody on the host wants attention; vCPU 0 only */
#define PV_PORT_FIRST_FREE 16

struct pv_clock {
	uint32_t seq;    /* odd while the hypervisor writes */
	uint32_t flags;  /* 0 */
	uint64_t tsc PV_ALIGNED(8); /* time-stamp counter at mono_ns */
	uint64_t mono_ns;
	uint64_t mult;   /* ns = ticks * mult / 2^32 */
	int64_t wall_offset_ns; /* wall = monotonic + this */
	uint64_t reserved[3];
};
PV_SIZE_IS(struct pv_clock, 64);

enum pv_run_state {
	PV_RUN_RUNNING = 0, /* or ready to: the host decides when */
	PV_RUN_BLOCKED = 1, /* in PV_OP_BLOCK */
	PV_RUN_DOWN = 2     /* not up yet, or taken down */
};

/* Where a vCPU's time went, since the guest started. `state` and `since_ns` are
 * written at each change; the times when it comes up or goes down, and before an
 * operation that exits is served, at most once a millisecond. Read under `seq` as
 * the clock is. Stolen: it was ready, but its host CPU was somebody else's; or it
 * waited in another operation than BLOCK. */
struct pv_run {
	uint32_t seq;   /* odd while the hypervisor writes */
	uint32_t state; /* enum pv_run_state */
	uint64_t since_ns PV_ALIGNED(8); /* monotonic time of the last change of state */
	uint64_t running_ns; /* on a host CPU, the hypervisor's share included */
	uint64_t blocked_ns;
	uint64_t stolen_ns;
	uint64_t renewed_ns; /* monotonic time of these figures */
	uint64_t reserved[2];
};
PV_SIZE_IS(struct pv_run, 64);

struct pv_vcpu {
	/* written by the guest, but for upcalls_pending, which both write */
	uint32_t upcalls_masked PV_ALIGNED(64); /* the virtual interrupt flag,
				 * inverted. Set to 1 by an upcall and
				 * VCPU_UP, to 0 by BLOCK and UPCALL_RETURN */
	uint32_t upcalls_pending; /* set to 1 by the hypervisor, to 0 by the guest */
	uint64_t own[7];          /* the guest's to use; nobody else looks */
	uint64_t masked[PV_PORT_WORDS];
	/* set by the hypervisor, cleared by the guest, both atomically */
	uint64_t pending[PV_PORT_WORDS];
	/* written by the hypervisor */
	struct pv_clock clock;
	struct pv_run run;
	uint32_t number; /* of this vCPU, from 0 */
	uint32_t reserved_number;
	uint64_t reserved[471];
};
PV_SIZE_IS(struct pv_vcpu, PV_PAGE_BYTES);
PV_FIELD_AT(struct pv_vcpu, upcalls_pending, 4);
PV_FIELD_AT(struct pv_vcpu, own, 8);
PV_FIELD_AT(struct pv_vcpu, masked, 64);
PV_FIELD_AT(struct pv_vcpu, pending, 128);
PV_FIELD_AT(struct pv_vcpu, clock, 192);
PV_FIELD_AT(struct pv_vcpu, run, 256);
PV_FIELD_AT(struct pv_vcpu, number, 320);

#endif
