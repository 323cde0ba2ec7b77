/* SPDX-License-Identifier: MIT
 *
 * Upcalls: events that interrupt the program, as interrupts do a kernel.
 *
 *	static void tick(unsigned port, void *arg) { ... }
 *
 *	pvg_port_handle(PV_PORT_TIMER, tick, NULL);
 *	pvg_upcalls_start();
 *	pvg_timer_set(pvg_deadline_in(10 * 1000 * 1000));
 *
 * Handlers run one at a time on each vCPU, on the stack of whatever they
 * interrupted, with upcalls masked: they may not wait, nor unmask. They may use
 * vector registers, malloc, the console and spinlocks taken with
 * pvg_spin_lock_masked; what they share with the rest of the program that is
 * guarded by pvg_mask on one vCPU, by such a spinlock on several.
 *
 * Masking is a store and unmasking a store and a test: no exits
 * (<pvabi/vcpu.h>).
 */
#ifndef PVGUEST_UPCALL_H
#define PVGUEST_UPCALL_H

#include <pvguest/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The port was pending and is cleared. */
typedef void pvg_port_fn(unsigned port, void *arg);

/* Let events of this vCPU enter handlers from now on; upcalls are unmasked at
 * the return. Each vCPU calls it for itself. 0, -PV_ENOSYS without
 * PV_FEATURE_UPCALLS. Cost 1 exit; each upcall costs 1, however many ports it
 * handles. */
int pvg_upcalls_start(void);

/* Handle a port with fn, on every vCPU where the port is unmasked, and unmask
 * it on this one. fn NULL: nobody handles it, and it is masked here. Changing
 * the handler of a port that fires meanwhile may call the old one once more. A
 * number that is no port's is a panic, and PV_PORT_TIMER once threads run. No
 * exit. */
void pvg_port_handle(unsigned port, pvg_port_fn *fn, void *arg);

/* Mask or unmask a port that has a handler on this vCPU. What became pending
 * while it was masked is handled at the unmasking. No exit. */
void pvg_port_mask(unsigned port);
void pvg_port_unmask(unsigned port);

/* Handle what is pending, here and now, on the caller's stack; upcalls are
 * unmasked at the return. pvg_unmask calls it when there is need. */
void pvg_upcalls_run(void);

/* pvg_mask holds upcalls back on this vCPU; it does not nest: see pvg_mask_save.
 * pvg_masked tells whether they are held back. pvg_unmask_and_test lets them
 * happen, and tells whether something is pending already. */
#ifdef PVG_HOSTED
static inline void pvg_mask(void)
{
	pvg_vcpu()->upcalls_masked = 1;
}

static inline bool pvg_masked(void)
{
	return pvg_vcpu()->upcalls_masked != 0;
}

static inline bool pvg_unmask_and_test(void)
{
	pvg_vcpu()->upcalls_masked = 0;
	return pvg_vcpu()->upcalls_pending != 0;
}
#elif defined(PVG_NATIVE)
#include <pvguest/native/mask.h>
#else
#include <pvguest/paravirt/mask.h>
#endif

/* Let upcalls happen again, those first that were held back. */
static inline void pvg_unmask(void)
{
	if (__builtin_expect(pvg_unmask_and_test(), 0))
		pvg_upcalls_run();
}

/* The nesting pair: mask, and tell what to restore. */
static inline bool pvg_mask_save(void)
{
	bool was_masked = pvg_masked();

	pvg_mask();
	return was_masked;
}

static inline void pvg_mask_restore(bool was_masked)
{
	if (!was_masked)
		pvg_unmask();
}

/* For a scheduler. NULL until it sets them; called with upcalls masked.
 *
 * The exit hook is called when the handlers are done and the interrupted code
 * is about to go on. It may switch to another thread's stack and return much
 * later, on another vCPU. */
extern void (*pvg_upcall_exit_hook)(void);
/* A port without a handler that somebody unmasked to wait for it is pending,
 * and stays so: the hook masks it and wakes who waits. */
extern void (*pvg_port_unhandled_hook)(unsigned port);

#ifdef __cplusplus
}
#endif
#endif
