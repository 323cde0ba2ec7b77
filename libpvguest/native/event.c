/* SPDX-License-Identifier: MIT
 *
 * Ports and waiting: BLOCK, YIELD, SEND_EVENT. Ports are memory here too, and an
 * interrupt is what a hypervisor's upcall is: its source makes a port pending, and
 * handlers run before it returns (entry.c).
 *
 * STI; HLT without a lost wake-up: interrupts are taken one instruction after STI at
 * the earliest (SDM volume 2, STI). To another vCPU: an interrupt by its local APIC
 * (SDM volume 3, 11.6.1).
 */
#include <pvguest/clock.h>
#include <pvguest/upcall.h>

#include "../internal.h"
#include "vectors.h"

void pvg_native_port_raise(unsigned vcpu, unsigned port)
{
	struct pv_vcpu *page = pvg_vcpu_page(vcpu);
	uint64_t bit = UINT64_C(1) << port % 64;

	/* Full: the port before the look at its mask; who unmasks does the
	 * reverse. */
	__atomic_fetch_or(&page->pending[port / 64], bit, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&page->masked[port / 64], __ATOMIC_SEQ_CST) & bit ||
	    __atomic_exchange_n(&page->upcalls_pending, 1, __ATOMIC_SEQ_CST))
		return;
	if (vcpu != pvg_vcpu_number() &&
	    __atomic_load_n(&pvg_cpu_of(vcpu)->up, __ATOMIC_SEQ_CST))
		pvg_ipi_send(vcpu, PVG_INTERRUPT_EVENT);
}

/* Handlers run here if they are to run at all. */
void pvg_native_unmask(bool was_masked)
{
	if (!was_masked && pvg_unmask_and_test() && pvg_percpu()->upcalls)
		pvg_upcalls_run();
}

int64_t pvg_op_send_event(uint64_t vcpu, uint64_t port)
{
	bool was_masked;

	if (vcpu >= pvg_vcpus())
		return -PV_ENODEV;
	if (port < PV_PORT_FIRST_FREE || port >= PV_PORTS)
		return -PV_EINVAL;
	was_masked = pvg_mask_save();
	pvg_native_port_raise((unsigned)vcpu, (unsigned)port);
	pvg_native_unmask(was_masked);
	return 0;
}

/* An upcall is an interrupt's end: there is nothing to set. */
int64_t pvg_op_set_upcall(const volatile void *entry,
			  const volatile void *stack)
{
	if (!pvg_is_canonical((uint64_t)(uintptr_t)entry))
		return -PV_EINVAL;
	if (entry && (entry != (void *)(uintptr_t)pvg_upcall_entry || stack))
		return -PV_EOPNOTSUPP;
	pvg_percpu()->upcalls = entry;
	return 0;
}

/* Whether an unmasked port is pending. If not, the next one sends an interrupt. */
static bool look(struct pv_vcpu *page)
{
	__atomic_exchange_n(&page->upcalls_pending, 0, __ATOMIC_SEQ_CST);
	for (int i = 0; i < PV_PORT_WORDS; i++)
		if (__atomic_load_n(&page->pending[i], __ATOMIC_SEQ_CST) &
		    ~__atomic_load_n(&page->masked[i], __ATOMIC_SEQ_CST)) {
			__atomic_store_n(&page->upcalls_pending, 1,
					 __ATOMIC_SEQ_CST);
			return true;
		}
	return false;
}

/* Interrupts are off before and after; on while it waits. */
static void halt(void)
{
	pvg_run_state_set(PV_RUN_BLOCKED);
	__asm__ volatile("sti\n\t"
			 "hlt\n\t"
			 "cli"
			 :
			 :
			 : "memory");
	pvg_run_state_set(PV_RUN_RUNNING);
}

/* A handler that ran meanwhile has cleared its port, and still that one was pending. */
static int64_t wait(uint64_t deadline_ns)
{
	pvg_cpu()->woken = false;
	for (;;) {
		if (look(pvg_vcpu()) || pvg_cpu()->woken)
			return 0;
		if (deadline_ns != PV_FOREVER) {
			if (pvg_clock_ns() >= deadline_ns)
				return -PV_ETIMEDOUT;
			pvg_timer_arm(deadline_ns);
		}
		halt();
	}
}

int64_t pvg_op_block(uint64_t deadline_ns)
{
	int64_t answer;

	pvg_mask();
	answer = wait(deadline_ns);
	pvg_native_unmask(false);
	return answer;
}

/* There is nobody to yield to; but who waits for a flush may have what this one waits
 * for. */
int64_t pvg_op_yield(void)
{
	bool was_masked = pvg_mask_save();

	pvg_flush_serve(false);
	pvg_mask_restore(was_masked);
	__builtin_ia32_pause();
	return 0;
}

int64_t pvg_op_yield_to(uint64_t vcpu)
{
	return vcpu < pvg_vcpus() ? pvg_op_yield() : -PV_ENODEV;
}
