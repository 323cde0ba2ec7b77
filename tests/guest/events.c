/* SPDX-License-Identifier: MIT
 *
 * What ends BLOCK: an unmasked pending port, or the deadline, and nothing else.
 *
 * Clauses: O14, O15, O16, P5.
 */
#include "tap.h"

#define MILLISECOND UINT64_C(1000000)
#define PORT 100

/* The guest may set bits of its own page: a way to be its own event source. */
static void set(uint64_t *words, unsigned port)
{
	__atomic_fetch_or(&words[port / 64], UINT64_C(1) << port % 64,
			  __ATOMIC_SEQ_CST);
}

static void clear(uint64_t *words, unsigned port)
{
	__atomic_fetch_and(&words[port / 64], ~(UINT64_C(1) << port % 64),
			   __ATOMIC_SEQ_CST);
}

int main(void)
{
	struct pv_vcpu *vcpu = pvg_vcpu();
	uint64_t start;

	memset(vcpu->masked, 0xff, sizeof(vcpu->masked));
	tap_equal(pvg_op_block(0), -PV_ETIMEDOUT, "a past deadline only looks");

	start = pvg_clock_ns();
	tap_equal(pvg_op_block(start + 20 * MILLISECOND), -PV_ETIMEDOUT,
		  "without an event the deadline ends it");
	tap_ok(pvg_clock_ns() - start >= 20 * MILLISECOND, "not before its time");

	set(vcpu->pending, PORT);
	tap_equal(pvg_op_block(pvg_clock_ns() + 20 * MILLISECOND),
		  -PV_ETIMEDOUT, "a masked port does not end it");
	clear(vcpu->masked, PORT);
	tap_equal(pvg_op_block(PV_FOREVER), 0, "an unmasked pending port does");
	tap_ok(pvg_port_pending(PORT), "which stays pending");
	tap_equal(pvg_op_block(0), 0, "also when only looking");
	clear(vcpu->pending, PORT);
	tap_equal(pvg_op_block(0), -PV_ETIMEDOUT, "until it is cleared");

	pvg_mask();
	pvg_op_block(0);
	tap_ok(!pvg_masked(), "BLOCK unmasks upcalls");
	return tap_done();
}
