/* SPDX-License-Identifier: MIT
 *
 * Waiting for event ports. The hypervisor looks at `masked` and `pending`
 * together and only then sleeps, so what fires between our look and BLOCK makes
 * BLOCK return at once.
 */
#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/panic.h>
#include <pvguest/spinlock.h>

#include "internal.h"

/* One bit for each port; the fixed ones are taken from the start. */
static uint64_t used[PV_PORT_WORDS] = { (1u << PV_PORT_FIRST_FREE) - 1 };
static struct pvg_spinlock used_lock;

static int take_unused(void)
{
	for (int i = 0; i < PV_PORT_WORDS; i++) {
		int bit;

		if (used[i] == UINT64_MAX)
			continue;
		bit = __builtin_ctzll(~used[i]);
		used[i] |= UINT64_C(1) << bit;
		return i * 64 + bit;
	}
	return -PV_ENOMEM;
}

int pvg_port_alloc(void)
{
	bool was_masked = pvg_spin_lock_masked(&used_lock);
	int port = take_unused();

	pvg_spin_unlock_masked(&used_lock, was_masked);
	/* Left over from its former use. */
	for (unsigned vcpu = 0; port >= 0 && vcpu < pvg_vcpus(); vcpu++)
		pvg_port_clear_on(vcpu, (unsigned)port);
	return port;
}

void pvg_port_free(unsigned port)
{
	bool was_masked = pvg_spin_lock_masked(&used_lock);

	used[port / 64] &= ~(UINT64_C(1) << port % 64);
	pvg_spin_unlock_masked(&used_lock, was_masked);
}

int (*pvg_ports_wait_hook)(unsigned vcpu, const struct pvg_ports *ports,
			   uint64_t deadline_ns);
bool (*pvg_others_hook)(void);

/* These ports, and those with handlers. Upcalls are masked: a handler may change
 * the latter. */
static void unmask_only(const struct pvg_ports *ports)
{
	const struct pvg_percpu *percpu = pvg_percpu();
	uint64_t *masked = pvg_vcpu()->masked;

	for (int i = 0; i < PV_PORT_WORDS; i++) {
		uint64_t handled = percpu->upcalls ? percpu->unmasked[i] : 0;

		__atomic_store_n(&masked[i], ~(ports->word[i] | handled),
				 __ATOMIC_RELEASE);
	}
}

int pvg_ports_first(const struct pv_vcpu *page, const struct pvg_ports *ports)
{
	for (int i = 0; i < PV_PORT_WORDS; i++) {
		uint64_t found = ports->word[i];

		if (found)
			found &= __atomic_load_n(&page->pending[i],
						 __ATOMIC_SEQ_CST);
		if (found)
			return i * 64 + __builtin_ctzll(found);
	}
	return -PV_EAGAIN;
}

/* BLOCK until one of ours is pending: others with handlers end it too, when those
 * have run. It unmasks upcalls. */
static int block_for(const struct pvg_ports *ports, uint64_t deadline_ns)
{
	int port;

	do {
		int64_t answer = pvg_op_block(deadline_ns);

		pvg_mask();
		port = pvg_ports_first(pvg_vcpu(), ports);
		if (port < 0 && answer == -PV_ETIMEDOUT)
			port = -PV_ETIMEDOUT;
	} while (port == -PV_EAGAIN);
	return port;
}

static int wait_here(const struct pvg_ports *ports, uint64_t deadline_ns)
{
	static const struct pvg_ports none;
	bool was_masked = pvg_mask_save();
	int port;

	if (pvg_percpu()->handling)
		pvg_panic("a handler of an upcall waits");
	port = pvg_ports_first(pvg_vcpu(), ports);
	if (port >= 0) {
		pvg_mask_restore(was_masked);
		return port;
	}
	unmask_only(ports);
	port = block_for(ports, deadline_ns);
	unmask_only(&none);
	pvg_mask_restore(was_masked);
	return port;
}

static int poll_for(unsigned vcpu, const struct pvg_ports *ports,
		    uint64_t deadline_ns)
{
	int port;

	while ((port = pvg_ports_first(pvg_vcpu_page(vcpu), ports)) < 0) {
		if (pvg_clock_ns() >= deadline_ns)
			return -PV_ETIMEDOUT;
		pvg_op_yield();
	}
	return port;
}

int pvg_ports_wait_on(unsigned vcpu, const struct pvg_ports *ports,
		      uint64_t deadline_ns)
{
	if (pvg_ports_wait_hook)
		return pvg_ports_wait_hook(vcpu, ports, deadline_ns);
	if (vcpu == pvg_vcpu_number())
		return wait_here(ports, deadline_ns);
	return poll_for(vcpu, ports, deadline_ns);
}

int pvg_ports_wait(const struct pvg_ports *ports, uint64_t deadline_ns)
{
	return pvg_ports_wait_on(pvg_vcpu_number(), ports, deadline_ns);
}

int pvg_port_wait_on(unsigned vcpu, unsigned port, uint64_t deadline_ns)
{
	struct pvg_ports ports = { { 0 } };
	int answer;

	pvg_ports_add(&ports, port);
	answer = pvg_ports_wait_on(vcpu, &ports, deadline_ns);
	if (answer < 0)
		return answer;
	pvg_port_clear_on(vcpu, port);
	return 0;
}

int pvg_port_wait(unsigned port, uint64_t deadline_ns)
{
	return pvg_port_wait_on(pvg_vcpu_number(), port, deadline_ns);
}
