/* SPDX-License-Identifier: MIT
 *
 * Waiting for event ports. The hypervisor looks at `masked` and `pending`
 * together and only then sleeps, so what fires between our look and BLOCK makes
 * BLOCK return at once.
 */
#include <pvguest/event.h>
#include <pvguest/ops.h>

#include "internal.h"

/* One bit for each port; the fixed ones are taken from the start. */
static uint64_t used[PV_PORT_WORDS] = { (1u << PV_PORT_FIRST_FREE) - 1 };

int pvg_port_alloc(void)
{
	for (int i = 0; i < PV_PORT_WORDS; i++) {
		int bit;

		if (used[i] == UINT64_MAX)
			continue;
		bit = __builtin_ctzll(~used[i]);
		used[i] |= UINT64_C(1) << bit;
		pvg_port_clear((unsigned)(i * 64 + bit));
		return i * 64 + bit;
	}
	return -PV_ENOMEM;
}

void pvg_port_free(unsigned port)
{
	used[port / 64] &= ~(UINT64_C(1) << port % 64);
}

int (*pvg_ports_wait_hook)(unsigned vcpu, const struct pvg_ports *ports,
			   uint64_t deadline_ns);

/* These ports, and those with handlers. */
static void unmask_only(const struct pvg_ports *ports)
{
	const struct pvg_percpu *percpu = pvg_percpu();
	uint64_t *masked = pvg_vcpu()->masked;

	for (int i = 0; i < PV_PORT_WORDS; i++)
		__atomic_store_n(&masked[i],
				 ~(ports->word[i] | percpu->unmasked[i]),
				 __ATOMIC_RELEASE);
}

static int first_pending(const struct pvg_ports *ports)
{
	uint64_t *pending = pvg_vcpu()->pending;

	for (int i = 0; i < PV_PORT_WORDS; i++) {
		uint64_t found = __atomic_load_n(&pending[i],
						 __ATOMIC_ACQUIRE);

		found &= ports->word[i];
		if (found)
			return i * 64 + __builtin_ctzll(found);
	}
	return -PV_EAGAIN;
}

int pvg_ports_wait(const struct pvg_ports *ports, uint64_t deadline_ns)
{
	static const struct pvg_ports none;
	int port = first_pending(ports);

	if (port >= 0)
		return port;
	unmask_only(ports);
	/* Answering without one of our ports pending would be a slip of the
	 * hypervisor's; asking again is all it costs. */
	do {
		int64_t answer = pvg_op_block(deadline_ns);

		port = first_pending(ports);
		if (port < 0 && answer == -PV_ETIMEDOUT)
			port = -PV_ETIMEDOUT;
	} while (port == -PV_EAGAIN);
	unmask_only(&none);
	return port;
}

int pvg_port_wait(unsigned port, uint64_t deadline_ns)
{
	struct pvg_ports ports = { { 0 } };
	int answer;

	pvg_ports_add(&ports, port);
	answer = pvg_ports_wait(&ports, deadline_ns);
	if (answer < 0)
		return answer;
	pvg_port_clear(port);
	return 0;
}
