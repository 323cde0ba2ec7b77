/* SPDX-License-Identifier: MIT
 *
 * On a host with one CPU for two vCPUs: does who is woken from BLOCK by an event find
 * itself in the handler, or does it turn round and round until the sender has its next
 * turn? Woken, it takes the sender's CPU away at once.
 *
 * Clauses: U1, U3.
 */
#include "tap.h"

#define EVENTS 200

static unsigned port;
static volatile bool ready;
static volatile unsigned handled[2], early;

static void on_event(unsigned event_port, void *arg)
{
	(void)event_port;
	(void)arg;
	handled[pvg_vcpu_number()]++;
}

static void begin(void)
{
	pvg_upcalls_start();
	pvg_port_handle(port, on_event, NULL);
}

static void wait_for_event(unsigned number)
{
	volatile unsigned *mine = &handled[pvg_vcpu_number()];

	pvg_mask();
	while (*mine < number) {
		if (pvg_op_block(PV_FOREVER) == 0 && *mine < number)
			early++;
		pvg_mask();
	}
	pvg_unmask();
}

static void answer(void *arg)
{
	(void)arg;
	begin();
	ready = true;
	for (unsigned i = 1; i <= EVENTS; i++) {
		wait_for_event(i);
		pvg_event_send(0, port);
	}
}

int main(void)
{
	port = (unsigned)pvg_port_alloc();
	begin();
	tap_equal(pvg_vcpu_up(1, answer, NULL, 0), 0, "a second vCPU is up");
	while (!ready)
		pvg_op_yield();
	for (unsigned i = 1; i <= EVENTS; i++) {
		pvg_event_send(1, port);
		wait_for_event(i);
	}
	pvg_printf("# BLOCK answered %u times before the handler ran\n", early);
	tap_ok(early < EVENTS / 2, "an event that wakes from BLOCK enters its "
				   "handler");
	return tap_done();
}
