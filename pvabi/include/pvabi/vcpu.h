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

#define PV_PORTS 512
#define PV_PORT_WORDS (PV_PORTS / 64)

/* Ports 0 to 15 have fixed sources; the guest binds the others as it likes. */
#define PV_PORT_CONSOLE 0 /* console input, or its end, can be read */
#define PV_PORT_TIMER 1   /* reserved */
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

struct pv_vcpu {
	/* written by the guest */
	uint32_t upcalls_masked PV_ALIGNED(64); /* the virtual interrupt flag,
				 * inverted; BLOCK clears it as well. Upcalls come with
				 * PV_FEATURE_UPCALLS */
	uint32_t reserved_guest[15];
	uint64_t masked[PV_PORT_WORDS];
	/* set by the hypervisor, cleared by the guest, both atomically */
	uint64_t pending[PV_PORT_WORDS];
	/* written by the hypervisor */
	struct pv_clock clock;
	uint64_t reserved_runstate[8];
	uint64_t reserved_fault[8];
	uint64_t reserved[464];
};
PV_SIZE_IS(struct pv_vcpu, PV_PAGE_BYTES);
PV_FIELD_AT(struct pv_vcpu, masked, 64);
PV_FIELD_AT(struct pv_vcpu, pending, 128);
PV_FIELD_AT(struct pv_vcpu, clock, 192);
PV_FIELD_AT(struct pv_vcpu, reserved_runstate, 256);

#endif
