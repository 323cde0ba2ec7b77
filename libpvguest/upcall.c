/* SPDX-License-Identifier: MIT
 *
 * Upcalls: from "something is pending" to the handlers of ports. Read first
 * <pvabi/vcpu.h>. entry.S is where the hypervisor enters.
 */
#include <pvguest/panic.h>
#include <pvguest/spinlock.h>
#include <pvguest/upcall.h>

#include "internal.h"

void (*pvg_upcall_exit_hook)(void);
void (*pvg_port_unhandled_hook)(unsigned port);
bool pvg_timer_is_threads;

struct handler {
	pvg_port_fn *fn;
	void *arg;
};

/* The pairs are read without the lock, by seq: odd while one is written. */
static struct handler handlers[PV_PORTS];
static struct pvg_spinlock handlers_lock;
static uint32_t handlers_seq;

static struct handler handler_of(unsigned port)
{
	struct handler handler;
	uint32_t seq;

	do {
		seq = __atomic_load_n(&handlers_seq, __ATOMIC_ACQUIRE);
		handler.fn = __atomic_load_n(&handlers[port].fn,
					     __ATOMIC_RELAXED);
		handler.arg = __atomic_load_n(&handlers[port].arg,
					      __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 ||
		 seq != __atomic_load_n(&handlers_seq, __ATOMIC_RELAXED));
	return handler;
}

static void set_handler(unsigned port, pvg_port_fn *fn, void *arg)
{
	bool was_masked = pvg_spin_lock_masked(&handlers_lock);

	__atomic_store_n(&handlers_seq, handlers_seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&handlers[port].fn, fn, __ATOMIC_RELAXED);
	__atomic_store_n(&handlers[port].arg, arg, __ATOMIC_RELAXED);
	__atomic_store_n(&handlers_seq, handlers_seq + 1, __ATOMIC_RELEASE);
	pvg_spin_unlock_masked(&handlers_lock, was_masked);
}

static void handle_port(unsigned port)
{
	struct handler handler = handler_of(port);

	if (handler.fn) {
		pvg_port_clear(port);
		handler.fn(port, handler.arg);
	} else if (pvg_port_unhandled_hook) {
		pvg_port_unhandled_hook(port);
	}
}

/* Each port once, by what the masks are when its turn comes. */
static void handle_word(struct pv_vcpu *vcpu, unsigned i)
{
	uint64_t turn = UINT64_MAX, found;

	while ((found = turn &
			~__atomic_load_n(&vcpu->masked[i], __ATOMIC_RELAXED) &
			__atomic_load_n(&vcpu->pending[i], __ATOMIC_ACQUIRE))) {
		unsigned bit = (unsigned)__builtin_ctzll(found);

		turn &= ~(UINT64_C(1) << bit);
		handle_port(i * 64 + bit);
	}
}

/* Upcalls are masked, so this goes on on one vCPU, up to the hook. */
void pvg_upcalls_deliver(void)
{
	struct pv_vcpu *vcpu = pvg_vcpu();

	pvg_percpu()->handling = true;
	while (__atomic_load_n(&vcpu->upcalls_pending, __ATOMIC_RELAXED)) {
		/* Before the ports: what comes later sets it again. */
		__atomic_exchange_n(&vcpu->upcalls_pending, 0,
				    __ATOMIC_SEQ_CST);
		for (unsigned i = 0; i < PV_PORT_WORDS; i++)
			handle_word(vcpu, i);
	}
	pvg_percpu()->handling = false;
	if (pvg_upcall_exit_hook)
		pvg_upcall_exit_hook();
}

void pvg_upcalls_run(void)
{
	do {
		pvg_mask();
		pvg_upcalls_deliver();
	} while (pvg_unmask_and_test());
}

/* An error of pvg_port_alloc's comes here as a number far too large. */
static void check_port(unsigned port)
{
	if (PVG_UNLIKELY(port >= PV_PORTS))
		pvg_panic("port %u: there are %d, from 0", port, PV_PORTS);
}

static void set_upcalls_pending(void)
{
	__atomic_store_n(&pvg_vcpu()->upcalls_pending, 1, __ATOMIC_RELAXED);
}

/* Handlers are set, and ports unmasked, before upcalls start; events count from
 * then on. Otherwise a wait would be ended by them for nothing. */
void pvg_port_unmask(unsigned port)
{
	uint64_t bit = UINT64_C(1) << port % 64;
	bool was_masked = pvg_mask_save();

	check_port(port);
	pvg_percpu()->unmasked[port / 64] |= bit;
	if (pvg_percpu()->upcalls) {
		/* Full: our mask before its bit; the hypervisor does the
		 * reverse. */
		__atomic_fetch_and(&pvg_vcpu()->masked[port / 64], ~bit,
				   __ATOMIC_SEQ_CST);
		if (pvg_port_pending(port))
			set_upcalls_pending();
	}
	pvg_mask_restore(was_masked);
}

void pvg_port_mask(unsigned port)
{
	uint64_t bit = UINT64_C(1) << port % 64;
	bool was_masked = pvg_mask_save();

	check_port(port);
	pvg_percpu()->unmasked[port / 64] &= ~bit;
	__atomic_fetch_or(&pvg_vcpu()->masked[port / 64], bit,
			  __ATOMIC_SEQ_CST);
	pvg_mask_restore(was_masked);
}

void pvg_port_handle(unsigned port, pvg_port_fn *fn, void *arg)
{
	check_port(port);
	if (port == PV_PORT_TIMER && pvg_timer_is_threads)
		pvg_panic("port %u, the timer's, is not to be had: threads run, "
			  "and the scheduler needs it (pvg_sleep_until is there "
			  "for all)", port);
	set_handler(port, fn, arg);
	if (fn)
		pvg_port_unmask(port);
	else
		pvg_port_mask(port);
}

int pvg_upcalls_start(void)
{
	int error;

	pvg_entry_prepare();
	pvg_mask();
	error = (int)pvg_op_set_upcall((void *)(uintptr_t)pvg_upcall_entry,
				       NULL);
	if (!error) {
		pvg_percpu()->upcalls = true;
		for (int i = 0; i < PV_PORT_WORDS; i++)
			__atomic_fetch_and(&pvg_vcpu()->masked[i],
					   ~pvg_percpu()->unmasked[i],
					   __ATOMIC_SEQ_CST);
		set_upcalls_pending();
	}
	pvg_unmask();
	return error;
}
