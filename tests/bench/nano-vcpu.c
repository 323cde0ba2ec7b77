/* SPDX-License-Identifier: MIT
 *
 * Turns: of processors, which wake each other up, and of threads on one of them.
 */
#include "nano.h"

/* ---- events to another vCPU and back: both idle when theirs comes */

static unsigned port;
static volatile bool ready;
static volatile bool arrived[2];

static void on_event(unsigned number, void *arg)
{
	(void)number, (void)arg;
	arrived[pvg_vcpu_number()] = true;
}

static void take_events(void)
{
	pvg_port_handle(port, on_event, NULL);
	nano_must(pvg_upcalls_start(), "upcalls");
}

static void wait_for_event(void)
{
	volatile bool *mine = &arrived[pvg_vcpu_number()];

	pvg_mask();
	for (; !*mine; pvg_mask())
		pvg_op_block(PV_FOREVER);
	*mine = false;
	pvg_unmask();
}

static void answer(void *arg)
{
	(void)arg;
	take_events();
	ready = true;
	for (;;) {
		wait_for_event();
		pvg_event_send(0, port);
	}
}

static void prepare_event(void)
{
	int number = pvg_port_alloc();

	nano_must(number, "event port");
	port = (unsigned)number;
	take_events();
	nano_must(pvg_vcpu_up(1, answer, NULL, 0), "second vCPU");
	while (!ready)
		pvg_op_yield();
}

static void event(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++) {
		nano_must(pvg_event_send(1, port), "event");
		wait_for_event();
	}
}

/* ---- threads that yield to each other on one vCPU: a time is one switch */

static volatile uint64_t turns;

static void yield_on(void *arg)
{
	(void)arg;
	for (;;) {
		turns++;
		pvg_thread_yield();
	}
}

/* Longer than any run: a turn that ended by itself would be a switch that nobody
 * counts. */
#define SLICE_NS (UINT64_C(86400) * 1000000000)

static void prepare_context_switch(void)
{
	pvg_sched_slice(SLICE_NS);
	nano_must(pvg_sched_start(1), "scheduler");
	nano_must(pvg_thread_create(NULL, yield_on, NULL, NULL), "thread");
}

/* Each yield here is a switch there and, by the other's, one back. An odd number ends
 * with one more. */
static void context_switch(uint64_t times)
{
	uint64_t rounds = (times + 1) / 2, before = turns;

	for (uint64_t i = 0; i < rounds; i++)
		pvg_thread_yield();
	if (turns - before < rounds)
		pvg_panic("nano: the other thread had %lu turns of %lu",
			  turns - before, rounds);
}

const struct nano_row nano_vcpu_rows[] = {
	{ "event", PV_FEATURE_UPCALLS | PV_FEATURE_SMP, 2, prepare_event, event },
	{ "context-switch", PV_FEATURE_UPCALLS | PV_FEATURE_TIMER, 1,
	  prepare_context_switch, context_switch },
	{ NULL, 0, 0, NULL, NULL },
};
