/* SPDX-License-Identifier: MIT
 *
 * Waiting for event ports, or for time to pass, by a thread. Read first scheduler.h.
 *
 * A port that is waited for is unmasked, on its own vCPU, and has no handler: when
 * it fires, the upcall there finds nobody to handle it, and the hook masks it and
 * wakes who waits. Its pending bit stays, for the woken thread to find and clear.
 * A port left unmasked by a wait that ended otherwise fires once for nothing.
 */
#include "thread-list.h"

/* One thread's wait, on its stack. */
struct port_wait {
	unsigned vcpu;
	const struct pvg_ports *ports;
	struct pvg_waiters thread; /* itself, while it sleeps */
	struct port_wait *next;
};

static struct port_wait *waits;

static void unmask(unsigned vcpu, const struct pvg_ports *ports)
{
	uint64_t *masked = pvg_vcpu_page(vcpu)->masked;

	for (int i = 0; i < PV_PORT_WORDS; i++)
		if (ports->word[i])
			__atomic_fetch_and(&masked[i], ~ports->word[i],
					   __ATOMIC_SEQ_CST);
}

static void forget(struct port_wait *wait)
{
	struct port_wait **at = &waits;

	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
}

/* Unmask, then look: an event after the look finds its port unmasked, and this
 * thread in the list as soon as its upcall gets the lock. */
static int thread_waits(unsigned vcpu, const struct pvg_ports *ports,
			uint64_t deadline_ns)
{
	struct port_wait wait = { vcpu, ports, { NULL, NULL }, NULL };
	bool was_masked = pvg_sched_lock();
	int port, error = 0;

	wait.next = waits;
	waits = &wait;
	for (;;) {
		unmask(vcpu, ports);
		port = pvg_ports_first(pvg_vcpu_page(vcpu), ports);
		if (port >= 0 || error)
			break;
		error = pvg_sched_wait(&wait.thread, deadline_ns);
	}
	forget(&wait);
	pvg_sched_unlock(was_masked);
	return port >= 0 ? port : error;
}

/* A wait for nothing, which needs no record. */
static void thread_sleeps(uint64_t deadline_ns)
{
	bool was_masked = pvg_sched_lock();

	pvg_sched_wait(NULL, deadline_ns);
	pvg_sched_unlock(was_masked);
}

static void port_fired(unsigned port)
{
	bool was_masked = pvg_sched_lock();
	unsigned vcpu = pvg_vcpu_number();
	uint64_t bit = UINT64_C(1) << port % 64;

	__atomic_fetch_or(&pvg_vcpu()->masked[port / 64], bit,
			  __ATOMIC_SEQ_CST);
	for (struct port_wait *wait = waits; wait; wait = wait->next)
		if (wait->vcpu == vcpu && wait->ports->word[port / 64] & bit)
			pvg_sched_wake_first(&wait->thread);
	pvg_sched_unlock(was_masked);
}

static bool others_are_ready(void)
{
	return __atomic_load_n(&pvg_sched.ready.first, __ATOMIC_RELAXED);
}

void pvg_sched_ports_start(void)
{
	pvg_others_hook = others_are_ready;
	pvg_port_unhandled_hook = port_fired;
	pvg_ports_wait_hook = thread_waits;
	pvg_sleep_hook = thread_sleeps;
}
