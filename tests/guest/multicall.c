/* SPDX-License-Identifier: MIT
 *
 * Several operations for one exit.
 *
 * Clauses: L1, L2, O1.
 */
#include "tap.h"

static struct pv_call call[PV_CALLS_MAX + 1];

static void a_batch(void)
{
	unsigned port = (unsigned)pvg_port_alloc();
	uint64_t before = (uint64_t)pvg_op_clock(PV_CLOCK_MONOTONIC);

	call[0] = (struct pv_call){ .op = PV_OP_NOP, .status = 9 };
	call[1] = (struct pv_call){ .op = PV_OP_CLOCK,
				    .arg = { PV_CLOCK_MONOTONIC } };
	call[2] = (struct pv_call){ .op = PV_OP_SEND_EVENT,
				    .arg = { 0, port } };
	call[3] = (struct pv_call){ .op = PV_OP_SET_TIMER, .arg = { 0 },
				    .status = 9 };
	call[4] = (struct pv_call){ .op = PV_OP_YIELD_TO, .arg = { 0 },
				    .status = 9 };
	tap_equal(pvg_op_multicall(call, 5), 5, "five operations are served");
	tap_equal(call[0].status, 0, "NOP");
	tap_ok((uint64_t)call[1].status >= before, "CLOCK");
	tap_equal(call[2].status, 0, "SEND_EVENT");
	tap_ok(pvg_port_clear(port), "which has happened");
	tap_equal(call[3].status, 0, "SET_TIMER");
	tap_ok(pvg_port_clear(PV_PORT_TIMER), "which has, too");
	tap_equal(call[4].status, 0, "YIELD_TO");
}

static void failures_inside(void)
{
	memset(call, 0, sizeof(call));
	call[0].op = PV_OP_SEND_EVENT;
	call[0].arg[0] = PV_VCPUS_MAX;
	call[0].arg[1] = 100;
	call[1].op = PV_OP_EXIT;
	call[2].op = PV_OP_MULTICALL;
	call[3].op = 4000000000u;
	call[4].op = PV_OP_NOP;
	call[4].status = 9;
	tap_equal(pvg_op_multicall(call, 5), 5, "failures do not end a batch");
	tap_equal(call[0].status, -PV_ENODEV, "each has its own answer");
	tap_equal(call[1].status, -PV_EINVAL, "EXIT cannot be batched");
	tap_equal(call[2].status, -PV_EINVAL, "nor a batch");
	tap_equal(call[3].status, -PV_EINVAL, "nor what there is not");
	tap_equal(call[4].status, 0, "the last is served");
}

static struct pv_call *at(pv_gpa_t gpa)
{
	return (struct pv_call *)(uintptr_t)gpa;
}

static void wrong_batches(void)
{
	memset(call, 0, sizeof(call));
	call[0].status = 9;
	tap_equal(pvg_op_multicall(call, 0), 0, "none is fine");
	tap_equal(pvg_op_multicall(call, PV_CALLS_MAX), PV_CALLS_MAX,
		  "so is the most");
	call[0].status = 9;
	tap_equal(pvg_op_multicall(call, PV_CALLS_MAX + 1), -PV_E2BIG,
		  "one more is too many");
	tap_equal(pvg_op_multicall(at(pvg_gpa(call) + 4), 1), -PV_EINVAL,
		  "they are aligned");
	tap_equal(pvg_op_multicall(at(pvg_boot.ram_bytes - 64), 2), -PV_EFAULT,
		  "and in RAM");
	tap_equal(call[0].status, 9, "else none is served");
}

int main(void)
{
	if (!tap_granted(PV_FEATURE_UPCALLS | PV_FEATURE_TIMER |
			 PV_FEATURE_SMP))
		return tap_done();
	a_batch();
	failures_inside();
	wrong_batches();
	return tap_done();
}
