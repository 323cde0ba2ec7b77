/* SPDX-License-Identifier: MIT
 *
 * Event ports: how the hypervisor says that something may have changed. A port
 * is one bit; <pvabi/vcpu.h> has the protocol. Each vCPU has its own set: the
 * functions without a vCPU in their name look at that of the vCPU they run on.
 * Every port is masked except while somebody waits for it, or has a handler for
 * it (<pvguest/upcall.h>), so that a wait ends for its own ports only.
 *
 * To consume a source without losing a wake-up: pvg_port_clear, then take all
 * the source has, then wait.
 */
#ifndef PVGUEST_EVENT_H
#define PVGUEST_EVENT_H

#include <pvguest/vcpu.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A set of ports to wait for; {0} is the empty one. */
struct pvg_ports {
	uint64_t word[PV_PORT_WORDS];
};

static inline void pvg_ports_add(struct pvg_ports *ports, unsigned port)
{
	ports->word[port / 64] |= UINT64_C(1) << port % 64;
}

/* With the vCPU's page in place of its number. */
static inline bool pvg_port_pending_in(const struct pv_vcpu *page,
				       unsigned port)
{
	uint64_t word = __atomic_load_n(&page->pending[port / 64],
					__ATOMIC_ACQUIRE);

	return word >> port % 64 & 1;
}

static inline bool pvg_port_clear_in(struct pv_vcpu *page, unsigned port)
{
	if (!pvg_port_pending_in(page, port))
		return false;
	__atomic_fetch_and(&page->pending[port / 64],
			   ~(UINT64_C(1) << port % 64), __ATOMIC_SEQ_CST);
	return true;
}

static inline bool pvg_port_pending_on(unsigned vcpu, unsigned port)
{
	return pvg_port_pending_in(pvg_vcpu_page(vcpu), port);
}

static inline bool pvg_port_pending(unsigned port)
{
	return pvg_port_pending_in(pvg_vcpu(), port);
}

/* The lowest of the ports that is pending, or -PV_EAGAIN. No exit. */
int pvg_ports_first(const struct pv_vcpu *page, const struct pvg_ports *ports);

/* Clear a port; whether it was pending. No exit; the locked instruction is
 * spared where there is nothing to clear. */
static inline bool pvg_port_clear_on(unsigned vcpu, unsigned port)
{
	return pvg_port_clear_in(pvg_vcpu_page(vcpu), port);
}

static inline bool pvg_port_clear(unsigned port)
{
	return pvg_port_clear_in(pvg_vcpu(), port);
}

/* A port nobody uses yet, on any vCPU, to bind a source to; -PV_ENOMEM if all
 * are taken. */
int pvg_port_alloc(void);
void pvg_port_free(unsigned port);

/* Wait until one of the ports is pending or the monotonic clock reaches the
 * deadline (PV_FOREVER: without end). Answers the lowest such port, still
 * pending, or -PV_ETIMEDOUT. Cost 0 exits if one is pending already, else 1.
 *
 * Handlers of other ports run meanwhile, also if upcalls are masked at the
 * call; they are masked again at the return then. A port with a handler is the
 * handler's: waiting for it may miss it. Not for use in a handler. With the
 * scheduler running the calling thread waits, not the vCPU. */
int pvg_ports_wait(const struct pvg_ports *ports, uint64_t deadline_ns);
/* The same for one port, which is cleared. 0 or -PV_ETIMEDOUT. A thread that may
 * be moved waits, here as above, for the vCPU that it is on at the call. */
int pvg_port_wait(unsigned port, uint64_t deadline_ns);
/* The same for ports of any vCPU. Where that is another and no scheduler runs
 * they poll, YIELD by YIELD: a vCPU cannot sleep for another's event. */
int pvg_ports_wait_on(unsigned vcpu, const struct pvg_ports *ports,
		      uint64_t deadline_ns);
int pvg_port_wait_on(unsigned vcpu, unsigned port, uint64_t deadline_ns);

#ifdef __cplusplus
}
#endif
#endif
